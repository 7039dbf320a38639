// Waits for a server to come up, for at most five seconds.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createServer as createHttpServer } from "node:http";
import { runTick } from "../mod.ts";

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}

const port = await freePort();
const server = createHttpServer((_request, response) => response.end("ok"));
setTimeout(() => server.listen(port, "127.0.0.1"), 250);

async function isUp(): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}`);
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

const up = await runTick(isUp, {
  interval: 100,
  timeout: 5_000,
  run: () => console.log("not yet"),
});
console.log(up ? "up" : "gave up");
server.closeAllConnections();
server.close();

// Prints:
//
// not yet
// ...
// up
