/**
 * `@std/testing/bdd` that stops at the first test that fails, which is all there is
 * to know of a mutant.
 *
 * @module
 */

import process from "node:process";
import { Worker } from "node:worker_threads";
import {
  type CollectedTest,
  type Collector,
  createCollector,
} from "../std/collector.ts";

// In milliseconds; the slowest takes a quarter of it on a busy machine.
const LIMIT = 10_000;

// A mutant may loop for ever, and tests fake the clock: so the time of each is
// watched from another thread, which sees a count that stands still.
const WATCH = `
  const { workerData } = require("node:worker_threads");
  let count;
  do count = workerData[0];
  while (Atomics.wait(workerData, 0, count, ${LIMIT}) !== "timed-out");
  require("node:fs").writeSync(1, "FAILED: a test that does not end\\n");
  process.kill(process.pid, "SIGKILL");
`;

// A test that fakes the clock must not hold up the run.
const setTimeoutReal = globalThis.setTimeout;

const tests: CollectedTest[] = [];
const collector: Collector = createCollector((test) => tests.push(test));

export const describe: Collector["describe"] = collector.describe;
export const it: Collector["it"] = collector.it;
export const beforeAll: Collector["beforeAll"] = collector.beforeAll;
export const afterAll: Collector["afterAll"] = collector.afterAll;
export const beforeEach: Collector["beforeEach"] = collector.beforeEach;
export const afterEach: Collector["afterEach"] = collector.afterEach;

/** Runs every test that was collected, up to the first that fails. */
export async function runAll(): Promise<void> {
  let running = "(before the first test)";
  const fail = (error: unknown) => {
    console.log(`FAILED: ${running}`);
    console.log(error);
    process.exit(1);
  };
  // Also what a test leaves behind: a rejection that nobody handles.
  process.on("uncaughtException", fail);
  const count = new Int32Array(new SharedArrayBuffer(4));
  new Worker(WATCH, { eval: true, workerData: count });
  for (const test of tests) {
    Atomics.add(count, 0, 1);
    Atomics.notify(count, 0);
    if (test.ignore) continue;
    running = test.name;
    await test.run().catch(fail);
  }
  await collector.close();
  // A rejection is known to be unhandled after a turn of the loop.
  await new Promise<void>((resolve) => setTimeoutReal(resolve, 0));
  console.log(`${tests.length} passed`);
  // What a mutant leaves running is not waited for.
  process.exit(0);
}
