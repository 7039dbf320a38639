/** Which engine's server it is, and how it begins to listen. */

import { recoveryCaller } from "../_internal/recovery.ts";
import { listenerOf } from "./_adapter.ts";
import { listenAt } from "./_address.ts";
import { listenBun } from "./_bun.ts";
import { listenDeno } from "./_deno.ts";
import type { Handler } from "./_handler.ts";
import { listenNode } from "./_node.ts";
import { isBun, isDeno, nodeServer } from "./_runtime.ts";
import type { Listening, Place } from "./_types.ts";
import type { NodeServer } from "./types.ts";

/** An application that brings a server, by its shape. */
interface App {
  readonly server?: unknown;
  getHttpServer?(): unknown;
  ready?(): unknown;
  init?(): unknown;
  close(): unknown;
}

/** What a start goes by. */
export interface OpenOptions {
  readonly app: ((info: { draining: AbortSignal }) => unknown) | undefined;
  readonly draining: AbortSignal;
  readonly fetch: Handler | undefined;
  /** The port that it had in its last run. */
  readonly lastPort: number | undefined;
  readonly name: string;
  readonly place: Place;
  readonly printsErrors: boolean;
  readonly server: ((info: { draining: AbortSignal }) => unknown) | undefined;
  /** The run's. */
  readonly signal: AbortSignal;
  readonly websocket: unknown;
}

/** A server that listens. */
export interface Opened {
  readonly listening: Listening;
  readonly protocol: "http:" | "https:";
  /** Ends what the server belongs to, once no connection is left. */
  end(): unknown;
}

/** Those that were given before: a factory has to make another each time. */
const given = new WeakSet<object>();

function checked(name: string, value: unknown): NodeServer {
  const server = value as NodeServer | undefined;
  const why = typeof server?.listen !== "function" ||
      typeof server.prependListener !== "function"
    ? "what 'server' or 'app' gave has no server of node:http"
    : given.has(server)
    ? "the same server was given before: make another at each start"
    : server.listening
    ? "the server listens already: httpServer has to do that"
    : undefined;
  if (why) throw new TypeError(`Cannot start "${name}": ${why}`);
  given.add(server!);
  return server!;
}

function protocolOf(isSecure: boolean): "http:" | "https:" {
  return isSecure ? "https:" : "http:";
}

/** Makes the server, and begins to listen. */
export async function open(options: OpenOptions): Promise<Opened> {
  const { draining, fetch, lastPort, name, place, signal } = options;
  const listen = <T>(by: () => T | Promise<T>) =>
    listenAt(name, place, lastPort, signal, by);
  if (fetch) {
    const protocol = protocolOf(!!place.tls);
    const printed = options.printsErrors ? name : undefined;
    const handling = { fetch, draining, name: printed };
    const listening = await listen(() => {
      if (isDeno()) return listenDeno(place, handling);
      if (isBun()) {
        return listenBun(place, handling, options.websocket);
      }
      const server = nodeServer(place.tls, listenerOf(handling, protocol));
      if (server) return listenNode(server, place);
      const why = "'fetch' needs Node 20.16, 22.3 or later: give 'server'";
      throw new Error(`Cannot start "${name}": ${why}`);
    });
    return { listening, protocol, end() {} };
  }

  const app = await options.app?.({ draining }) as App | undefined;
  try {
    if (options.app) {
      if (typeof app?.close !== "function") {
        throw new TypeError(
          `Cannot start "${name}": what 'app' gave has no 'close' function`,
        );
      }
      await (app.ready ? app.ready() : app.init?.());
    }
    const server = checked(
      name,
      app
        ? app.getHttpServer?.() ?? app.server
        : await options.server!({ draining }),
    );
    const listening = await listen(() => listenNode(server, place));
    return {
      listening,
      protocol: protocolOf("setSecureContext" in server),
      end: () => app?.close(),
    };
  } catch (error) {
    // Why it did not start says more than what its end threw.
    try {
      await app?.close?.();
    } catch (other) {
      if (options.printsErrors) recoveryCaller(name, other);
    }
    throw error;
  }
}
