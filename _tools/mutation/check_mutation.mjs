// Breaks the core in every way that Stryker knows, one after the other, and counts
// which of them a test notices:
//
//   npm run test:mutation                                   the whole core
//   npm run test:mutation -- --mutate _internal/errors.ts   these files
//
// What is not noticed is to be killed by a new test, or explained in
// `explained.mjs`.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { environment, findEngines, ownNode, root } from "../engines.mjs";
import { install } from "../install.mjs";
import { save } from "../results.mjs";
import { printTable } from "../table.mjs";
import { explained } from "./explained.mjs";

// In percent, of what is broken and reached by a test or not.
const LEAST = 90;

const [option, ...files] = process.argv.slice(2);
if (option !== undefined && (option !== "--mutate" || files.length === 0)) {
  console.error("Usage: npm run test:mutation [-- --mutate FILE…]");
  process.exit(2);
}
install("_tools/mutation", "Stryker");

// It needs Node 22; the newest has types that need no translation, and `using`.
const newest = findEngines(["node26", ownNode]).find(({ binary }) => binary);
const report = join(root, ".results/mutation-report.json");
rmSync(report, { force: true });
const stryker = "_tools/mutation/node_modules/@stryker-mutator/core";
const { status } = spawnSync(newest.binary, [
  join(root, stryker, "bin/stryker.js"),
  "run",
  "_tools/mutation/stryker.config.mjs",
  ...(files.length > 0 ? ["--mutate", files.join()] : []),
], {
  cwd: root,
  env: environment(),
  stdio: "inherit",
  timeout: 3 * 3_600_000,
});
if (status !== 0) {
  console.error("Stryker itself failed.");
  process.exit(1);
}

const shortened = (text) => text.replace(/\s+/g, " ").slice(0, 80);

/** What a mutant is known by, whatever becomes of the lines around it. */
function described(source, { location: { start, end }, replacement }) {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const [line] = lines;
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return [line.trim(), shortened(lines.join("\n")), shortened(replacement)];
}

const used = new Set();
const isExplained = (mutant) =>
  explained.some(({ mutants }) =>
    mutants.some((each) => {
      const isSame = each.every((text, index) => text === mutant[index]);
      if (isSame) used.add(each);
      return isSame;
    })
  );

const rows = [];
const unexplained = [];
const total = { killed: 0, hung: 0, explained: 0, survived: 0 };
const score = ({ killed, hung, explained, survived }) =>
  (killed + hung) / (killed + hung + explained + survived) * 100;
const row = (name, counts) => [
  name,
  ...Object.values(counts).map(String),
  `${(Math.floor(score(counts) * 10) / 10).toFixed(1)} %`,
];
const reported = JSON.parse(readFileSync(report, "utf8")).files;
for (const [file, { source, mutants }] of Object.entries(reported).sort()) {
  const counts = { killed: 0, hung: 0, explained: 0, survived: 0 };
  for (const mutant of mutants) {
    if (mutant.status === "Killed") counts.killed++;
    else if (mutant.status === "Timeout") counts.hung++;
    else if (mutant.status === "Survived") {
      const description = described(source, mutant);
      if (isExplained([...description, file])) counts.explained++;
      else {
        counts.survived++;
        const { start } = mutant.location;
        unexplained.push([`${file}:${start.line}`, description]);
      }
    }
  }
  for (const key of Object.keys(total)) total[key] += counts[key];
  if (Object.values(counts).some(Boolean)) rows.push(row(file, counts));
}
rows.push(row("all", total));

for (const [place, description] of unexplained) {
  console.log(`survived  ${place}  ${JSON.stringify(description)}`);
}
const isWhole = files.length === 0;
if (isWhole) {
  for (const mutant of explained.flatMap(({ mutants }) => mutants)) {
    if (used.has(mutant)) continue;
    console.log(`explained, but did not survive  ${JSON.stringify(mutant)}`);
  }
}
const header = ["file", "killed", "hung", "explained", "survived", "score"];
printTable(header, rows);
if (isWhole) save("mutation", { header, rows });
const isGood = score(total) >= LEAST && unexplained.length === 0;
console.log(
  isGood
    ? `\nAt least ${LEAST} % are noticed, and the rest is explained.`
    : `\nAt least ${LEAST} % are to be noticed, and the rest to be explained.`,
);
process.exitCode = isGood ? 0 : 1;
