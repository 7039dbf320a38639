// The meters of a measured process.

import process from "node:process";

const jsc = globalThis.Bun && await import("bun:jsc");

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Collects the garbage, that of finalizers and of settled promises too. */
export async function collect() {
  for (let pass = 0; pass < 3; pass++) {
    if (jsc) globalThis.Bun.gc(true);
    else globalThis.gc();
    await sleep(pass === 0 ? 50 : 0);
  }
}

/** Bytes in use: of the engine's heap with what it holds outside, and in all. */
export function memory() {
  const { heapUsed, external, rss } = process.memoryUsage();
  // Bun's heapUsed is not up to date; this one counts what lies outside as well.
  return { heap: jsc ? jsc.heapStats().heapSize : heapUsed + external, rss };
}

/** Begins to measure; call what it returns for the microseconds since. */
export function stopwatch() {
  const cpu = process.cpuUsage();
  const thread = process.threadCpuUsage?.();
  const began = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    const own = thread && process.threadCpuUsage(thread);
    return {
      cpu: user + system,
      thread: own && own.user + own.system,
      wall: (performance.now() - began) * 1_000,
    };
  };
}
