// How long a stop takes where nothing is in flight: without a connection, and with
// ten that are idle. On each engine:
//
//   node _tools/run.mjs each integration/stops/times.mjs

import { createServer } from "node:http";
import { connect } from "node:net";
import { once } from "node:events";
import { httpServer } from "../../http/mod.ts";

const linger = 200;
const times = 15;
const { Bun, Deno } = globalThis;
const forms = {
  server: { server: () => createServer((_, response) => response.end("ok")) },
  ...((Bun || Deno) && { fetch: { fetch: () => new Response("ok") } }),
};

async function idle(port) {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await once(socket, "data");
  return socket;
}

const median = (all) =>
  all.toSorted?.((a, b) => a - b)[all.length >> 1] ??
    [...all].sort((a, b) => a - b)[all.length >> 1];

for (const [name, form] of Object.entries(forms)) {
  for (const count of [0, 10]) {
    const server = httpServer({ ...form, hostname: "127.0.0.1", linger });
    const taken = [];
    for (let turn = 0; turn < times; turn++) {
      await server.start();
      const port = Number(server.url.port);
      const sockets = await Promise.all(
        Array.from({ length: count }, () => idle(port)),
      );
      const began = performance.now();
      await server.stop();
      taken.push(performance.now() - began);
      for (const socket of sockets) socket.destroy();
    }
    console.log(
      `${name}, ${count} idle, linger ${count ? linger : "-"}: ` +
        `median ${median(taken).toFixed(1)} ms, most ${
          Math.max(...taken).toFixed(1)
        } ms`,
    );
  }
}
