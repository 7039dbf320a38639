// How far are 300 runs of 10 ms from where they belong, after 3 s? That is how
// late even the most punctual of the last 50 runs is: a machine that is busy for
// a moment makes one run late, but only a drift makes all of them late.

import { setTimeout as delay } from "node:timers/promises";
import { SimpleIntervalJob, Task, ToadScheduler } from "toad-scheduler";
import { Ticker } from "../../mod.ts";

const INTERVAL = 10;
const RUNS = 300;
const LAST = 50;

const contenders = {
  Ticker(run) {
    // A point of the grid that was missed is not a run that is still to come.
    const ticker = new Ticker(INTERVAL, (_signal, { missed }) => run(missed));
    ticker.start();
    return () => ticker.stop();
  },
  setInterval(run) {
    const timer = setInterval(run, INTERVAL, 0);
    return () => clearInterval(timer);
  },
  "toad-scheduler"(run) {
    const scheduler = new ToadScheduler();
    scheduler.addSimpleIntervalJob(
      new SimpleIntervalJob(
        { milliseconds: INTERVAL },
        new Task("run", () => run(0)),
      ),
    );
    return () => scheduler.stop();
  },
};

// One after the other, so that none makes another late.
for (const [name, begin] of Object.entries(contenders)) {
  const { promise: done, resolve } = Promise.withResolvers();
  let runs = 0;
  let drift = Infinity;
  const from = performance.now();
  const stop = begin((missed) => {
    runs += 1 + missed;
    const late = performance.now() - from - runs * INTERVAL;
    if (runs > RUNS - LAST) drift = Math.min(drift, late);
    if (runs >= RUNS) resolve();
  });
  await done;
  await stop();
  console.log(
    `${name.padEnd(15)} is off by ${drift.toFixed(1).padStart(6)} ms`,
  );
  await delay(50);
}
