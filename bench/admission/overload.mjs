// A service under four times what it can do, for some seconds: who is served, how
// soon, and how much is done in all. Without a limit, with fixed ones, and with
// one that is found by latency.
//
//   node overload.mjs BUNDLE [--smoke] [--only=GATE]

import { pathToFileURL } from "node:url";
import process from "node:process";
import { arrivals, quantile, service } from "./_service.mjs";

const { Gate } = await import(pathToFileURL(process.argv[2]).href);
const isSmoke = process.argv.includes("--smoke");
const seconds = isSmoke ? 1 : 6;
const places = 50;
const ms = 40;

// What share of the load each priority has; the highest is a tenth of what the
// service can do.
const classes = [
  { priority: 10, share: 0.025 },
  { priority: 5, share: 0.225 },
  { priority: 0, share: 0.5 },
  { priority: -5, share: 0.25 },
];
/** The priority of an arrival, in a fixed mix. */
function priorityOf(count) {
  let left = (count * 0.618034) % 1;
  for (const { priority, share } of classes) {
    if ((left -= share) < 0) return priority;
  }
  return 0;
}

const options = { maxWait: 500, maxWaiting: 2_000, aging: 20_000 };
const gates = {
  "no limit": undefined,
  "twice the places": { ...options, concurrency: 2 * places },
  "as many as places": { ...options, concurrency: places },
  "the same, some kept": {
    ...options,
    concurrency: places + 4,
    reserve: { 10: 6 },
  },
  adaptive: { ...options, adaptive: { min: 5, max: 500 } },
  "adaptive, some kept": {
    ...options,
    adaptive: { min: 8, max: 500 },
    reserve: { 10: 6 },
  },
};

async function play(gateOptions, factor) {
  const it = service(places, ms);
  const gate = gateOptions && new Gate(gateOptions);
  const times = new Map(classes.map(({ priority }) => [priority, []]));
  const refused = {};
  let done = 0;
  let isOver = false;
  const calls = [];
  const one = async (count) => {
    const priority = factor < 1 ? 10 : priorityOf(count);
    const began = performance.now();
    try {
      await (gate ? gate.run(() => it.work(), { priority }) : it.work());
      times.get(priority).push(performance.now() - began);
      if (!isOver) done++;
    } catch (error) {
      const key = `${error.why} ${priority}`;
      refused[key] = (refused[key] ?? 0) + 1;
    }
  };
  await arrivals(it.capacity * factor, seconds, (count) => {
    calls.push(one(count));
  });
  isOver = true;
  if (gate) await Promise.all(calls);
  const high = times.get(10);
  return {
    done: done / (it.capacity * seconds),
    high: high.length,
    p50: quantile(high, 0.5),
    p99: quantile(high, 0.99),
    served: Object.fromEntries(
      [...times].map(([priority, list]) => [priority, list.length]),
    ),
    refused,
    limit: gate?.load().concurrency.limit,
  };
}

const unloaded = await play(gates["as many as places"], 0.1);
const results = { unloaded };
const only = process.argv.find((each) => each.startsWith("--only="))?.slice(7);
for (const [name, gateOptions] of Object.entries(gates)) {
  if (only && !name.includes(only)) continue;
  results[name] = await play(gateOptions, 4);
}
console.log(JSON.stringify(results));
// Without a limit some are still at work for minutes.
process.exit(0);
