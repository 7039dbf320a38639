import { labels } from "../contenders.mjs";
import { digits, median, quantile, table } from "../statistics.mjs";
import { enginesOf, verdict, where } from "./_common.mjs";

const MS = 10;

/** All rounds' last tenths of the ticks together. */
const last = (own, contender) =>
  where(own, { contender }).flatMap(({ lateness }) => lateness);

export const lateness = {
  title: "1,000 ticks of 10 ms against the grid",

  async measure(bench) {
    const contenders = [
      "ticker",
      "timer",
      "chain",
      "interval",
      "toad-scheduler",
      "effect",
    ];
    const count = bench.size(1_000, 50);
    const results = [];
    for (let round = 0; round < bench.size(2, 1); round++) {
      for (const engine of bench.engines) {
        bench.progress(`round ${round + 1}: ${engine.id}`);
        // At the same time: what holds the machine up holds all of them up.
        const beginAt = Date.now() + 2_000;
        const found = await Promise.all(
          contenders.map((contender, i) =>
            bench.run(engine, "lateness", {
              contender,
              ms: MS,
              count,
              // Not at the same moments.
              beginAt: beginAt + i * (100 + MS / contenders.length),
            })
          ),
        );
        for (const { moments, ...result } of found) {
          results.push({
            engine: engine.id,
            round,
            ...result,
            reached: moments.at(-1)[0],
            lateness: moments.filter(([point]) => point > 0.9 * count)
              .map(([, late]) => round3(late)),
            drift: round > 0 ? [] : moments.filter((_, i) => i % 10 === 0)
              .map(([point, late]) => [point, round3(late)]),
          });
        }
      }
    }
    return results;
  },

  wrong: (results) =>
    results.filter(({ count, ticks, missed, contender, lateness }) =>
      ticks + missed < count || contender === "ticker" &&
        lateness.some((late) => late < -0.01)
    ).map(({ engine, contender, count, ticks, missed }) =>
      `${engine} ${contender}: ${ticks} ticks and ${missed} missed of ${count}, or one before its time`
    ),

  report(results) {
    const text = table(
      [
        "engine",
        "contender",
        "median, ms",
        "p99, ms",
        "worst, ms",
        "missed, told",
      ],
      enginesOf(results).flatMap((engine) => {
        const own = where(results, { engine });
        return [...new Set(own.map(({ contender }) => contender))].map(
          (contender) => {
            const late = last(own, contender);
            const told = where(own, { contender }).map(({ missed }) => missed);
            return [
              engine,
              labels[contender],
              digits(median(late)),
              digits(quantile(late, 0.99)),
              digits(Math.max(...late)),
              contender === "ticker"
                ? told.reduce((sum, missed) => sum + missed)
                : "—",
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
          "the last 100 of 1,000 ticks of 10 ms: median late by ≤ 2 ms",
          results,
          (own) => atMostMs(median(last(own, "ticker"))),
        ),
        verdict(
          "their p99 ≤ 1.5 × that of a bare timer armed for the same moments",
          results,
          (own) => {
            const ratio = quantile(last(own, "ticker"), 0.99) /
              quantile(last(own, "timer"), 0.99);
            return { text: `${digits(ratio)} ×`, ok: ratio <= 1.5 };
          },
        ),
      ],
    };
  },

  /** For the plot. */
  points: (results) =>
    results.filter(({ round }) => round === 0).flatMap((
      { engine, contender, drift },
    ) =>
      drift.map(([point, late]) => ({
        engine,
        contender: labels[contender],
        seconds: point * MS / 1_000,
        late,
      }))
    ),
};

const round3 = (value) => Math.round(value * 1_000) / 1_000;
const atMostMs = (value) => ({ text: `${digits(value)} ms`, ok: value <= 2 });
