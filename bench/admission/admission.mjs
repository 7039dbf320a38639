// What one admission costs, and what waiting costs: beside p-queue, bottleneck,
// async-sema, Effect's semaphore and a plain binary heap, in one process.
//
// `node main.mjs` bundles the library and runs this on each engine.

import PQueue from "p-queue";
import Bottleneck from "bottleneck";
import { Sema } from "async-sema";
import { Effect, Semaphore } from "effect";
import process from "node:process";
import { pathToFileURL } from "node:url";

const { Gate } = await import(pathToFileURL(process.argv[2]).href);
const isSmoke = process.argv.includes("--smoke");
const rounds = isSmoke ? 1 : 9;
const calls = isSmoke ? 1_000 : 40_000;
const waiters = isSmoke ? 1_000 : 100_000;

const median = (list) =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const work = async () => {};

/** Nanoseconds a call, each contender in turn, so that all share the weather. */
async function cost(contenders) {
  const found = Object.fromEntries(
    Object.keys(contenders).map((name) => [name, []]),
  );
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { call, count = calls }] of Object.entries(contenders)) {
      const began = performance.now();
      for (let index = 0; index < count; index++) await call();
      const each = (performance.now() - began) * 1e6 / count;
      // The first round is for the compiler.
      if (round > 0) found[name].push(each);
    }
  }
  return Object.fromEntries(
    Object.entries(found).map(([name, list]) => [name, median(list)]),
  );
}

function admission() {
  let running = 0;
  const counting = async (work) => {
    running++;
    try {
      return await work();
    } finally {
      running--;
    }
  };
  const gate = new Gate({ concurrency: 8 });
  const queue = new PQueue({ concurrency: 8 });
  const limiter = new Bottleneck({ maxConcurrent: 8 });
  const sema = new Sema(8);
  const semaphore = Semaphore.makeUnsafe?.(8) ?? Effect.unsafeMakeSemaphore(8);
  const permit = semaphore.withPermits(1)(Effect.promise(work));
  return cost({
    counting: { call: () => counting(work) },
    Gate: { call: () => gate.run(work) },
    "Gate, with a priority": { call: () => gate.run(work, { priority: 1 }) },
    "p-queue": { call: () => queue.add(work), count: calls / 4 },
    bottleneck: { call: () => limiter.schedule(work), count: calls / 400 },
    "async-sema": {
      call: async () => {
        await sema.acquire();
        try {
          return await work();
        } finally {
          sema.release();
        }
      },
    },
    Effect: { call: () => Effect.runPromise(permit), count: calls / 4 },
  });
}

/** A plain binary heap, for what an order costs at the least. */
class Heap {
  items = [];
  push(item) {
    const { items } = this;
    let at = items.push(item) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!before(item, items[up])) break;
      items[at] = items[up];
      at = up;
    }
    items[at] = item;
  }
  pop() {
    const { items } = this;
    const [first] = items;
    const item = items.pop();
    if (items.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= items.length) break;
      if (
        down + 1 < items.length && before(items[down + 1], items[down])
      ) down++;
      if (!before(items[down], item)) break;
      items[at] = items[down];
      at = down;
    }
    items[at] = item;
    return first;
  }
}
const before = (a, b) => a.key < b.key || a.key === b.key && a.turn < b.turn;

// Ten priorities, in no order.
const priorities = Array.from({ length: waiters }, (_, n) => n * 7 % 10);

/** Nanoseconds to come and to go, for each of so many that wait. */
async function waiting() {
  const found = {};
  const note = (name, ns) => (found[name] ??= []).push(ns);
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    for (const isHeapOnly of [true, false]) {
      // The same promises and calls on both sides: what differs is the order.
      let release;
      const held = new Promise((resolve) => release = resolve);
      const name = isHeapOnly ? "plain heap" : "Gate";
      let began = performance.now();
      let all;
      if (isHeapOnly) {
        const heap = new Heap();
        all = priorities.map(async (priority, turn) => {
          await new Promise((resolve) =>
            heap.push({ key: -priority, turn, resolve })
          );
          try {
            return await work();
          } finally {
            heap.pop()?.resolve();
          }
        });
        note(`${name}, come`, (performance.now() - began) * 1e6 / waiters);
        began = performance.now();
        heap.pop().resolve();
      } else {
        const gate = new Gate({ concurrency: 1, aging: 0 });
        void gate.run(() => held);
        all = priorities.map((priority) => gate.run(work, { priority }));
        note(`${name}, come`, (performance.now() - began) * 1e6 / waiters);
        began = performance.now();
        release();
      }
      await Promise.all(all);
      note(`${name}, go`, (performance.now() - began) * 1e6 / waiters);
    }
    // It sorts each in: a hundred thousand take it minutes.
    const some = Math.min(waiters, 5_000);
    const queue = new PQueue({ concurrency: 1 });
    let release;
    void queue.add(() => new Promise((resolve) => release = resolve));
    let began = performance.now();
    const all = priorities.slice(0, some).map((priority) =>
      queue.add(work, { priority })
    );
    note(`p-queue (${some}), come`, (performance.now() - began) * 1e6 / some);
    began = performance.now();
    await undefined;
    release();
    await Promise.all(all);
    note(`p-queue (${some}), go`, (performance.now() - began) * 1e6 / some);
  }
  return Object.fromEntries(
    Object.entries(found).map(([name, list]) => [name, median(list)]),
  );
}

/** Bytes by the heap for each that waits, the user's closure not counted. */
async function memory() {
  const used = async () => {
    for (let count = 0; count < 4; count++) {
      (globalThis.Bun?.gc ?? globalThis.gc)?.(true);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (globalThis.Bun) {
      const { heapStats } = await import("bun:jsc");
      return heapStats().heapSize;
    }
    return process.memoryUsage().heapUsed;
  };
  const some = Math.min(waiters, 50_000);
  const found = {};
  for (const name of ["Gate", "p-queue"]) {
    let release;
    const hold = () => new Promise((resolve) => release = resolve);
    const one = name === "Gate"
      ? new Gate({ concurrency: 1 })
      : new PQueue({ concurrency: 1 });
    const add = name === "Gate" ? () => one.run(work) : () => one.add(work);
    void (name === "Gate" ? one.run(hold) : one.add(hold));
    await undefined;
    // All at 1,000 first, so that what is made once is there.
    const first = Array.from({ length: 1_000 }, add);
    const all = new Array(some);
    const before = await used();
    for (let index = 0; index < some; index++) all[index] = add();
    found[name] = (await used() - before) / some;
    release();
    await Promise.all([...first, ...all]);
  }
  return found;
}

const result = {
  admission: await admission(),
  waiting: await waiting(),
  memory: await memory(),
};
console.log(JSON.stringify(result));
