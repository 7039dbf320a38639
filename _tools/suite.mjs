// Runs the suite on every engine that is installed, and sums it up.
//
//   npm test                           Deno, Bun and Node
//   npm run test:all                   workerd, Vercel's and browsers too
//   npm test -- node20 firefox         only these engines
//   npm test -- tests/ticker_test.ts   only these files
//   npm test -- --filter=TEXT          only tests whose full name has TEXT
//   npm test -- --skipped              says which tests were skipped where

import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { findEngines, root } from "./engines.mjs";
import { documentationLine, killAll, suiteLine } from "./native_lines.mjs";
import { save } from "./results.mjs";
import { printTable } from "./table.mjs";
import { edgeId, webIds, webLines } from "./web/lines.mjs";

const limit = 10 * 60_000;

const engines = findEngines();
const ids = [...engines.map(({ id }) => id), ...webIds, edgeId];
const chosen = new Set();
const files = [];
let filter = "";
let isAll = false;
let namesSkipped = false;
for (const value of process.argv.slice(2).filter(Boolean)) {
  if (value.startsWith("--filter=")) filter = value.slice("--filter=".length);
  else if (value === "--all") isAll = true;
  else if (value === "--skipped") namesSkipped = true;
  else if (ids.includes(value) || value === "doc") chosen.add(value);
  else if (value.endsWith("_test.ts") && existsSync(join(root, value))) {
    files.push(value);
  } else {
    console.error(
      `'${value}' is neither a file nor one of: ${ids.join(", ")}, doc`,
    );
    process.exit(2);
  }
}
const whole = files.length === 0 && filter === "";
if (files.length === 0) {
  files.push(
    ...readdirSync(join(root, "tests"), { recursive: true })
      .filter((name) => name.endsWith("_test.ts"))
      .map((name) => join("tests", name).replaceAll("\\", "/"))
      .sort(),
  );
}

const temporary = mkdtempSync(join(tmpdir(), "runner-suite-"));
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    killAll();
    rmSync(temporary, { recursive: true, force: true });
    process.exit(1);
  });
}

function linesFor(engine) {
  const lines = [];
  if (chosen.size === 0 || chosen.has(engine.id)) {
    lines.push(suiteLine(engine, files, temporary));
  }
  const wanted = chosen.has("doc") || (whole && lines.length > 0);
  if (engine.kind === "deno" && wanted) {
    lines.push(documentationLine(engine, temporary));
  }
  return lines.filter(Boolean);
}

function print(label, { failures, remarks, output }) {
  for (const { name, message, detail } of failures) {
    const text = detail.trim();
    console.log(`\nFAILED on ${label}: ${name}`);
    if (message && !text.includes(message.split("\n")[0])) console.log(message);
    if (text) console.log(text.split("\n").slice(-80).join("\n"));
  }
  if (failures.length > 0) {
    for (const remark of remarks) console.log(`\n${label} remarks: ${remark}`);
  }
  if (output) {
    const last = output.trimEnd().split("\n").slice(-200).join("\n");
    console.log(`\nWhat ${label} said:\n${last}`);
  }
}

const results = [];
const lines = [
  ...engines.flatMap(linesFor),
  ...await webLines(
    [...webIds, ...(whole ? [edgeId] : [])]
      .filter((id) => isAll || chosen.has(id)),
    temporary,
  ),
];
for (const { label, version, hint, run } of lines) {
  if (!run) {
    // Where all are to be had, as in the check of a commit, none may be missing.
    const isNeeded = chosen.size > 0 || (isAll && process.env.CI);
    console.log(
      `${label}: not installed${hint ? `; ${hint}` : " on this platform"}`,
    );
    if (isNeeded) {
      results.push({ label, passed: 0, skipped: [], failed: 1, seconds: 0 });
    }
    continue;
  }
  process.stdout.write(`${label} ${version} …`);
  const started = performance.now();
  const result = await run({ files, filter, limit });
  const seconds = (performance.now() - started) / 1000;
  console.log(` ${seconds.toFixed(1)} s`);
  print(label, result);
  if (namesSkipped) {
    for (const name of result.skipped) console.log(`  skipped: ${name}`);
  }
  const { passed, skipped, failures } = result;
  const failed = failures.length;
  results.push({ label, version, passed, skipped, failed, seconds });
}
rmSync(temporary, { recursive: true, force: true });

const header = ["engine", "version", "passed", "skipped", "failed", "seconds"];
const rows = results.map((result) => [
  result.label,
  result.version ?? "-",
  ...[result.passed, result.skipped.length, result.failed].map(String),
  result.seconds.toFixed(1),
]);
console.log();
printTable(header, rows, 2);
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const [passed, failed] = [sum("passed"), sum("failed")];
if (whole && isAll && chosen.size === 0) {
  save("engines", { header, rows, passed, failed });
}
if (results.length === 0) console.log("No engine to run on");
console.log(`\n${passed} passed, ${failed} failed`);
// A browser that is slow to end need not be waited for.
process.exit(failed > 0 || results.length === 0 ? 1 : 0);
