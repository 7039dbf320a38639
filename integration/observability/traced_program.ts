// A program whose runners are traced, by one of several tracers.
//
//   traced_program.ts 2|3|deno RECEIVER

import process from "node:process";
import { StartStop, Ticker, untilAborted } from "../../mod.ts";
import {
  meter,
  type MeterLike,
  Metrics,
} from "../../observability/metrics/mod.ts";
import {
  instrument,
  traced,
  type TracerLike,
} from "../../observability/tracing/mod.ts";
import { WorkerRunner } from "../../worker/mod.ts";

const [kind, url] = process.argv.slice(2);

interface Own {
  readonly telemetry: {
    readonly tracerProvider: { getTracer(name: string): TracerLike };
  };
}

async function setUp(): Promise<
  { tracer: TracerLike; flush(): Promise<void> }
> {
  if (kind !== "deno") {
    return await (await import(`./sdk${kind}/setup.mjs`)).setUp(url);
  }
  const { Deno } = globalThis as never as { Deno: Own };
  const { tracerProvider } = Deno.telemetry;
  const tracer = tracerProvider.getTracer("runners");
  return { tracer, flush: () => Promise.resolve() };
}

const { tracer, flush } = await setUp();

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

const before = traced(tracer, "before the await", () => {});
const after = traced(tracer, "after the await", async () => await pause(1));
let ticks = 0;
const job = (name: string) =>
  new Ticker(1_000, async () => {
    ticks++;
    before();
    await pause(20);
    await after();
    if (name === "a" && ticks > 3) throw new Error("disk full");
  }, { name, printErrors: false });
const [a, b] = [job("a"), job("b")];
const often = new Ticker(50, () => before(), { name: "often" });
let starts = 0;
const db = new StartStop((signal, control) => {
  if (starts++ === 0) throw new Error("refused");
  control.ready();
  return untilAborted(signal);
}, { name: "db", awaitReady: true, printErrors: false });
for (const each of [a, b, often, db]) instrument(each, { tracer });

// Each in a request of its own, which has a span and ends.
const request = (name: string, work: () => Promise<unknown>) =>
  traced(tracer, name, work)();
await request("request 1", () => a.start());
await request("request 2", () => b.start());
await request("request 3", () => often.start());
await db.start().catch(() => {});
await db.start();
await pause(3_300);
for (const each of [a, b, often, db]) await each.stop();
if (kind !== "deno") {
  process.env["TRACED_WORKER"] = `${kind} ${url}`;
  const { carry } = await import(`./sdk${kind}/setup.mjs`);
  const worker = new WorkerRunner<{ work(): void; flush(): void }>(
    new URL("./traced_worker.ts", import.meta.url),
    { isolation: "process", carry },
  );
  await worker.start();
  await request("request 4", async () => {
    await pause(1);
    await worker.call("work");
  });
  await worker.call("work");
  await worker.call("flush");
  await worker.stop();
}
await flush();

if (kind !== "deno") {
  const { meter: otelMeter, collect } = (await import(`./sdk${kind}/setup.mjs`))
    .meterOf() as { meter: MeterLike; collect(): Promise<unknown> };
  const metrics = new Metrics();
  const counted = new Ticker(60_000, () => {}, { name: "counted" });
  metrics.watch(counted);
  meter(metrics, otelMeter);
  await counted.tick();
  await counted.tick();
  console.log(`metrics ${JSON.stringify(await collect())}`);
}
console.log(`ticks ${ticks} ${a.ticks.total + b.ticks.total}`);
