// One file of Hono for Node, Deno and Bun: a service that is not ready at first, tells
// its event streams when it leaves, and ends in order.
//
//   npm run services -- start hono_everywhere
//   npm run services -- start hono_everywhere deno
//   npm run services -- start hono_everywhere bun

import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import process from "node:process";
import { Ticker } from "@golib/runner";
import { type HttpInfo, httpServer } from "@golib/runner/http";
import { main } from "@golib/runner/shutdown";
import { type Child, Supervisor } from "@golib/runner/supervisor";

const { PORT = "0" } = process.env;
let isLeaving = false;
let temperature: number | undefined;

/** Measures four times a second; the service is ready once that has worked. */
const sensor = new Ticker(250, () => {
  temperature = 20 + Math.sin(performance.now() / 10_000);
}, { name: "sensor" });

const app = new Hono<{ Bindings: HttpInfo }>();
app.get("/ready", (c) => {
  const ready = !isLeaving && temperature !== undefined;
  return c.json({ ready }, ready ? 200 : 503);
});
app.get("/slow", async (c) => {
  const ms = Number(c.req.query("ms") ?? 1_000);
  await new Promise((resolve) => setTimeout(resolve, ms));
  return c.json({ ms });
});
app.get("/temperature", (c) => c.json({ temperature }));
app.get("/temperatures", (c) =>
  streamSSE(c, async (stream) => {
    const { draining } = c.env;
    while (!draining.aborted && !stream.aborted) {
      await stream.writeSSE({ data: String(temperature) });
      await stream.sleep(100);
    }
  }));

const server = httpServer({
  name: "http",
  fetch: app.fetch,
  hostname: "127.0.0.1",
  port: Number(PORT),
});

const program: Child[] = [{ runner: server }, { runner: sensor }];
await main(new Supervisor(program, { name: "weather", stopTimeout: 15_000 }), {
  onReady: () => console.log(`listening on ${server.url}`),
  notReady: () => isLeaving = true,
  drainDelay: 300,
});
