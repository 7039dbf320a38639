// How far do 300 runs of 10 ms drift in 3 s? That is by how much the most punctual
// of the last 100 runs is later than the most punctual of the first 10: a machine
// that is busy for a moment makes some runs late, but only a drift makes all late.

import { setTimeout as delay } from "node:timers/promises";
import { SimpleIntervalJob, Task, ToadScheduler } from "toad-scheduler";
import { Ticker } from "../../mod.ts";

const INTERVAL = 10;
const RUNS = 300;
const FIRST = 10;
const LAST = 100;

const contenders = {
  Ticker(run) {
    // A point of the grid that was missed is not a run that is still to come.
    const ticker = new Ticker(INTERVAL, (_signal, { missed }) => run(missed));
    void ticker.start();
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
  let first = Infinity;
  let last = Infinity;
  const from = performance.now();
  const stop = begin((missed) => {
    runs += 1 + missed;
    const late = performance.now() - from - runs * INTERVAL;
    if (runs <= FIRST) first = Math.min(first, late);
    if (runs > RUNS - LAST) last = Math.min(last, late);
    if (runs >= RUNS) resolve();
  });
  await done;
  await stop();
  const drift = (last - first).toFixed(1).padStart(6);
  console.log(`${name.padEnd(15)} has drifted by ${drift} ms`);
  await delay(50);
}
