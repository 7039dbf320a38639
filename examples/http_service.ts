// An HTTP server that stops gracefully, watched by a health check every second.
//
//   node --import tsx examples/http_service.ts [--seconds N] [--port N]
//   deno run --allow-net examples/http_service.ts
//   bun examples/http_service.ts
//
// Ctrl-C and SIGTERM end it: requests in flight are answered, idle connections
// are closed. A second one ends it at once.

import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import process from "node:process";
import { parseArgs } from "node:util";
import {
  type RunnerEvent,
  runTick,
  type StartControl,
  StartStop,
  Ticker,
  untilAborted,
} from "../mod.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "Infinity" },
    port: { type: "string", default: "0" },
  },
});

let url = "";

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? "/", url);
  switch (pathname) {
    case "/health":
      response.end(`up for ${service.uptime().toFixed()} ms\n`);
      break;
    case "/slow": {
      const ms = Number(searchParams.get("ms") ?? 1_500);
      if (searchParams.has("stream")) response.write("begun\n");
      const timer = setTimeout(() => response.end(`took ${ms} ms\n`), ms);
      response.on("close", () => clearTimeout(timer));
      break;
    }
    case "/large":
      response.end("x".repeat(Number(searchParams.get("mb") ?? 10) * 1e6));
      break;
    default:
      response.end("Hello. Try /health, /slow?ms=1500 and /large?mb=10\n");
  }
}

/** Serves until the signal aborts, then answers what is in flight. */
async function serve(
  signal: AbortSignal,
  { ready, force }: StartControl,
): Promise<void> {
  const server = createServer();
  // A server that closes waits for the connections that its clients hold open;
  // so it is told here which are idle.
  const connections = new Map<Socket, Set<ServerResponse>>();
  server.on("connection", (socket) => {
    if (signal.aborted) socket.destroy();
    connections.set(socket, new Set());
    socket.on("close", () => connections.delete(socket));
  });
  server.on("request", (request, response) => {
    const { socket } = request;
    const inFlight = connections.get(socket);
    inFlight?.add(response);
    response.on("close", () => {
      inFlight?.delete(response);
      if (signal.aborted && inFlight?.size === 0) socket.destroySoon();
    });
    answer(request, response);
  });

  await once(server.listen(Number(values.port), "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  console.log(`listening on ${url}`);
  ready();
  await untilAborted(signal);

  void untilAborted(force).then(() => {
    for (const socket of connections.keys()) socket.destroy();
  });
  for (const [socket, inFlight] of connections) {
    const last = [...inFlight].at(-1);
    if (!last) socket.destroy();
    else if (!last.headersSent) last.setHeader("connection", "close");
  }
  // Node and Bun take a connection for idle whose answer is written but not sent,
  // and cut it off as they close.
  const unsent = () =>
    [...connections.values()].flatMap((inFlight) => [...inFlight])
      .find((response) => response.writableEnded);
  for (let response = unsent(); response; response = unsent()) {
    await once(response, "close");
  }
  await once(server.close(), "close");
}

async function check(signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/health`, { signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const latency = performance.now() - startedAt;
  console.log(`health check: ${latency.toFixed(1)} ms, ${text.trim()}`);
}

function observer(event: RunnerEvent): void {
  const { name } = event.runner as StartStop | Ticker;
  switch (event.type) {
    case "state":
      console.log(`${name}: ${event.to}`);
      break;
    case "error":
      console.error(`${name}: ${event.error.message}`);
  }
}

const service = new StartStop(serve, undefined, {
  name: "http server",
  observer,
  printErrors: false,
  awaitReady: true,
  stopTimeout: 10_000,
});
const watch = new Ticker(1_000, check, {
  name: "health check",
  observer,
  printErrors: false,
  tickTimeout: 900,
});

const life = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) {
  process.on(name, () => {
    if (life.signal.aborted) process.exit(1);
    console.log(`${name}: finishing what is in flight`);
    life.abort();
  });
}
void runTick(() => false, {
  interval: 1_000,
  timeout: Number(values.seconds) * 1_000,
  signal: life.signal,
}).then(() => life.abort());

try {
  await service.start({ signal: life.signal });
  await watch.start({ signal: life.signal });
  await service.finished();
} catch {
  // It was printed by the observer.
}
life.abort();
await watch.finished();
process.exitCode = service.errorsTotal() > 0 ? 1 : 0;

// Prints:
//
// http server: starting
// listening on http://127.0.0.1:N
// http server: running
// health check: running
// health check: N ms, up for N ms
// ...
// http server: stopping
// health check: stopping
// health check: stopped
// http server: stopped
