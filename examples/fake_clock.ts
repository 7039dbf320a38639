// Tests of a program with tickers: a fake clock makes an hour pass at once, and
// `await using` stops the ticker whether or not the test fails.

import FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual } from "node:assert";
import { Ticker } from "../mod.ts";

const HOUR = 3_600_000;

async function test(name: string, body: () => Promise<void>): Promise<void> {
  await body();
  console.log(`passed: ${name}`);
}

await test("the report goes out every hour", async () => {
  const clock = FakeTimers.install({ now: 0 });
  try {
    const reports: number[] = [];
    await using report = new Ticker(HOUR, () => {
      reports.push(Date.now());
    });
    await report.start();
    await clock.tickAsync(3 * HOUR);
    deepStrictEqual(reports, [HOUR, 2 * HOUR, 3 * HOUR]);
  } finally {
    clock.uninstall();
  }
});

await test("a report that takes 90 minutes does not overlap", async () => {
  const clock = FakeTimers.install({ now: 0 });
  try {
    const missed: number[] = [];
    await using report = new Ticker(HOUR, async (_signal, control) => {
      missed.push(control.missed);
      await new Promise((resolve) => setTimeout(resolve, 1.5 * HOUR));
    });
    await report.start();
    await clock.tickAsync(4.75 * HOUR);
    deepStrictEqual(missed, [0, 1]);
  } finally {
    clock.uninstall();
  }
});

// Prints:
//
// passed: the report goes out every hour
// passed: a report that takes 90 minutes does not overlap
