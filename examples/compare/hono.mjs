// Hono on Node as a service. On Deno and Bun `app.fetch` goes to their own servers.
// It is quoted in the README.

import { strictEqual } from "node:assert";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { StartStop, untilAborted } from "../../mod.ts";

const app = new Hono();
let arrived;
const arrival = new Promise((resolve) => arrived = resolve);
app.get("/", async (context) => {
  arrived();
  await delay(100);
  return context.text("hello");
});

let url = "";
const http = new StartStop(
  async (signal, { ready, force }) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    url = `http://127.0.0.1:${server.address().port}`;
    ready();
    await untilAborted(signal);
    void untilAborted(force).then(() => server.closeAllConnections());
    server.close();
    await once(server, "close");
  },
  undefined,
  { name: "http", awaitReady: true, stopTimeout: 10_000 },
);

await http.start();
const answer = fetch(url, { headers: { connection: "close" } })
  .then((each) => each.text());
await arrival;
await http.stop();
console.log(`${await answer}, ${http.state}, ${http.errorsTotal()} errors`);
strictEqual(await answer, "hello");
strictEqual(http.errorsTotal(), 0);
