// Many on one signal, which aborts.

import { library } from "../contenders.mjs";
import { collect, stopwatch } from "../measure.mjs";

const { StartStop, Ticker, untilAborted } = await library();
const hold = (signal) => untilAborted(signal);
const nothing = () => {};

const kinds = {
  start_stop: (signal, count) =>
    runners(count, signal, () => new StartStop(hold)),
  ticker: (signal, count) =>
    runners(count, signal, () => new Ticker(60_000, nothing)),
  // What one writes by hand: a listener for each, that ends its own controller.
  bare(signal, count) {
    const ends = [];
    for (let i = 0; i < count; i++) {
      ends.push(
        new Promise((resolve) => {
          const controller = new AbortController();
          controller.signal.addEventListener("abort", resolve, { once: true });
          signal.addEventListener(
            "abort",
            () => controller.abort(signal.reason),
            { once: true, signal: controller.signal },
          );
        }),
      );
    }
    return { finished: () => Promise.all(ends), running: () => 0 };
  },
  async effect(signal, count) {
    const { Effect, Fiber } = await import("effect");
    const fibers = [];
    for (let i = 0; i < count; i++) {
      fibers.push(Effect.runFork(Effect.never, { signal }));
    }
    return {
      finished: () => Effect.runPromise(Fiber.awaitAll(fibers)),
      running: () => fibers.filter((fiber) => !fiber.pollUnsafe()).length,
    };
  },
};

async function runners(count, signal, make) {
  const all = Array.from({ length: count }, make);
  await Promise.all(all.map((runner) => runner.start({ signal })));
  return {
    finished: () => Promise.all(all.map((runner) => runner.finished())),
    running: () => all.filter((runner) => runner.isRunning()).length,
  };
}

/** Counts what is put on a signal. */
function counted(signal) {
  const count = { added: 0 };
  const { addEventListener } = signal;
  signal.addEventListener = (...values) => {
    count.added++;
    return addEventListener.apply(signal, values);
  };
  return count;
}

export async function probe({ kind, count, times }) {
  const measured = [];
  let listeners = 0;
  let running = 0;
  for (let i = 0; i < times; i++) {
    const controller = new AbortController();
    const listening = counted(controller.signal);
    const { finished, running: left } = await kinds[kind](
      controller.signal,
      count,
    );
    listeners = listening.added;
    await collect();
    const end = stopwatch();
    controller.abort();
    await finished();
    measured.push(end().cpu);
    running += left();
  }
  return { kind, count, listeners, running, measured };
}
