/** What a user gives a server. */

/**
 * A server of `node:http`, `node:https` or `node:http2`, or one that is built on
 * them. It is known by its shape.
 */
export interface NodeServer {
  /** Whether it listens; it must not, as it is given. */
  readonly listening: boolean;
  /** Where it listens. */
  address(): unknown;
  /** Stops listening. */
  // deno-lint-ignore no-explicit-any
  close(closed?: any): unknown;
  /** How many listen to an event. */
  listenerCount(event: string): number;
  /** Begins to listen. */
  // deno-lint-ignore no-explicit-any
  listen(...values: any[]): unknown;
  /** Leaves an event. */
  // deno-lint-ignore no-explicit-any
  off(event: any, listener: (...values: any[]) => void): unknown;
  /** Listens to an event. */
  // deno-lint-ignore no-explicit-any
  on(event: any, listener: (...values: any[]) => void): unknown;
  /** Listens to an event before all others. */
  // deno-lint-ignore no-explicit-any
  prependListener(event: any, listener: (...values: any[]) => void): unknown;
}

/** The key and the certificate of a server that speaks TLS, as PEM. */
export interface TlsOptions {
  /** The certificate, and those it was signed by. */
  readonly cert: string;
  /** The private key. */
  readonly key: string;
}
