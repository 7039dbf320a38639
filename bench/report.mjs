// Writes RESULTS.md and the plots from what was measured.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { environment, findDeno, root } from "../_tools/engines.mjs";
import { draw } from "./plots.mjs";
import { table } from "./statistics.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

export function summary(verdicts) {
  const engines = [
    ...new Set(verdicts.flatMap((verdict) => Object.keys(verdict.engines))),
  ];
  return table(
    ["goal", ...engines],
    verdicts.map(({ goal, engines: reached }) => [
      goal,
      ...engines.map((engine) => {
        const { text, ok } = reached[engine] ?? { text: "—", ok: true };
        return ok ? `${text} ✓` : `**${text} ✗**`;
      }),
    ]),
  );
}

function preface({ machine, ...measured }) {
  const loads = Object.values(measured).map(({ load }) => Number(load));
  const whens = Object.values(measured).map(({ when }) => when).sort();
  const minutes = Object.values(measured).reduce(
    (sum, { seconds }) => sum + seconds,
    0,
  ) / 60;
  return `# Results

Written by \`npm run bench\`; [README.md](README.md) tells how it measures.

- Machine: ${machine.cpu}, ${machine.memory}, ${machine.system}; virtual, and
  **shared with other work**: the load average before the rows was
  ${Math.min(...loads)} to ${Math.max(...loads)}. Absolute times hold only
  roughly; **the ratios are the result**.
- Engines: ${machine.engines.join(", ")}.
- Measured: ${whens[0].slice(0, 16).replace("T", " ")} to
  ${whens.at(-1).slice(0, 16).replace("T", " ")} UTC; ${
    Math.round(minutes)
  } minutes in all.
- A figure is the median of the rounds; the least and the greatest stand in
  brackets. A ratio is taken within each round, then the median of these.
`;
}

const plots = [
  ["growth.svg", "Cost of a tick against the number of tickers"],
  ["drift.svg", "Lateness against time"],
  ["peers.svg", "Cost of a tick, peers side by side"],
];

const cannot = `Where a contender is missing from a table, it cannot do the row:
croner, node-cron and node-schedule take cron expressions, whose smallest unit is
the second, so they are not among those of 10 ms, of 1 ms and of mixed intervals;
a plain cron expression makes all of them tick at the same moment, too. Bare
timers, croner, toad-scheduler, node-cron and node-schedule have no stop that waits
for the work in flight, so a stop costs them less.`;

export function write(data, rows) {
  const { machine: _, ...measured } = data;
  const known = Object.keys(rows).filter((name) => measured[name]);
  const reports = known.map((name) => ({
    name,
    title: rows[name].title,
    ...rows[name].report(measured[name].results),
  }));
  mkdirSync(here("plots"), { recursive: true });
  const drawn = draw(measured, rows);
  for (const [name, svg] of Object.entries(drawn)) {
    writeFileSync(here(`plots/${name}`), svg);
  }
  const parts = [
    preface(data),
    "## Goals\n",
    summary(reports.flatMap(({ verdicts }) => verdicts)),
    "",
    "## Plots\n",
    ...plots.filter(([name]) => drawn[name])
      .map(([name, title]) => `![${title}](plots/${name})\n`),
    cannot,
    ...reports.flatMap(({ name, title, text }) => [
      `\n## ${title}\n`,
      `\`npm run bench -- ${name}\`; the load before it was ${
        measured[name].load
      }.\n`,
      text,
    ]),
  ];
  writeFileSync(here("RESULTS.md"), `${parts.join("\n")}\n`);
  const files = [here("RESULTS.md"), here("results.json")];
  spawnSync(findDeno(), ["fmt", "--quiet", ...files], {
    cwd: root,
    env: environment(),
  });
  console.log("\nWritten: bench/RESULTS.md and bench/plots");
}
