import type { StoreFetch } from "../store.ts";

/** Options of {@linkcode etcdStore}. */
export interface EtcdStoreOptions {
  /** Where the members of the cluster are reached, such as "http://host:2379". */
  readonly endpoints: string | readonly string[];
  /**
   * What all keys begin with.
   *
   * @default "runner/"
   */
  readonly prefix?: string | undefined;
  /** Who one is, or a token; where etcd asks for that. */
  readonly auth?:
    | { readonly username: string; readonly password: string }
    | { readonly token: string }
    | undefined;
  /** Makes the requests: with a certificate of one's own, say. */
  readonly fetch?: StoreFetch | undefined;
}
