import { digits, median, slope, spread, table } from "../statistics.mjs";
import {
  enginesOf,
  rounds,
  sizesOf,
  verdict,
  where,
  whole,
} from "./_common.mjs";

const titles = {
  start_stop: "StartStop",
  ticker: "Ticker",
  bare: "a bare controller and listener each",
  effect: "Effect fibers",
};
const ours = ["start_stop", "ticker"];

/** In microseconds for each; the first times warm up. */
const each = ({ measured, count }) =>
  median(measured.slice(Math.floor(measured.length / 2))) / count;

/** The exponent with which the whole grows: 1 is linear. */
const exponent = (own, kind) =>
  slope(
    where(own, { kind }).map((result) => [
      Math.log(result.count),
      Math.log(each(result) * result.count),
    ]),
  );

export const shared = {
  title: "Many on one signal, which aborts",

  measure(bench) {
    const sizes = bench.size([5_000, 10_000, 20_000], [10, 100]);
    const configurations = sizes.flatMap((count) =>
      Object.keys(titles).map((kind) => ({
        settings: { kind, count, times: bench.size(6, 1) },
      }))
    );
    return rounds(
      bench,
      bench.size(2, 1),
      configurations,
      (engine, settings) => bench.run(engine, "shared", settings),
    );
  },

  wrong: (results) =>
    results.filter(({ kind, listeners, running }) =>
      running !== 0 || ours.includes(kind) && listeners !== 1
    ).map(({ engine, kind, listeners, running }) =>
      `${engine} ${kind}: ${listeners} listeners, ${running} still running`
    ),

  report(results) {
    const sizes = sizesOf(results);
    const text = table(
      [
        "engine",
        "what",
        "listeners",
        ...sizes.map((size) => `${whole(size)}, µs each`),
        "grows by n to the",
      ],
      enginesOf(results).flatMap((engine) =>
        Object.keys(titles).map((kind) => {
          const own = where(results, { engine });
          const its = where(own, { kind });
          const listeners = its.map((result) => result.listeners);
          return [
            engine,
            titles[kind],
            Math.max(...listeners) === 1 ? 1 : "one each",
            ...sizes.map((count) => spread(where(its, { count }).map(each))),
            digits(exponent(own, kind)),
          ];
        })
      ),
      2,
    );
    return {
      text,
      verdicts: ours.map((kind) =>
        verdict(
          `stop of 10,000 on one signal (${
            titles[kind]
          }): linear, with one listener`,
          results,
          (own) => {
            const listeners = where(own, { kind }).map((result) =>
              result.listeners
            );
            const power = exponent(own, kind);
            return {
              text: `n^${digits(power)}, ${Math.max(...listeners)} listener`,
              ok: power <= 1.15 && listeners.every((count) => count === 1),
            };
          },
        )
      ),
    };
  },
};
