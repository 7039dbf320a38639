import { labels } from "../contenders.mjs";
import { median, spread, table } from "../statistics.mjs";
import { atMost, enginesOf, rounds, verdict, where } from "./_common.mjs";

const titles = {
  pair: "bare controller and promise",
  startStop: "StartStop, ended by its stop function",
  pairSignal: "bare controller, promise and listener",
  startStopSignal: "StartStop, ended by its signal",
  fiber: "Effect fiber",
  ticker: "Ticker of one hour",
};
const names = [
  ...Object.keys(titles),
  "interval",
  "croner",
  "toad-scheduler",
  "node-cron",
  "node-schedule",
  "effect",
];

const against = (own, name, base) =>
  own.map((result) => result[name].p50 / result[base].p50);

export const cycle = {
  title: "One start and one stop",

  measure: (bench) =>
    rounds(bench, bench.size(3, 1), [{
      settings: { names, milliseconds: bench.size(200, 1) },
    }], (engine, settings) => bench.run(engine, "cycle", settings)),

  wrong: (results) =>
    results.flatMap((result) =>
      names.filter((name) => !(result[name].p50 > 0))
        .map((name) => `${result.engine} ${name}: no figure`)
    ),

  report(results) {
    const engines = enginesOf(results);
    const text = table(
      ["what", ...engines.flatMap((engine) => [`${engine}, µs`, "× bare"])],
      names.map((name) => [
        titles[name] ?? `${labels[name]}, one hour`,
        ...engines.flatMap((engine) => {
          const own = where(results, { engine });
          const base = name.endsWith("Signal") ? "pairSignal" : "pair";
          return [
            spread(own.map((result) => result[name].p50)),
            spread(against(own, name, base)),
          ];
        }),
      ]),
    );
    const goal = (how, name, base) =>
      verdict(
        `start + stop of a StartStop ${how}`,
        results,
        (own) => atMost(median(against(own, name, base)), 1.7, " ×"),
      );
    return {
      text,
      verdicts: [
        goal(
          "≤ 1.7 × a bare `AbortController` + promise pair",
          "startStop",
          "pair",
        ),
        goal(
          "that waits for its signal ≤ 1.7 × the same pair with a listener",
          "startStopSignal",
          "pairSignal",
        ),
      ],
    };
  },
};
