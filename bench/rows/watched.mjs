import { labels } from "../contenders.mjs";
import { median, spread, table } from "../statistics.mjs";
import {
  atMost,
  enginesOf,
  perTick,
  ratios,
  rounds,
  verdict,
  where,
} from "./_common.mjs";

const MOST = 1.2;

const against = (own) =>
  ratios(
    own,
    ["contender", "watched"],
    ["contender", "unwatched"],
    (result) => perTick(result),
  );

export const watched = {
  title: "10,000 at 100 ms, watched by `./metrics`",

  measure(bench) {
    const configurations = ["unwatched", "watched"].map((contender) => ({
      settings: {
        contender,
        count: bench.size(10_000, 100),
        low: 100,
        high: 100,
        settle: 1_000,
        window: 1_000,
        windows: bench.size(3, 1),
      },
    }));
    return rounds(
      bench,
      bench.size(3, 1),
      configurations,
      (engine, settings) => bench.run(engine, "steady", settings),
    );
  },

  wrong: (results) =>
    results.filter(({ first, count, ticksAfterStop }) =>
      first < count || ticksAfterStop > 0
    ).map(({ engine, contender, first, ticksAfterStop }) =>
      `${engine} ${contender}: ${first} ticks at work, ${ticksAfterStop} after the stop`
    ),

  report(results) {
    const engines = enginesOf(results);
    const text = table(
      ["contender", ...engines.flatMap((engine) => [`${engine}, µs`, "×"])],
      ["unwatched", "watched"].map((contender) => [
        labels[contender],
        ...engines.flatMap((engine) => {
          const own = where(results, { engine });
          return [
            spread(where(own, { contender }).map((result) => perTick(result))),
            contender === "watched" ? spread(against(own)) : "1.00",
          ];
        }),
      ]),
    );
    return {
      text,
      verdicts: [
        verdict(
          `watched by \`./metrics\`: CPU per tick ≤ ${MOST} × unwatched`,
          results,
          (own) => atMost(median(against(own)), MOST, " ×"),
        ),
      ],
    };
  },
};
