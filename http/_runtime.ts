/** The one place of this module that touches what only some engines have. */

import { builtin } from "../_internal/runtime.ts";
import { pause } from "./_pause.ts";
import type { NodeServer } from "./types.ts";

/** `Deno.serve`, as far as it is used here. */
export type DenoServe = (
  options: {
    port: number;
    hostname?: string;
    signal: AbortSignal;
    onListen(): void;
    cert?: string;
    key?: string;
  },
  handler: (
    request: Request,
    info: DenoInfo,
  ) => Response | Promise<Response>,
) => {
  readonly addr: { readonly port: number };
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
};

/** What Deno tells of a request. */
export interface DenoInfo {
  readonly remoteAddr: unknown;
  readonly completed: Promise<void>;
}

/** `Bun.serve`, as far as it is used here. */
export type BunServe = (options: {
  port: number;
  hostname?: string;
  tls?: { cert: string; key: string };
  websocket?: unknown;
  fetch(request: Request): Response | Promise<Response>;
}) => BunServer;

/** What `Bun.serve` gives. */
export interface BunServer {
  readonly port: number;
  readonly pendingRequests: number;
  readonly pendingWebSockets: number;
  stop(now?: boolean): Promise<void>;
  unref(): void;
}

interface Host {
  readonly setImmediate?: (passed: () => void) => unknown;
  readonly Bun?: { readonly serve: BunServe };
  readonly Deno?: { readonly serve: DenoServe };
}

const host = globalThis as unknown as Host;

/** Whether this is Bun. */
export const isBun = (): boolean => !!host.Bun;

/** Whether this is Deno. */
export const isDeno = (): boolean => !!host.Deno;

/**
 * Waits for a turn of the event loop, in which what has come is read. On Node a timer
 * may follow another within one turn; elsewhere an immediate does not wait for any.
 */
export function turn(): Promise<void> {
  const { setImmediate } = host;
  return isBun() || isDeno() || !setImmediate
    ? pause(1)
    : new Promise((passed) => void setImmediate(passed));
}

/** Deno's server. */
export const denoServe: DenoServe = (options, handler) =>
  host.Deno!.serve(options, handler);

/** Bun's server. */
export const bunServe: BunServe = (options) => host.Bun!.serve(options);

/** A server of `node:http` or `node:https`; `undefined` where there is none. */
export function nodeServer(
  tls: { readonly cert: string; readonly key: string } | undefined,
  listener: (...values: never[]) => void,
): NodeServer | undefined {
  const module = builtin<{
    createServer(
      options: object,
      listener: (...values: never[]) => void,
    ): NodeServer;
  }>(tls ? "node:https" : "node:http");
  return module?.createServer({ ...tls }, listener);
}
