// A server of HTTP/2 that is stopped in the middle of its work: the client learns that
// it has to go elsewhere, and each request that has reached the server is answered.
//
//   node --import tsx examples/http2_server.ts
//   bun examples/http2_server.ts

import { connect, createServer } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { httpServer } from "../http/mod.ts";

let asked = 0;
const server = httpServer({
  hostname: "127.0.0.1",
  linger: 500,
  // Browsers want TLS: `createSecureServer({ cert, key }, …)`.
  server: () =>
    createServer((_request, response) => {
      asked++;
      void delay(5).then(() => response.end("answered"));
    }),
});
await server.start();

const session = connect(server.url);
let isLeaving = false;
session.on("goaway", () => isLeaving = true);

let answered = 0;
async function ask(): Promise<void> {
  while (!isLeaving && !session.closed) {
    await new Promise<void>((resolve) => {
      const stream = session.request({ ":path": "/" });
      stream.on("response", () => answered++);
      // What it has not sent as it learns of the end, Node's client refuses itself.
      stream.on("error", () => {});
      stream.on("close", resolve);
      stream.resume();
    });
  }
}
const clients = Promise.all(Array.from({ length: 10 }, ask));

while (answered <= 10) await delay(10);
await server.stop();
await clients;
console.log(`all were answered: ${answered > 10 && answered === asked}`);
console.log(`the client was told: ${isLeaving}`);

// Prints:
//
// all were answered: true
// the client was told: true
