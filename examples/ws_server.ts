// A server of WebSockets, with a heartbeat for each: a client that does not answer is
// dropped, and all are told as the server drains.
//
//   node --import tsx examples/ws_server.ts [--port N]
//   deno run --allow-all examples/ws_server.ts
//   bun examples/ws_server.ts
//
// With --port it serves until Ctrl-C or SIGTERM. Without, it is its own client.

import { createServer } from "node:http";
import process from "node:process";
import { parseArgs } from "node:util";
import { WebSocket, WebSocketServer } from "ws";
import { Ticker } from "../mod.ts";
import { httpServer } from "../http/mod.ts";
import { main } from "../shutdown/mod.ts";

const { values } = parseArgs({ options: { port: { type: "string" } } });
const isDemonstration = values.port === undefined;

/** Asks a client every so often whether it is there. */
function watch(socket: WebSocket, interval: number): void {
  let isAlive = true;
  socket.on("pong", () => isAlive = true);
  const heartbeat = new Ticker(interval, () => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, { name: "heartbeat" });
  socket.on("close", () => void heartbeat.stop());
  void heartbeat.start();
}

let left = () => {};
const hasLeft = new Promise<void>((resolve) => left = resolve);

const server = httpServer({
  name: "sockets",
  hostname: "127.0.0.1",
  port: Number(values.port ?? 0),
  linger: 100,
  server({ draining }) {
    const http = createServer((_request, response) => {
      const isReady = server.isRunning();
      response.statusCode = isReady ? 200 : 503;
      response.end(isReady ? "ready\n" : "not ready\n");
    });
    const sockets = new WebSocketServer({ server: http });
    sockets.on("connection", (socket) => {
      watch(socket, isDemonstration ? 500 : 15_000);
      socket.on("message", (text) => socket.send(`you said ${text}`));
      const close = () => socket.close(1001, "the server is leaving");
      if (draining.aborted) close();
      else draining.addEventListener("abort", close, { once: true });
    });
    return http;
  },
  observer(event) {
    if (event.type !== "listening") return;
    console.log(`listening on ${event.url}`);
    if (isDemonstration) demonstrate(event.url);
  },
});

/** A client that stays until it is told, and one that is dead after a moment. */
function demonstrate({ host }: URL): void {
  const client = new WebSocket(`ws://${host}`);
  client.on("open", () => client.send("hello"));
  client.on("message", (text) => {
    console.log(String(text));
    const silent = new WebSocket(`ws://${host}`, { autoPong: false });
    silent.on("close", (code) => {
      console.log(`the silent client was dropped with ${code}`);
      void server.stop();
    });
  });
  client.on("close", (code, reason) => {
    console.log(`the other one was told: ${code}, ${reason}`);
    left();
  });
}

await main(server);
if (isDemonstration) await hasLeft;
console.log(`ended with ${process.exitCode}`);

// Prints:
//
// listening on http://127.0.0.1:N/
// you said hello
// the silent client was dropped with N
// the other one was told: N, the server is leaving
// ended with 0
