/**
 * `@std/testing/bdd` for engines that have no test runner: bundle the tests
 * with this file in its place, then call {@linkcode runCollected}.
 *
 * @module
 */

import {
  type CollectedTest,
  type Collector,
  createCollector,
} from "./collector.ts";

/** What a run came to. */
export interface Result {
  passed: number;
  failed: number;
  /** By name: what an engine cannot do should be known. */
  skipped: string[];
  failures: { name: string; message: string; stack: string }[];
}

// A test that fakes the clock must not hold up the run.
const setTimeoutReal = globalThis.setTimeout;
const clearTimeoutReal = globalThis.clearTimeout;

const tests: CollectedTest[] = [];
const collector: Collector = createCollector((test) => tests.push(test));

export const describe: Collector["describe"] = collector.describe;
export const it: Collector["it"] = collector.it;
export const beforeAll: Collector["beforeAll"] = collector.beforeAll;
export const afterAll: Collector["afterAll"] = collector.afterAll;
export const beforeEach: Collector["beforeEach"] = collector.beforeEach;
export const afterEach: Collector["afterEach"] = collector.afterEach;

/** Runs every test collected so far, one after the other. */
export async function runCollected(
  { filter = "", timeout = 60_000 }: { filter?: string; timeout?: number } = {},
): Promise<Result> {
  const result: Result = { passed: 0, failed: 0, skipped: [], failures: [] };
  const fail = (name: string, error: unknown) => {
    result.failed++;
    result.failures.push({ name, ...describeError(error) });
  };
  let running = "(before the first test)";
  const stray = (event: Event) => {
    // Not every engine makes a true event of it.
    event.preventDefault?.();
    const { reason, error } = event as Event & Record<string, unknown>;
    fail(`${running}: nobody caught this`, reason ?? error ?? event);
  };
  globalThis.addEventListener?.("unhandledrejection", stray);
  globalThis.addEventListener?.("error", stray);
  const only = tests.some((test) => test.only);
  try {
    for (const test of tests) {
      if (!test.name.includes(filter) || (only && !test.only)) continue;
      if (test.ignore) {
        result.skipped.push(test.name);
        continue;
      }
      running = test.name;
      const failedBefore = result.failed;
      try {
        await within(timeout, test.run());
      } catch (error) {
        fail(test.name, error);
      }
      // Engines report an unhandled rejection only after a turn of the loop.
      await new Promise<void>((resolve) => setTimeoutReal(resolve, 0));
      if (result.failed === failedBefore) result.passed++;
    }
    try {
      await collector.close();
    } catch (error) {
      fail("afterAll", error);
    }
  } finally {
    globalThis.removeEventListener?.("unhandledrejection", stray);
    globalThis.removeEventListener?.("error", stray);
  }
  return result;
}

function within(timeout: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeoutReal(
      () => reject(new Error(`The test did not end within ${timeout} ms`)),
      timeout,
    );
    work.then(resolve, reject).finally(() => clearTimeoutReal(timer));
  });
}

function describeError(error: unknown): { message: string; stack: string } {
  try {
    const { message, stack } = error as Error;
    return { message: String(message ?? error), stack: String(stack ?? "") };
  } catch {
    return { message: "(an error that cannot be read)", stack: "" };
  }
}
