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
  whole,
} from "./_common.mjs";

// What is to be reached: bytes each, and times a bare interval's processor time.
const MEMORY = { node24: 680, deno: 464, bun: 418 };
const ALONE = { node24: 1.15, deno: 1.3, bun: 1.5 };
const IN_CONTEXTS = { node24: 1.4, deno: 3, bun: 1.8 };

export const steady = {
  title: "100,000 at one second: processor and memory",

  measure(bench) {
    const many = bench.size(100_000, 300);
    const few = bench.size(10_000, 30);
    const configuration = (contender, count, upTo) => ({
      upTo,
      settings: {
        contender,
        count,
        low: 1_000,
        high: 1_000,
        settle: 2_300,
        window: 1_000,
        windows: bench.size(2, 1),
      },
    });
    return rounds(bench, bench.size(3, 1), [
      configuration("ticker", many),
      configuration("interval", many),
      configuration("ticker without context", many),
      configuration("ticker in contexts", many),
      configuration("interval in contexts", many),
      configuration("chain", many, 1),
      configuration("toad-scheduler", many, 1),
      configuration("effect", many, 1),
      // These take seconds to start more.
      configuration("croner", few, 1),
      configuration("node-cron", few, 1),
      configuration("node-schedule", few, 1),
    ], (engine, settings) => bench.run(engine, "steady", settings));
  },

  wrong(results) {
    return results.flatMap((result) => {
      const { engine, contender, count, first, measured } = result;
      const ticks = first + measured.reduce((sum, { ticks }) => sum + ticks, 0);
      const who = `${engine} ${contender}:`;
      return [
        ...ticks >= count ? [] : [`${who} ${ticks} ticks of ${count} at work`],
        ...result.ticksAfterStop === 0
          ? []
          : [`${who} ${result.ticksAfterStop} ticks after the stop`],
      ];
    });
  },

  report(results) {
    const against = (contender, base = "interval") => (own) =>
      ratios(
        own,
        ["contender", contender],
        ["contender", base],
        (result) => perTick(result),
      );
    const text = enginesOf(results).map((engine) => {
      const own = where(results, { engine });
      const contenders = [...new Set(own.map((result) => result.contender))];
      const base = median(
        where(own, { contender: "interval" }).map((result) => perTick(result)),
      );
      return `### ${engine}\n\n${
        table(
          [
            "contender",
            "how many",
            "CPU per tick, µs",
            "× setInterval",
            "own thread, µs",
            "bytes each",
            "resident bytes each",
            "start, µs each",
          ],
          contenders.map((contender) => {
            const its = where(own, { contender });
            const paired = its[0].count === own[0].count
              ? against(contender)(own)
              : its.map((result) => perTick(result) / base);
            return [
              labels[contender],
              whole(its[0].count),
              spread(its.map((result) => perTick(result))),
              spread(paired),
              spread(
                its.map((result) => perTick(result, "thread"))
                  .filter((value) => !Number.isNaN(value)),
              ),
              spread(its.map(({ bytes }) => bytes)),
              spread(its.map(({ rss }) => rss)),
              spread(its.map(({ startMicroseconds }) => startMicroseconds)),
            ];
          }),
        )
      }`;
    }).join("\n\n");
    return {
      text,
      verdicts: [
        verdict(
          "100,000 tickers at 1 s in no context: CPU per tick ≤ 1.15, 1.5, 1.3 × bare `setInterval` (Node, Bun, Deno)",
          results,
          (own, engine) =>
            atMost(
              median(against("ticker without context")(own)),
              ALONE[engine],
              " ×",
            ),
        ),
        verdict(
          "each in a context of its own: ≤ 1.4, 1.8, 3 × bare intervals started so",
          results,
          (own, engine) =>
            atMost(
              median(
                against("ticker in contexts", "interval in contexts")(own),
              ),
              IN_CONTEXTS[engine],
              " ×",
            ),
        ),
        verdict(
          "memory per running ticker ≤ 680, 418, 464 bytes (Node, Bun, Deno)",
          results,
          (own, engine) =>
            atMost(
              median(
                where(own, { contender: "ticker" }).map(({ bytes }) => bytes),
              ),
              MEMORY[engine],
              " bytes",
            ),
        ),
      ],
    };
  },
};
