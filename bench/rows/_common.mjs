// What the rows have in common. A row measures, tells what is wrong with the counts,
// and reports: a text with its tables, and a verdict on each goal.

import { digits, median } from "../statistics.mjs";

/** Each configuration in each round, in turn; every other round backwards. */
export async function rounds(bench, count, configurations, run) {
  const plan = [];
  if (bench.isQuick) count = 1;
  for (let round = 0; round < count; round++) {
    for (const engine of bench.engines) {
      const order = configurations.filter(({ upTo = count }) => round < upTo);
      if (round % 2 === 1) order.reverse();
      plan.push(...order.map(({ settings }) => ({ round, engine, settings })));
    }
  }
  const results = [];
  const one = async ({ round, engine, settings }) => {
    const what = Object.values(settings).join(" ");
    bench.progress(`round ${round + 1} of ${count}: ${engine.id} ${what}`);
    const result = await run(engine, settings);
    results.push({ engine: engine.id, round, ...result });
  };
  if (bench.isSmoke) await Promise.all(plan.map(one));
  else for (const next of plan) await one(next);
  return results;
}

const ENGINES = ["deno", "bun", "node24"];

export const enginesOf = (results) =>
  [...new Set(results.map(({ engine }) => engine))]
    .sort((a, b) => ENGINES.indexOf(a) - ENGINES.indexOf(b));

export const sizesOf = (results) =>
  [...new Set(results.map(({ count }) => count))].sort((a, b) => a - b);

export const whole = (count) => count.toLocaleString("en-US");

export function where(results, properties) {
  return results.filter((result) =>
    Object.entries(properties).every(([name, value]) => result[name] === value)
  );
}

/** The ratios of two configurations, a round at a time. */
export function ratios(results, above, below, value) {
  return results.filter((result) => result[above[0]] === above[1])
    .flatMap((result) => {
      const other = results.find((other) =>
        other.engine === result.engine && other.round === result.round &&
        other.count === result.count && other[below[0]] === below[1]
      );
      return other ? [value(result) / value(other)] : [];
    });
}

/** A goal, and what each engine has reached of it. */
export function verdict(goal, results, reach) {
  const engines = {};
  for (const engine of enginesOf(results)) {
    engines[engine] = reach(where(results, { engine }), engine);
  }
  return { goal, engines };
}

/** At most a limit. */
export function atMost(value, limit, unit = "") {
  return { text: `${digits(value)}${unit}`, ok: value <= limit };
}

export const perTick = ({ measured }, meter = "cpu") => {
  const values = measured.filter(({ ticks }) => ticks > 0)
    .map((window) => window[meter] / window.ticks);
  return values.length > 0 && values.every((value) => value >= 0)
    ? median(values)
    : NaN;
};
