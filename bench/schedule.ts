// What schedules cost, next to their goals: `npm run bench:schedule [-- --smoke]`.
//
// Nothing fails where a goal is missed: a benchmark measures, and the machine may
// be busy.

import { Cron } from "croner";
import process from "node:process";
import { type Schedule, Ticker } from "../mod.ts";
import { anyOf } from "../schedule/mod.ts";
import { engine, printTable, quantile } from "./_measure.ts";

const smoke = process.argv.includes("--smoke");
const calls = smoke ? 20 : 300;
const COUNT = 10_000;
// The clock is looked at every 30 s: two looks, or none.
const seconds = smoke ? 2 : 65;

/** Microseconds of a warm call: the median of some, a batch of calls each. */
function median(call: () => unknown, batch: number): number {
  for (let count = 0; count < 5 * batch; count++) call();
  const found: number[] = [];
  for (let count = 0; count < calls; count++) {
    const startedAt = performance.now();
    for (let index = 0; index < batch; index++) call();
    found.push((performance.now() - startedAt) * 1_000 / batch);
  }
  return quantile(found, 0.5);
}

/** `nextRun` of many at once, and of each of them by itself. */
function together(title: string, schedules: Schedule[], batch: number) {
  const all = anyOf(...schedules);
  const after = new Date();
  const each = median(() => {
    let last;
    for (const schedule of schedules) last = schedule.nextRun(after);
    return last;
  }, batch);
  const joined = median(() => all.nextRun(after), batch);
  const micro = (time: number) => `${time.toFixed(1)} µs`;
  return [
    title,
    "< 20 µs",
    micro(joined - each),
    `${micro(joined)} against ${micro(each)} of their own`,
  ];
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Milliseconds of processor time in a wait. */
async function busy(): Promise<number> {
  const before = process.cpuUsage();
  await sleep(seconds * 1_000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** What the process needs while so many tickers wait for the night. */
async function idle(): Promise<string[]> {
  const empty = await busy();
  const tickers = Array.from({ length: COUNT }, (_each, index) => {
    const minute = index % 60;
    // Some hours from now, wherever the machine stands.
    const hour = (new Date().getUTCHours() + 6) % 24;
    return new Ticker(
      new Cron(`${minute} ${hour} * * *`, { timezone: "UTC" }),
      () => {},
    );
  });
  await Promise.all(tickers.map((each) => each.start()));
  await sleep(1_000);
  const used = await busy();
  await Promise.all(tickers.map((each) => each.stop()));
  const percent = (ms: number) => `${(ms / seconds / 10).toFixed(3)} %`;
  return [
    "10,000 cron tickers, idle",
    "none but each 30 s",
    percent(used - empty),
    `of one core in ${seconds} s, beside ${percent(empty)} of none`,
  ];
}

const light = Array.from({ length: 100 }, (_each, index): Schedule => ({
  nextRun: (after) => new Date(after.getTime() + 1_000 + index),
}));
const crons = Array.from(
  { length: 100 },
  (_each, index) => new Cron(`${index % 60} ${index % 24} * * *`),
);

console.log(`${engine()}\n`);
printTable([
  ["what", "goal", "measured", "how"],
  together("anyOf of 100", light, 100),
  together("anyOf of 100 by croner", crons, 1),
  await idle(),
]);
