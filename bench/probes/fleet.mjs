// Starting and stopping many at once, and what is left of them afterwards.

import { library } from "../contenders.mjs";
import { collect, memory, sleep, stopwatch } from "../measure.mjs";

const { Ticker } = await library();
const nothing = () => {};

/** Tickers, which have a signal once they have ticked, and not before. */
function tickers(options) {
  return {
    start(held, count) {
      let last;
      for (let i = 0; i < count; i++) {
        const ticker = new Ticker(60_000, nothing, options);
        held.push(ticker);
        last = ticker.start();
      }
      return last;
    },
    stop: (held) => Promise.all(held.map((ticker) => ticker.stop())),
    isRunning: (ticker) => ticker.isRunning(),
  };
}

const kinds = {
  controller: {
    start(held, count) {
      for (let i = 0; i < count; i++) {
        const controller = new AbortController();
        // Some engines make the signal only when it is asked for, and a
        // controller whose signal no one has is of no use.
        held.push(controller);
        void controller.signal;
      }
    },
    stop(held) {
      for (const controller of held) {
        controller.abort(new DOMException("The run was stopped", "AbortError"));
      }
    },
    isRunning: (controller) => !controller.signal.aborted,
  },
  ticker: tickers(),
  ticked: tickers({ immediate: true }),
};

async function cycle({ start, stop, isRunning }, count) {
  const held = [];
  const starting = stopwatch();
  await start(held, count);
  const started = starting();
  const running = held.filter(isRunning).length;
  await collect();
  const stopping = stopwatch();
  await stop(held);
  const stopped = stopping();
  const left = held.filter(isRunning).length;
  return {
    start: started.cpu / count,
    stop: stopped.cpu / count,
    running,
    stillRunning: left,
  };
}

export async function probe({ kind, count }) {
  // The first of them brings its code along.
  await cycle(kinds[kind], 100);
  await collect();
  const before = memory();
  const result = await cycle(kinds[kind], count);
  await sleep(300);
  await collect();
  const after = memory();
  return { kind, count, ...result, bytesLeft: after.heap - before.heap };
}
