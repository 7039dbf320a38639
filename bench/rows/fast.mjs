import { labels } from "../contenders.mjs";
import { median, spread, table } from "../statistics.mjs";
import { enginesOf, ratios, verdict, where } from "./_common.mjs";

const against = (own, contender) =>
  ratios(
    own,
    ["contender", contender],
    ["contender", "interval"],
    ({ ticks }) => ticks,
  ).map((ratio) => 100 * ratio);

/** Points of the grid, up to the last tick, of which nothing was heard. */
const unheard = ({ points, ticks, missed }) => points - ticks - missed;

export const fast = {
  title: "An interval of one millisecond",

  async measure(bench) {
    const pairs = [
      ["ticker", "interval"],
      ["chain", "toad-scheduler"],
      ["effect"],
    ];
    const results = [];
    for (let round = 0; round < bench.size(2, 1); round++) {
      for (const engine of bench.engines) {
        for (const pair of round < 1 ? pairs : pairs.slice(0, 1)) {
          bench.progress(`round ${round + 1}: ${engine.id} ${pair.join(" ")}`);
          const beginAt = Date.now() + bench.size(1_500, 1_000);
          const found = await Promise.all(
            pair.map((contender) =>
              bench.run(engine, "fast", {
                contender,
                ms: 1,
                length: bench.size(5_000, 300),
                beginAt,
              })
            ),
          );
          for (const result of found) {
            results.push({ engine: engine.id, round, ...result });
          }
        }
      }
    }
    return results;
  },

  wrong: (results) =>
    results.filter((result) =>
      result.ticks === 0 ||
      // Its clock is read a little later than the measure's.
      result.contender === "ticker" &&
        (unheard(result) < -1 || unheard(result) > 20)
    ).map(({ engine, contender, points, ticks, missed }) =>
      `${engine} ${contender}: ${ticks} ticks and ${missed} missed of ${points}`
    ),

  report(results) {
    const text = table(
      [
        "engine",
        "contender",
        "ticks in 5 s",
        "missed, told",
        "neither",
        "% of setInterval's ticks",
      ],
      enginesOf(results).flatMap((engine) => {
        const own = where(results, { engine });
        return [...new Set(own.map(({ contender }) => contender))].map(
          (contender) => {
            const its = where(own, { contender });
            const tells = contender === "ticker";
            return [
              engine,
              labels[contender],
              spread(its.map(({ ticks }) => ticks)),
              tells ? spread(its.map(({ missed }) => missed)) : "—",
              tells ? spread(its.map(unheard)) : "—",
              spread(against(own, contender)),
            ];
          },
        );
      }),
      2,
    );
    return {
      text,
      verdicts: [
        verdict(
          "a 1 ms ticker: ≥ 97 % of the ticks of `setInterval(1)`, the rest told",
          results,
          (own) => {
            const percent = median(against(own, "ticker"));
            const silent = median(
              where(own, { contender: "ticker" }).map(unheard),
            );
            return {
              text: `${percent.toFixed(1)} %`,
              ok: percent >= 97 && Math.abs(silent) <= 2,
            };
          },
        ),
      ],
    };
  },
};
