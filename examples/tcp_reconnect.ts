// A TCP client that holds a connection, and connects again when it is lost,
// after a pause that doubles with each failure.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { StartStop } from "../mod.ts";

let port = 0;

/** Resolves when the server has hung up. */
async function converse(signal: AbortSignal): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  // Every end of a socket closes it, also an error, which `once` throws.
  const hangUp = () => socket.destroy();
  signal.addEventListener("abort", hangUp);
  try {
    await once(socket, "connect", { signal });
    console.log("connected");
    socket.resume();
    await once(socket, "close", { signal });
  } finally {
    signal.removeEventListener("abort", hangUp);
    hangUp();
  }
}

const client = new StartStop(
  async (signal) => {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await converse(signal);
        failures = 0;
        console.log("connection lost");
      } catch (error) {
        if (signal.aborted) throw error; // An abort is no failure: it ends clean.
        failures++;
      }
      const pause = Math.min(20 * 2 ** failures, 1_000);
      if (failures) console.log(`attempt failed, pause of ${pause} ms`);
      await delay(pause, undefined, { signal });
    }
  },
  undefined,
  { name: "client" },
);

/** A server that can be killed with all its connections. */
async function serve(onPort = 0) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
  });
  await once(server.listen(onPort, "127.0.0.1"), "listening");
  port = (server.address() as AddressInfo).port;
  return {
    connected: () => sockets.size > 0 || once(server, "connection"),
    async die() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const first = await serve();
await client.start();
await first.connected();
await delay(50);
await first.die();
await delay(120);
const second = await serve(port);
await second.connected();
await delay(50);
await client.stop();
await second.die();
console.log(`${client.state}, ${client.errorsTotal()} errors`);

// Prints:
//
// connected
// connection lost
// attempt failed, pause of 40 ms
// ...
// connected
// stopped, 0 errors
