// Does anything stay? Each item is done many times, and what is in use after the
// garbage collector is compared at three sizes:
//
//   npm run test:leaks              a million starts and stops, and the like
//   npm run test:leaks -- --smoke   a twentieth of it
//
// It fails where an item costs more than 16 bytes, by the slope through the three,
// or where a listener stays on the caller's signal. At the end the process has to
// exit by itself.

import process from "node:process";
import { StartStop, Ticker, untilAborted } from "../mod.ts";
import { CountingController } from "../tests/_helpers.ts";
import { engine } from "./_measure.ts";

const LIMIT = 16;

/** What is in use, in bytes, once everything that can be collected has been. */
type Measure = () => Promise<number>;

async function findMeasure(): Promise<Measure> {
  const { Bun } = globalThis as { Bun?: { gc(sync: boolean): void } };
  let collect: () => void;
  let used = () => process.memoryUsage().heapUsed;
  if (Bun) {
    const name = "bun:jsc";
    const { heapStats } = await import(name);
    collect = () => Bun.gc(true);
    used = () => heapStats().heapSize;
  } else {
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc");
  }
  return async () => {
    for (let round = 0; round < 4; round++) {
      // Finalizers, and what the engine keeps until the next turn.
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
    }
    return used();
  };
}

interface Leak {
  readonly name: string;
  readonly items: number;
  /** Does so many items; what is kept between calls would be found. */
  do(items: number): unknown;
  /** How many listeners are left on the caller's signal. */
  listeners?(): number;
}

const life = new CountingController();
const { signal } = life;
const quiet = { printErrors: false };

const service = new StartStop(
  (signal) => untilAborted(signal),
  () => {},
  quiet,
);
const job = new StartStop(() => {}, undefined, quiet);
const failing = new Ticker(1, () => {
  throw new Error("it fails every time");
}, { ...quiet, maxErrors: 100 });
const watched = new Ticker(60_000, () => {}, quiet);

const leaks: Leak[] = [
  {
    name: "starts and stops on one signal",
    items: 1_000_000,
    async do(items) {
      for (let item = 0; item < items; item++) {
        await service.start({ signal });
        await service.stop();
      }
    },
    listeners: () => life.count,
  },
  {
    name: "runs that end by themselves",
    items: 1_000_000,
    async do(items) {
      for (let item = 0; item < items; item++) {
        await job.start({ signal });
        await job.finished();
      }
    },
    listeners: () => life.count,
  },
  {
    name: "tickers started and stopped",
    items: 100_000,
    async do(items) {
      for (let item = 0; item < items; item++) {
        const ticker = new Ticker(1_000, () => {}, quiet);
        await ticker.start({ signal });
        await ticker.stop();
      }
    },
    listeners: () => life.count,
  },
  {
    name: "ticks that fail, of which 100 are kept",
    items: 10_000_000,
    async do(items) {
      await failing.start();
      // By the host: a timer for each would take three hours.
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 0;
      for (let item = 0; item < items; item++) await failing.tick();
      Error.stackTraceLimit = stackTraceLimit;
      const total = failing.errorsTotal();
      if (total < items || failing.errorsList().length !== 100) {
        throw new Error(`${total} of ${items} errors were counted`);
      }
      await failing.stop();
    },
  },
  {
    name: "observers that joined and left",
    items: 1_000_000,
    async do(items) {
      await watched.start();
      for (let item = 0; item < items; item++) watched.observe(() => {})();
      await watched.stop();
    },
  },
  {
    name: "waits for one signal, given up",
    items: 1_000_000,
    async do(items) {
      await service.start();
      const other = new AbortController();
      for (let item = 0; item < items; item++) {
        void untilAborted(signal);
        void service.finished({ signal: other.signal });
        if (item % 1_000 === 0) await undefined;
      }
      await service.stop();
    },
    // The one of untilAborted, which lasts as long as the signal does.
    listeners: () => life.count - 1,
  },
];

/** The slope of the line through three points, each so many items after the last. */
function slope(used: readonly number[], items: number): number {
  return (used[2]! - used[0]!) / (2 * items);
}

const isSmoke = process.argv.includes("--smoke");
// Of few items the noise is more than what they would keep.
const noise = isSmoke ? 256 * 1024 : 0;
const measure = await findMeasure();
const rows: string[][] = [];
let failed = 0;
for (const leak of leaks) {
  const items = isSmoke ? leak.items / 20 : leak.items;
  const share = items / 4;
  const used: number[] = [];
  // Compilers and caches fill up in the first round.
  await leak.do(share);
  for (let size = 1; size <= 3; size++) {
    await leak.do(share);
    used.push(await measure());
  }
  const found = slope(used, share);
  const listeners = leak.listeners?.() ?? 0;
  const isWell = found * items <= LIMIT * items + noise && listeners === 0;
  if (!isWell) failed++;
  rows.push([
    isWell ? "ok" : "LEAKS",
    leak.name,
    `${items.toLocaleString("en")} items`,
    `${found.toFixed(2)} bytes each`,
    `${listeners} listeners`,
  ]);
}

console.log(`${engine()}:`);
for (const row of rows) console.log(`  ${row.join(", ")}`);
process.exitCode = failed > 0 ? 1 : 0;

const left =
  process.getActiveResourcesInfo?.().filter((name) => name === "Timeout") ?? [];
if (left.length > 0) {
  console.log(`  LEAKS, ${left.length} timers`);
  process.exitCode = 1;
}
const late = setTimeout(() => {
  console.log("  LEAKS, something keeps the process alive");
  process.exit(1);
}, 5_000);
// It must not be what keeps it.
(late as { unref?(): void }).unref?.();
(globalThis as { Deno?: { unrefTimer(id: unknown): void } }).Deno?.unrefTimer(
  late,
);
