import { labels } from "../contenders.mjs";
import { digits, median, spread, table } from "../statistics.mjs";
import { enginesOf, verdict, where } from "./_common.mjs";

// The clock of the processor's time and an engine's own housekeeping are not finer.
const NOTHING = 20;

const milliseconds = ({ measured }) => measured[0].cpu / 1_000;

export const idle = {
  title: "10,000 with an interval of one hour, for ten seconds",

  async measure(bench) {
    const contenders = [
      "none",
      "ticker",
      "interval",
      "chain",
      "croner",
      "toad-scheduler",
      "node-cron",
      "node-schedule",
      "effect",
    ];
    const results = [];
    for (let round = 0; round < 1; round++) {
      for (const engine of bench.engines) {
        bench.progress(`round ${round + 1}: ${engine.id}`);
        // Side by side, as they do nothing; settled when the last has started.
        const found = await Promise.all(
          contenders.map((contender) =>
            bench.run(engine, "steady", {
              contender,
              count: bench.size(10_000, 20),
              low: 3_600_000,
              high: 3_600_000,
              settle: bench.size(12_000, 100),
              window: bench.size(10_000, 300),
              windows: 1,
            })
          ),
        );
        for (const result of found) {
          results.push({ engine: engine.id, round, ...result });
        }
      }
    }
    return results;
  },

  // On the hour those that go by the clock on the wall do tick.
  wrong: (results) =>
    results.filter(({ first, contender }) =>
      first > 0 && ["ticker", "interval", "chain", "effect"].includes(contender)
    ).map(({ engine, contender, first }) =>
      `${engine} ${contender}: ${first} ticks before the hour`
    ),

  report(results) {
    const contenders = [...new Set(results.map(({ contender }) => contender))];
    const engines = enginesOf(results);
    const text = table(
      ["contender", ...engines.map((engine) => `${engine}, ms`)],
      contenders.map((contender) => [
        labels[contender],
        ...engines.map((engine) =>
          spread(where(results, { engine, contender }).map(milliseconds))
        ),
      ]),
    );
    return {
      text,
      verdicts: [
        verdict(
          `10,000 tickers with 1 h: no measurable CPU in 10 s (at most ${NOTHING} ms above an empty process)`,
          results,
          (own) => {
            const of = (contender) =>
              median(where(own, { contender }).map(milliseconds));
            const [ticker, none] = [of("ticker"), of("none")];
            return {
              text: `${digits(ticker)} ms (empty: ${digits(none)} ms)`,
              ok: ticker - none <= NOTHING,
            };
          },
        ),
      ],
    };
  },
};
