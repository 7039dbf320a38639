import { median, slope, spread, table } from "../statistics.mjs";
import {
  atMost,
  enginesOf,
  ratios,
  rounds,
  verdict,
  where,
  whole,
} from "./_common.mjs";

const LEFT = 16;
// What is to be reached by a start, times a controller's.
const START = { node24: 1.5, deno: 3, bun: 1.5 };

/** What is left for each, by the slope over the sizes, a round at a time. */
function slopes(own, kind) {
  const its = where(own, { kind });
  return [...new Set(its.map(({ round }) => round))].map((round) =>
    slope(
      where(its, { round }).map(({ count, bytesLeft }) => [count, bytesLeft]),
    )
  );
}

export const fleet = {
  title: "Starting 100,000, stopping them, and what is left",

  measure(bench) {
    const sizes = bench.size([50_000, 100_000], [50, 100, 200]);
    const configurations = sizes.flatMap((count) =>
      ["ticker", "ticked", "controller"].map((kind) => ({
        settings: { kind, count },
      }))
    );
    return rounds(
      bench,
      bench.size(3, 1),
      configurations,
      (engine, settings) => bench.run(engine, "fleet", settings),
    );
  },

  wrong: (results) =>
    results.filter(({ running, stillRunning, count }) =>
      running !== count || stillRunning !== 0
    ).map(({ engine, kind, count, running, stillRunning }) =>
      `${engine} ${kind}: ${running} of ${count} run, then ${stillRunning}`
    ),

  report(results) {
    const most = Math.max(...results.map(({ count }) => count));
    const against = (own, value, kind = "ticker") =>
      ratios(
        where(own, { count: most }),
        ["kind", kind],
        ["kind", "controller"],
        value,
      );
    const text = table(
      [
        "engine",
        "µs each",
        `${whole(most)} tickers`,
        "as many controllers",
        "ratio",
      ],
      enginesOf(results).flatMap((engine) => {
        const own = where(results, { engine });
        const line = (what, value, kind = "ticker") => [
          engine,
          what,
          ...[kind, "controller"].map((kind) =>
            spread(where(own, { kind, count: most }).map(value))
          ),
          spread(against(own, value, kind)),
        ];
        return [
          line("start", ({ start }) => start),
          line("stop", ({ stop }) => stop),
          line("both", ({ start, stop }) => start + stop),
          line("start with a first tick", ({ start }) => start, "ticked"),
          line("stop after a tick", ({ stop }) => stop, "ticked"),
          ...["ticker", "ticked"].map((kind) => [
            engine,
            `bytes left, each, by the slope${
              kind === "ticked" ? ", after a tick" : ""
            }`,
            spread(slopes(own, kind)),
            spread(slopes(own, "controller")),
            "",
          ]),
        ];
      }),
      2,
    );
    const start = ({ start }) => start;
    return {
      text,
      verdicts: [
        verdict(
          "starting 100,000 tickers ≤ 1.5, 1.5, 3 × as many `AbortController`s (Node, Bun, Deno)",
          results,
          (own, engine) =>
            atMost(median(against(own, start)), START[engine], " ×"),
        ),
        verdict(
          `left afterwards ≤ ${LEFT} bytes for each`,
          results,
          (own) => atMost(median(slopes(own, "ticker")), LEFT, " B"),
        ),
      ],
    };
  },
};
