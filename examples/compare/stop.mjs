// Does a stop wait for the job in flight? A job of 500 ms, asked to stop 100 ms
// after it has begun; then the caller looks whether it is still at work.

import { setTimeout as delay } from "node:timers/promises";
import { Cron } from "croner";
import cron from "node-cron";
import { AsyncTask, SimpleIntervalJob, ToadScheduler } from "toad-scheduler";
import { Ticker } from "../../mod.ts";

const JOB = 500;

/** Each begins the work at the next full second, and gives the way to stop it. */
const contenders = {
  async Ticker(work) {
    const ticker = new Ticker(1_000, work);
    await ticker.start();
    return () => ticker.stop();
  },
  croner(work) {
    const job = new Cron("* * * * * *", work);
    return () => job.stop();
  },
  "toad-scheduler"(work) {
    const scheduler = new ToadScheduler();
    scheduler.addSimpleIntervalJob(
      new SimpleIntervalJob({ seconds: 1 }, new AsyncTask("job", work)),
    );
    return () => scheduler.stop();
  },
  "node-cron, stop()"(work) {
    const task = cron.schedule("* * * * * *", work);
    return () => task.stop();
  },
  "node-cron, shutdown()"(work) {
    cron.schedule("* * * * * *", work);
    return () => cron.shutdown();
  },
};

for (const [name, begin] of Object.entries(contenders)) {
  const { promise: begun, resolve } = Promise.withResolvers();
  let atWork = 0;
  const stop = await begin(async () => {
    atWork++;
    resolve();
    await delay(JOB);
    atWork--;
  });
  await begun;
  await delay(100);
  const from = performance.now();
  await stop();
  const ms = (performance.now() - from).toFixed().padStart(3);
  const state = atWork > 0 ? "still at work" : "done";
  console.log(`${name.padEnd(22)} stopped after ${ms} ms, the job is ${state}`);
  await delay(JOB);
}
