// A service that can be looked at: an HTTP server, a worker, a job that fails now
// and then, and a ticker that hangs when it is asked to, under one supervisor. What
// looks at them listens at a port of its own, which outlives them.
//
//   node --import tsx examples/observed_service.ts [--port N] [--ops N]
//   deno run --allow-net --allow-env examples/observed_service.ts
//   bun examples/observed_service.ts
//
// Open the page that it prints, then ask the service for /hang. Ctrl-C and SIGTERM
// end it; --seconds N does so by itself.

import { parseArgs } from "node:util";
import { StartStop, Ticker } from "../mod.ts";
import { httpServer } from "../http/mod.ts";
import { Health } from "../observability/health/mod.ts";
import { Metrics } from "../observability/metrics/mod.ts";
import { statusPage } from "../observability/status/mod.ts";
import { every } from "../schedule/mod.ts";
import { main } from "../shutdown/mod.ts";
import { Supervisor } from "../supervisor/mod.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "Infinity" },
    port: { type: "string", default: "8080" },
    ops: { type: "string", default: "9464" },
    drain: { type: "string", default: "0" },
  },
});

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

let isHanging = false;
const queue: string[] = [];

const web = httpServer({
  name: "web",
  hostname: "127.0.0.1",
  port: Number(values.port),
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/hang") isHanging = true;
    if (pathname === "/order") queue.push("order");
    return new Response(`${pathname}\nTry /order and /hang\n`);
  },
});

const worker = new StartStop(async (signal, control) => {
  while (!signal.aborted) {
    queue.shift();
    control.beat();
    await pause(200, signal);
  }
}, { name: "worker", staleAfter: 10_000 });

let reports = 0;
const report = new Ticker(every(500), () => {
  if (++reports % 4 === 0) {
    throw new Error("the archive at https://me:secret@archive/ is full");
  }
}, { name: "report", printErrors: false });

const mirror = new Ticker(1_000, async (signal) => {
  await pause(isHanging ? 3_600_000 : 20, signal);
}, { name: "mirror" });

const app = new Supervisor(
  [{ runner: web }, { runner: worker }, { runner: report }, { runner: mirror }],
  { name: "app" },
);

const metrics = new Metrics();
metrics.watch(app);
const health = new Health(app, {
  stall: { min: 5_000 },
  checks: {
    queue: () =>
      queue.length < 100 || { status: "warn", output: `${queue.length} wait` },
  },
});
const closing = new AbortController();
const page = statusPage(app, {
  metrics,
  health,
  signal: closing.signal,
  // The port is one that only operators reach.
  authorize: () => true,
});
const ops = httpServer({
  name: "ops",
  hostname: "127.0.0.1",
  port: Number(values.ops),
  linger: 0,
  onDrain: () => closing.abort(),
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/metrics") return metrics.handler(request);
    if (pathname.endsWith("z")) return health.handler(request);
    return page(request);
  },
});

const end = new AbortController();
if (Number(values.seconds) < Infinity) {
  setTimeout(() => end.abort(), Number(values.seconds) * 1_000);
}
// Started in this order, and stopped in reverse: who looks sees it to its end.
await main([ops, app], {
  signal: end.signal,
  onReady() {
    console.log(`service  ${web.url}`);
    console.log(`status   ${ops.url}`);
    console.log(`metrics  ${ops.url}metrics`);
    console.log(`probes   ${ops.url}livez readyz startupz healthz`);
  },
  notReady: () => health.drain(),
  drainDelay: Number(values.drain) * 1_000,
});
const { ticks, failed } = metrics.read("app/report")!;
console.log(`report: ${failed} of ${ticks} ticks failed`);

// Prints:
//
// service  http://N:N/
// status   http://N:N/
// metrics  http://N:N/metrics
// probes   http://N:N/livez readyz startupz healthz
// report: N of N ticks failed
