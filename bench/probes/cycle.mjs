// One start and one stop, over and over, by mitata.

import { measure } from "mitata";
import { contenders, library } from "../contenders.mjs";

const { StartStop, untilAborted } = await library();
const { Effect, Fiber } = await import("effect");
const stopped = () => new DOMException("The run was stopped", "AbortError");

function startStop() {
  let release;
  const runner = new StartStop(
    () => new Promise((resolve) => release = resolve),
    () => release(),
  );
  return async () => {
    await runner.start();
    await runner.stop();
  };
}

function startStopSignal() {
  const runner = new StartStop((signal) => untilAborted(signal));
  return async () => {
    await runner.start();
    await runner.stop();
  };
}

// What every way to run something that can be asked to stop comes down to.
function pair() {
  return async () => {
    let release;
    const controller = new AbortController();
    const held = new Promise((resolve) => release = resolve);
    void controller.signal;
    controller.abort(stopped());
    release();
    await held;
  };
}

function pairSignal() {
  return async () => {
    const controller = new AbortController();
    const held = new Promise((resolve) => {
      controller.signal.addEventListener("abort", resolve, { once: true });
    });
    controller.abort(stopped());
    await held;
  };
}

function fiber() {
  return async () => {
    const fiber = Effect.runFork(Effect.never);
    await Effect.runPromise(Fiber.interrupt(fiber));
  };
}

/** Cycles in one measurement. */
const EACH = 100;

const kinds = { startStop, startStopSignal, pair, pairSignal, fiber };

const hour = 3_600_000;
async function hourly(name) {
  const { start, stop } = await contenders[name]();
  const nothing = () => {};
  return async () => {
    await stop(start(hour, nothing));
  };
}

export async function probe({ names, milliseconds }) {
  const results = {};
  for (const name of names) {
    const work = await (kinds[name]?.() ?? hourly(name));
    // Some engines' clocks are too coarse for one, and the garbage of one is
    // collected in another's time.
    const { p50, p99 } = await measure(async () => {
      for (let i = 0; i < EACH; i++) await work();
    }, { min_cpu_time: milliseconds * 1e6 });
    results[name] = { p50: p50 / EACH / 1_000, p99: p99 / EACH / 1_000 };
  }
  return results;
}
