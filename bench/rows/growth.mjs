import { labels } from "../contenders.mjs";
import { median, spread, table } from "../statistics.mjs";
import {
  atMost,
  enginesOf,
  perTick,
  ratios,
  rounds,
  sizesOf,
  verdict,
  where,
  whole,
} from "./_common.mjs";

// What is to be reached by a million, times a bare interval's processor time.
const MILLION = { node24: 1, deno: 0.5, bun: 0.6 };

const contendersOf = (results) => [
  ...new Set(results.map(({ contender }) => contender)),
];

function middle(results, properties) {
  const its = where(results, properties);
  return its.length > 0
    ? median(its.map((result) => perTick(result)))
    : undefined;
}

export const growth = {
  title: "1,000 to 1,000,000 with mixed intervals",

  measure(bench) {
    const sizes = bench.size([1_000, 10_000, 100_000, 1_000_000], [100, 1_000]);
    const configurations = sizes.flatMap((count) =>
      ["ticker without context", "interval", "chain"].filter((contender) =>
        contender !== "chain" || count === 100_000
      ).map((contender) => {
        // A hundred ticks in each millisecond at every size, so that what grows
        // is the number of tickers alone: intervals of 5 to 15 ms for a thousand,
        // of 5 to 15 s for a million.
        const low = count / 200;
        return {
          upTo: count < 1_000_000 ? 1 : undefined,
          settings: {
            contender,
            count,
            low: bench.size(low, 50),
            high: bench.size(3 * low, 150),
            settle: bench.size(Math.max(1_500, 1.6 * low), 500),
            window: bench.size(count < 1_000_000 ? 1_500 : 3_000, 300),
            windows: 1,
          },
        };
      })
    );
    return rounds(
      bench,
      bench.size(2, 1),
      configurations,
      (engine, settings) => bench.run(engine, "steady", settings),
    );
  },

  wrong: (results) =>
    results.filter(({ first, count, ticksAfterStop }) =>
      first < count || ticksAfterStop > 0
    ).map(({ engine, contender, count, first, ticksAfterStop }) =>
      `${engine} ${contender}: ${first} ticks of ${count} at work, ${ticksAfterStop} after the stop`
    ),

  report(results) {
    const sizes = sizesOf(results);
    const text = table(
      ["engine", "contender", ...sizes.map((size) => `${whole(size)}, µs`)],
      enginesOf(results).flatMap((engine) =>
        contendersOf(results).map((contender) => [
          engine,
          labels[contender],
          ...sizes.map((count) =>
            spread(
              where(results, { engine, contender, count }).map((result) =>
                perTick(result)
              ),
            )
          ),
        ])
      ),
      2,
    );
    return {
      text,
      verdicts: [
        verdict(
          "1,000,000 of mixed intervals: CPU per tick ≤ 1.0, 0.6, 0.5 × bare `setInterval` (Node, Bun, Deno)",
          results,
          (own, engine) =>
            atMost(
              median(
                ratios(
                  where(own, { count: sizesOf(own).at(-1) }),
                  ["contender", "ticker without context"],
                  ["contender", "interval"],
                  (result) => perTick(result),
                ),
              ),
              MILLION[engine],
              " ×",
            ),
        ),
      ],
    };
  },

  /** For the plot. */
  points: (results) =>
    enginesOf(results).flatMap((engine) =>
      contendersOf(results).flatMap((contender) =>
        sizesOf(results).map((count) => ({
          engine,
          contender: labels[contender],
          count,
          cost: middle(results, { engine, contender, count }),
        })).filter(({ cost }) => cost !== undefined)
      )
    ),
};
