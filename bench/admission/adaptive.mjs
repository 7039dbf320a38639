// A judge of the adaptive limit: a service that can do so much at once, on a clock
// of its own, by several seeds. What is done of what it can do, from a cold start
// on, and how long a run takes against an idle service.
//
//   node --import tsx bench/admission/adaptive.mjs [--short] [--only=SERVICE] [--from=SEED]

import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { printTable } from "../../_tools/table.mjs";

const file = process.argv.slice(2).find((each) => each.endsWith(".ts")) ??
  fileURLToPath(new URL("../../admission/_adaptive.ts", import.meta.url));
const { Adaptive } = await import(pathToFileURL(file).href);

/** mulberry32: the same numbers for the same seed. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The sizes of runs, of mean 1. */
const sizes = {
  "all alike": () => 1,
  "four steps": (random) => {
    let sum = 0;
    for (let step = 0; step < 4; step++) sum -= Math.log(1 - random()) / 4;
    return sum;
  },
  "exponential": (random) => -Math.log(1 - random()),
  "a tenth five times as long": (random) => (random() < 0.1 ? 5 : 1) / 1.4,
};

/**
 * More waits than fits, always. Beyond its places the service is shared by all
 * that run. `places` and `ms` are functions of the time in ms.
 */
function play({ places, ms, size, seed, seconds, stalls = 0 }) {
  const [min, max] = [5, 500];
  const random = numbers(seed);
  const adaptive = new Adaptive(min, max);
  // Each run ends when the work done for each of those that run has come so far.
  const ends = [];
  const add = (end, began) => {
    let at = ends.length;
    while (at > 0 && ends[at - 1].end < end) at--;
    ends.splice(at, 0, { end, began });
  };
  let now = 0;
  let work = 0;
  const slowdowns = [];
  let ended = 0;
  let possible = 0;
  for (;;) {
    while (ends.length < Math.max(1, Math.floor(adaptive.limit))) {
      add(work + size(random), now);
    }
    const speed = Math.min(1, places(now) / ends.length) / ms(now);
    const next = ends.at(-1);
    const step = (next.end - work) / speed;
    if (now + step > seconds * 1_000) break;
    possible += step * places(now) / ms(now);
    now += step;
    // The machine has been busy with something else: nothing goes on meanwhile.
    if (random() < step * stalls / 1_000) now += 100 * random();
    work = next.end;
    ends.pop();
    ended++;
    slowdowns.push(Math.max(1, (ends.length + 1) / places(now)));
    adaptive.add(now - next.began, ends.length + 1, true);
  }
  slowdowns.sort((a, b) => a - b);
  return {
    done: ended / possible,
    median: slowdowns[slowdowns.length >> 1],
    p99: slowdowns[Math.floor(0.99 * slowdowns.length)],
  };
}

const fixed = (value) => () => value;
const services = {
  "50 places, 40 ms, 6 s": {
    ...{ places: fixed(50), ms: fixed(40), seconds: 6 },
  },
  "the same, with stalls": {
    ...{ places: fixed(50), ms: fixed(40), seconds: 60, stalls: 3 },
  },
  "50 places, 40 ms, 60 s": {
    ...{ places: fixed(50), ms: fixed(40), seconds: 60 },
  },
  "8 places, 100 ms, 60 s": {
    ...{ places: fixed(8), ms: fixed(100), seconds: 60 },
  },
  "200 places, 5 ms, 30 s": {
    ...{ places: fixed(200), ms: fixed(5), seconds: 30 },
  },
  "half the places after 20 s": {
    places: (now) => now < 20_000 ? 50 : 25,
    ...{ ms: fixed(40), seconds: 60 },
  },
  "twice the places after 20 s": {
    places: (now) => now < 20_000 ? 50 : 100,
    ...{ ms: fixed(40), seconds: 60 },
  },
  "three times as slow after 20 s": {
    places: fixed(50),
    ms: (now) => now < 20_000 ? 40 : 120,
    seconds: 60,
  },
};
const from = process.argv.find((each) => each.startsWith("--from="))?.slice(7);
const seeds = Array.from(
  { length: process.argv.includes("--short") ? 2 : 10 },
  (_, seed) => seed + Number(from ?? 1),
);
const rows = [];
const only = process.argv.find((each) => each.startsWith("--only="))?.slice(7);
for (const [service, values] of Object.entries(services)) {
  if (only && !service.includes(only)) continue;
  for (const [name, size] of Object.entries(sizes)) {
    const all = seeds.map((seed) => play({ ...values, size, seed }));
    const of = (key) => all.map((each) => each[key]);
    const least = Math.min(...of("done"));
    rows.push([
      service,
      name,
      `${(100 * least).toFixed(1)} %`,
      Math.max(...of("median")).toFixed(2),
      Math.max(...of("p99")).toFixed(2),
    ]);
  }
}
printTable(
  ["service", "runs", "least done", "slower, median", "and 99th"],
  rows,
);
