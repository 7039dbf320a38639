import type { StoreFetch } from "../store.ts";

/** Options of {@linkcode kubernetesStore}. */
export interface KubernetesStoreOptions {
  /** Where the API server is reached. */
  readonly endpoint: string;
  /**
   * The namespace of the Lease objects.
   *
   * @default "default"
   */
  readonly namespace?: string | undefined;
  /**
   * What the names of the objects begin with: 1 to 20 small letters.
   *
   * @default "runner"
   */
  readonly prefix?: string | undefined;
  /** The token, or a function that reads it anew, as tokens are changed. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Makes the requests: with the certificate of the cluster, say. */
  readonly fetch?: StoreFetch | undefined;
}
