// 2,000 WebSocket connections, with a heartbeat each: a client that does not
// answer is dropped. One timer of the engine drives all the heartbeats.

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket, WebSocketServer } from "ws";
import { Ticker } from "../mod.ts";

const CLIENTS = 2_000;
const SILENT = 10;

const heartbeats = new Set<Ticker>();
let accepted = 0;
let pings = 0;
let dropped = 0;

const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
server.on("connection", (socket) => {
  accepted++;
  let alive = true;
  socket.on("pong", () => alive = true);
  const heartbeat = new Ticker(1_500, () => {
    if (!alive) {
      dropped++;
      socket.terminate();
      return;
    }
    alive = false;
    pings++;
    socket.ping();
  }, { name: "heartbeat" });
  heartbeats.add(heartbeat);
  socket.on("close", () => {
    heartbeats.delete(heartbeat);
    void heartbeat.stop();
  });
  void heartbeat.start();
});
await once(server, "listening");

const { port } = server.address() as AddressInfo;
const clients: WebSocket[] = [];
for (let count = 0; count < CLIENTS; count++) {
  clients.push(
    new WebSocket(`ws://127.0.0.1:${port}`, { autoPong: count >= SILENT }),
  );
  // Opened in groups, for the queue of a listening port is short.
  if (clients.length % 100 === 0) {
    await Promise.all(
      clients.slice(-100).map((each) => once(each, "open")),
    );
  }
}
while (accepted < CLIENTS) await delay(10);
console.log(`${accepted} connections`);

while (pings < 2 * CLIENTS) await delay(50);
console.log(`${dropped} silent clients dropped`);

for (const client of clients) client.terminate();
while (heartbeats.size > 0) await delay(10);
server.close();
console.log(`${heartbeats.size} heartbeats left`);

// Prints:
//
// 2000 connections
// 10 silent clients dropped
// 0 heartbeats left
