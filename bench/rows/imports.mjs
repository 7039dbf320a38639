import { digits, median, spread, table } from "../statistics.mjs";
import { enginesOf, rounds, verdict, where } from "./_common.mjs";

/** The modules of the package as users name them; "." is its main one. */
const names = (results) => [...new Set(results.map(({ name }) => name))];

const PEERS = [
  "croner",
  "toad-scheduler",
  "node-cron",
  "node-schedule",
  "effect",
];

const EMPTY = "an empty module";

const took = ({ milliseconds }) => milliseconds;
const cpu = ({ cpu }) => cpu / 1_000;

export const imports = {
  title: "Import in a fresh process",

  measure(bench) {
    const modules = Object.entries(bench.modules()).map(([name, url]) => ({
      settings: { name, url },
    }));
    const configurations = [
      { settings: { name: EMPTY, url: "data:text/javascript," } },
      ...modules,
      ...PEERS.map((name) => ({ settings: { name, url: name } })),
    ];
    return rounds(
      bench,
      bench.size(5, 1),
      configurations,
      (engine, settings) => bench.run(engine, "imports", settings),
    );
  },

  wrong: (results) =>
    results.filter(({ milliseconds }) => !(milliseconds >= 0))
      .map(({ engine, name }) => `${engine} ${name}: no figure`),

  report(results) {
    const engines = enginesOf(results);
    const text = table(
      [
        "module",
        ...engines.flatMap((engine) => [
          `${engine}: import, ms`,
          "processor's time of the process, ms",
        ]),
      ],
      names(results).map((name) => [
        name,
        ...engines.flatMap((engine) => {
          const its = where(results, { engine, name });
          return [spread(its.map(took)), digits(median(its.map(cpu)))];
        }),
      ]),
    );
    return {
      text,
      verdicts: [
        verdict(
          "import of `.`: ≤ 1.2 × an empty module's + 3 ms",
          results,
          (own) => {
            const of = (name) => median(where(own, { name }).map(took));
            const [ours, empty] = [of("."), of(EMPTY)];
            return {
              text: `${digits(ours)} ms (empty: ${digits(empty)} ms)`,
              ok: ours <= 1.2 * empty + 3,
            };
          },
        ),
        verdict(
          "the same, by the processor's time of the whole process",
          results,
          (own) => {
            const of = (name) => median(where(own, { name }).map(cpu));
            const [ours, empty] = [of("."), of(EMPTY)];
            return {
              text: `${digits(ours)} ms (empty: ${digits(empty)} ms)`,
              ok: ours <= 1.2 * empty + 3,
            };
          },
        ),
      ],
    };
  },
};
