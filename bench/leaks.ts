// Does anything stay? One kind of item is done many times, and what is in use after
// the garbage collector is compared at three sizes. `npm run test:leaks` runs each
// kind in a process of its own, on each engine:
//
//   npm run test:leaks              a million starts and stops, and the like
//   npm run test:leaks -- --smoke   a twentieth of it
//
// It fails where an item costs more than 16 bytes, by the slope through the three,
// where a listener stays on the caller's signal, where a timer is pending, or where
// the process does not exit by itself.

import process from "node:process";
import { StartStop, Ticker, untilAborted } from "../mod.ts";
import { CountingController } from "../tests/_helpers.ts";

const LIMIT = 16;

/** What the engine has, once everything that can be collected has been. */
interface InUse {
  readonly bytes: number;
  readonly timers: number;
}
type Measure = () => Promise<InUse>;

/** Timers that wait, or that something still holds. */
async function findTimers(): Promise<() => number> {
  const { Bun, Deno } = globalThis as { Bun?: unknown; Deno?: unknown };
  if (Bun) {
    const name = "bun:jsc";
    const { heapStats } = await import(name);
    return () => heapStats().objectTypeCounts.Timeout ?? 0;
  }
  const { queryObjects } = await import("node:v8");
  if (!Deno && queryObjects) {
    // All there are, also those that do not keep the process.
    const timer: object = setTimeout(() => {}, 0);
    return () => queryObjects(timer.constructor as never, { format: "count" });
  }
  return () =>
    process.getActiveResourcesInfo()
      .filter((name) => name === "Timeout").length;
}

async function findMeasure(): Promise<Measure> {
  const { Bun } = globalThis as { Bun?: { gc(sync: boolean): void } };
  let collect: () => void;
  let bytes = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  if (Bun) {
    const name = "bun:jsc";
    const { heapStats } = await import(name);
    collect = () => Bun.gc(true);
    bytes = () => {
      const { heapSize, extraMemorySize } = heapStats();
      return heapSize + extraMemorySize;
    };
  } else {
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc");
  }
  const timers = await findTimers();
  return async () => {
    for (let round = 0; round < 4; round++) {
      // Finalizers, and what the engine keeps until the next turn.
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
    }
    return { bytes: bytes(), timers: timers() };
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

const races = new CountingController();
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
      await failing.start({ signal });
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
    listeners: () => life.count,
  },
  {
    name: "observers that joined and left",
    items: 1_000_000,
    async do(items) {
      await watched.start({ signal });
      let told = 0;
      for (let item = 0; item < items; item++) {
        const leave = watched.observe(() => void told++);
        if (item % 10 === 0) await watched.tick();
        leave();
      }
      if (told !== items / 10) throw new Error(`${told} events were told`);
      await watched.stop();
    },
    listeners: () => life.count,
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
  {
    name: "work raced with one signal in a loop",
    items: 600_000,
    async do(items) {
      for (let item = 0; item < items; item++) {
        await untilAborted(races.signal, Promise.resolve(item));
      }
    },
    listeners: () => races.count,
  },
];

/** The slope of the line through three points, each so many items after the last. */
function slope([first, , third]: readonly number[], items: number): number {
  return (third! - first!) / (2 * items);
}

const isSmoke = process.argv.includes("--smoke");
const which = Number(process.argv.find((value) => /^\d+$/.test(value)));
const leak = leaks[which];
if (!leak) {
  console.log(JSON.stringify(leaks.map(({ name }) => name)));
  process.exit();
}

const items = isSmoke ? leak.items / 20 : leak.items;
// Of few items the noise is more than what they would keep.
const noise = isSmoke ? 256 * 1024 : 0;
const measure = await findMeasure();
const share = items / 4;
const { timers: before } = await measure();
const found: InUse[] = [];
// Compilers and caches fill up in the first round.
await leak.do(share);
for (let size = 1; size <= 3; size++) {
  await leak.do(share);
  found.push(await measure());
}
const each = slope(found.map(({ bytes }) => bytes), share);
const timers = Math.max(...found.map(({ timers }) => timers)) - before;
const listeners = leak.listeners?.() ?? 0;
const isWell = each * items <= LIMIT * items + noise && listeners === 0 &&
  timers <= 0;
const row = [
  isWell ? "ok" : "LEAKS",
  leak.name,
  `${items.toLocaleString("en")} items`,
  `${each.toFixed(2)} bytes each`,
  `${listeners} listeners`,
  `${Math.max(0, timers)} timers`,
];
console.log(`  ${row.join(", ")}`);
process.exitCode = isWell ? 0 : 1;
