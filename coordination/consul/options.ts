import type { StoreFetch } from "../store.ts";

/** Options of {@linkcode consulStore}. */
export interface ConsulStoreOptions {
  /** Where the agents are reached, such as "http://127.0.0.1:8500". */
  readonly endpoints: string | readonly string[];
  /**
   * What all keys begin with.
   *
   * @default "runner/"
   */
  readonly prefix?: string | undefined;
  /** A token, where Consul asks for one. */
  readonly token?: string | undefined;
  /**
   * How long Consul keeps a key of a session that has died from others, in ms.
   *
   * @default 1000
   */
  readonly lockDelay?: number | undefined;
  /** Makes the requests: with a certificate of one's own, say. */
  readonly fetch?: StoreFetch | undefined;
}
