/**
 * HTTP servers that lose no request when they are stopped: {@linkcode httpServer}
 * makes a runner of a handler for `fetch`, of a server of Node's kind, or of an
 * application of Fastify or NestJS.
 *
 * @example A server that runs until the program is asked to stop
 * ```ts
 * import { httpServer } from "@golib/runner/http";
 * import { main } from "@golib/runner/shutdown";
 * import { assertEquals } from "@std/assert";
 *
 * const server = httpServer({
 *   fetch: () => new Response("hello"),
 *   hostname: "127.0.0.1",
 *   linger: 0,
 * });
 * setTimeout(() => server.stop(), 20); // Or Ctrl-C, or SIGTERM.
 *
 * assertEquals(await main(server, { watchdog: Infinity }), 0);
 * ```
 *
 * @module
 */

export type * from "../runner.ts";
export type { Lifecycle } from "../_internal/lifecycle.ts";
export type { StartStop } from "../start_stop/start_stop.ts";
export type { NodeServer, TlsOptions } from "./types.ts";
export {
  type FetchHandler,
  type HttpApp,
  type HttpInfo,
  type HttpServer,
  httpServer,
  type HttpServerOptions,
  type ServerInfo,
} from "./http_server.ts";
