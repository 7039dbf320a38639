import { machineOf } from "../_internal/lifecycle.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { bag, says, timeout, typed, whole } from "../_internal/validate.ts";
import type { RunnerOptions } from "../runner.ts";
import { StartStop } from "../start_stop/start_stop.ts";
import { urlOf } from "./_address.ts";
import { open, type Opened } from "./_open.ts";
import { serve } from "./_serve.ts";
import type { NodeServer, TlsOptions } from "./types.ts";

/** What a handler gets beside the request. */
export interface HttpInfo {
  /**
   * Aborts when the server has begun to leave: event streams and WebSockets are
   * to end. For those that come late it has aborted already.
   */
  readonly draining: AbortSignal;
  /** On Deno, who asks. */
  readonly remoteAddr?: unknown;
  /** On Bun, what `Bun.serve` gave: `server.upgrade(request)`, `requestIP`. */
  readonly server?: unknown;
  /** On Node, its request. */
  readonly incoming?: unknown;
  /** On Node, its answer. */
  readonly outgoing?: unknown;
}

/** Answers a request. */
export type FetchHandler = (
  request: Request,
  // deno-lint-ignore no-explicit-any
  info: any,
) => Response | Promise<Response>;

/** What a factory gets. */
export interface ServerInfo {
  /** As that of {@linkcode HttpInfo}. */
  readonly draining: AbortSignal;
}

/**
 * An application that brings its own server: one of Fastify (`ready`, `server`,
 * `close`) or of NestJS (`init`, `getHttpServer`, `close`).
 */
export interface HttpApp {
  /** Its server, as Fastify has it. */
  readonly server?: unknown;
  /** Gives its server, as NestJS does. */
  // deno-lint-ignore no-explicit-any
  getHttpServer?(): any;
  /** Loads its plugins, as Fastify does. */
  ready?(): unknown;
  /** Makes its modules, as NestJS does. */
  init?(): unknown;
  /** Ends what it has opened; called last, when no connection is left. */
  close(): unknown;
}

/** Options of {@linkcode httpServer}; one of `fetch`, `server`, `app` is needed. */
export interface HttpServerOptions extends RunnerOptions {
  /**
   * Answers each request: by `Deno.serve` on Deno, `Bun.serve` on Bun, `node:http`
   * on Node. What it throws is printed, and answered with status 500.
   */
  readonly fetch?: FetchHandler | undefined;
  /**
   * Makes a server of `node:http`, `node:https` or `node:http2`, at each start
   * another: `() => createServer(express())`. It must not listen yet.
   */
  readonly server?:
    | ((info: ServerInfo) => NodeServer | Promise<NodeServer>)
    | undefined;
  /** Makes an application of Fastify or NestJS, at each start another. */
  readonly app?:
    | ((info: ServerInfo) => HttpApp | Promise<HttpApp>)
    | undefined;
  /**
   * The port: 0 asks the system for one, at each start anew.
   *
   * @default 0
   */
  readonly port?: number | undefined;
  /**
   * The address.
   *
   * @default all addresses of the machine, as the engine has it
   */
  readonly hostname?: string | undefined;
  /** With `fetch`, key and certificate of a server that speaks TLS. */
  readonly tls?: TlsOptions | undefined;
  /** With `fetch` on Bun, the `websocket` of `Bun.serve`. */
  readonly websocket?: unknown;
  /**
   * How long it goes on accepting connections after it was asked to stop, in
   * milliseconds: as long as a load balancer needs to hear that it is not ready.
   * Answers say `connection: close` meanwhile.
   *
   * @default 0
   */
  readonly drain?: number | undefined;
  /**
   * How long a connection may be quiet before it is closed, in milliseconds,
   * counted from its last answer: it may carry one more request. At least the
   * keep-alive time of a balancer that pools connections.
   *
   * @default 500
   */
  readonly linger?: number | undefined;
  /** Called first when the server was asked to stop: readiness is to fail now. */
  readonly notReady?: (() => unknown) | undefined;
  /**
   * Called when the server begins to leave, to end what is open beside requests,
   * such as WebSockets; it is waited for.
   */
  readonly onDrain?: ((signal: AbortSignal) => unknown) | undefined;
  /**
   * How long a start may take in milliseconds. `Infinity` means no limit.
   *
   * @default 30000
   */
  readonly startTimeout?: number | undefined;
  /**
   * The grace of a stop in milliseconds, with `drain` and `linger` within it: then
   * what is left is cut off, and an error says how much that was.
   *
   * @default 10000 and `drain` and `linger`
   */
  readonly stopTimeout?: number | undefined;
}

/** A server that is started and stopped as any {@linkcode StartStop}. */
export interface HttpServer extends StartStop {
  /**
   * Where it listens, from `running` to the end of the drain: a copy. An address
   * that stands for all is shown as `localhost`.
   *
   * @throws {Error} if the server does not listen, with its state.
   */
  readonly url: URL;
}

const KNOWN = [
  "app",
  "drain",
  "fetch",
  "hostname",
  "linger",
  "maxErrors",
  "name",
  "notReady",
  "observer",
  "onDrain",
  "port",
  "printErrors",
  "server",
  "startTimeout",
  "stopTimeout",
  "tls",
  "websocket",
];

/**
 * Makes a runner of an HTTP server, which loses no request when it is stopped.
 *
 * A stop takes these steps: readiness fails (`notReady`) while it goes on serving
 * for `drain`; the connections in the queue are accepted, and the listener closes
 * alone; each connection may carry one more request within `linger` of its last
 * answer; requests in flight are answered, event streams and WebSockets are told by
 * `draining` and `onDrain`. What is left at the end of the grace is cut off, and an
 * error counts it.
 *
 * Making it starts nothing.
 *
 * @example Usage
 * ```ts
 * import { httpServer } from "@golib/runner/http";
 * import { assertEquals } from "@std/assert";
 *
 * const server = httpServer({
 *   fetch: (request) => new Response(`You asked for ${new URL(request.url).pathname}`),
 *   hostname: "127.0.0.1",
 *   linger: 0,
 * });
 *
 * await server.start();
 * const response = await fetch(new URL("/news", server.url));
 * assertEquals(await response.text(), "You asked for /news");
 * await server.stop();
 * ```
 *
 * @param options What answers, where it listens, and how it ends.
 * @returns a runner that is stopped.
 * @throws {TypeError} if an option is not of its type, or none says what answers.
 * @throws {RangeError} if a number makes no sense.
 */
export function httpServer(options: HttpServerOptions): HttpServer {
  const what = "create an HTTP server";
  const given = bag(what, options as HttpServerOptions | undefined);
  checkUnknown(what, "httpServer", options, KNOWN);
  const {
    fetch,
    server,
    app,
    port = 0,
    hostname,
    tls,
    websocket,
    drain = 0,
    linger = 500,
    notReady,
    onDrain,
    name = "http",
    stopTimeout = drain + linger + 10_000,
    ...rest
  } = given;
  const sources = { fetch, server, app };
  const named = Object.entries(sources).filter(([, value]) =>
    value !== undefined
  );
  if (named.length !== 1) {
    throw new TypeError(
      says(what, "options", "an object with one of 'fetch', 'server', 'app'", {
        length: named.length,
      }),
    );
  }
  for (
    const [key, value] of [
      ...named,
      ["notReady", notReady],
      ["onDrain", onDrain],
    ] as const
  ) {
    if (value !== undefined) typed(what, key, value, "function");
  }
  whole(what, "port", port, 0);
  typed(
    what,
    "port",
    port,
    "number",
    "a port of at most 65535",
    (it) => it <= 65_535,
  );
  for (const [key, value] of Object.entries({ tls, websocket })) {
    if (value === undefined || fetch) continue;
    const expected = `left out beside '${named[0]![0]}', which brings its own`;
    throw new TypeError(says(what, key, expected, value));
  }
  if (hostname !== undefined) typed(what, "hostname", hostname, "string");
  if (tls !== undefined) {
    typed(what, "tls", tls, "object", "an object");
    typed(what, "tls.cert", tls.cert, "string");
    typed(what, "tls.key", tls.key, "string");
  }
  timeout(what, "drain", drain);
  timeout(what, "linger", linger);

  const place = { port, hostname, tls };
  let url: URL | undefined;
  let lastPort: number | undefined;
  const runner: StartStop = new StartStop(
    (signal, control) =>
      serve(signal, control, {
        name: runner.name,
        drain,
        linger,
        notReady,
        onDrain,
        open: (draining) =>
          open({
            ...sources,
            draining,
            lastPort,
            name: runner.name,
            place,
            printsErrors: rest.printErrors !== false,
            signal,
            websocket,
          }),
        opened({ listening, protocol }: Opened) {
          url = urlOf(protocol, place, listening.port);
          lastPort = listening.port;
        },
        listens() {
          const machine = machineOf(runner);
          if (!machine.isObserved || !url) return;
          machine.enter();
          machine.emit({ type: "listening", runner, url: new URL(url) });
          machine.exit();
        },
        closed() {
          url = undefined;
        },
      }),
    {
      ...rest,
      name,
      stopTimeout,
      awaitReady: true,
    },
  );
  return Object.defineProperty(runner, "url", {
    get() {
      if (url && runner.state !== "starting") return new URL(url);
      throw new Error(
        `Cannot tell the URL of "${runner.name}": it does not listen, it is ${runner.state}`,
      );
    },
  }) as HttpServer;
}
