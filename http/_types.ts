/** What this module needs of the engines' servers, by shape. */

import type { TlsOptions } from "./types.ts";

/** Emits events, as everything on Node does. */
export interface Emitter {
  on(event: string, listener: (...values: never[]) => void): unknown;
  off(event: string, listener: (...values: never[]) => void): unknown;
}

/** A connection. */
export interface Socket extends Emitter {
  readonly bytesRead: number;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  destroy(): unknown;
  destroySoon?(): void;
  end(): unknown;
  write(data: Uint8Array): unknown;
}

/** A request on Node's servers. */
export interface Incoming extends Emitter, AsyncIterable<Uint8Array> {
  readonly complete: boolean;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly httpVersionMajor: number;
  readonly method?: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly socket: Socket;
  readonly url?: string | undefined;
  pause(): unknown;
  resume(): unknown;
}

/** An answer on Node's servers. */
export interface Outgoing extends Emitter {
  readonly destroyed: boolean;
  readonly headersSent: boolean;
  readonly writableFinished: boolean;
  statusCode: number;
  statusMessage: string;
  destroy(): unknown;
  end(data?: Uint8Array): unknown;
  flushHeaders(): void;
  removeHeader(name: string): void;
  setHeader(name: string, value: string | string[]): unknown;
  write(data: Uint8Array): boolean;
}

/** A session of HTTP/2. */
export interface Session extends Emitter {
  readonly destroyed: boolean;
  readonly socket: Socket;
  close(): void;
  destroy(): void;
  goaway(code: number, lastStreamID: number): void;
  ping(answered: () => void): boolean;
}

/** What was cut off at the end of the grace. */
export interface Left {
  requests: number;
  upgraded: number;
  idle: number;
}

/** A server that listens, whatever the engine. */
export interface Listening {
  readonly port: number;
  /** Rejects when the server stops without having been asked to. */
  readonly broken: Promise<never>;
  /** From now on answers carry `connection: close`. */
  announce(): void;
  /** Accepts what is in line and stops listening, where that can be done alone. */
  shut(): Promise<void>;
  /**
   * Stops listening, and resolves when the last connection has ended.
   *
   * @param linger How long a connection may stay quiet, in milliseconds.
   * @param drained What upgraded sockets are given time by.
   */
  leave(linger: number, drained: Promise<void>): Promise<void>;
  /** Ends all connections at once, and says what they were. */
  cut(): Left;
}

/** Where to listen. */
export interface Place {
  readonly port: number;
  readonly hostname: string | undefined;
  readonly tls: TlsOptions | undefined;
}
