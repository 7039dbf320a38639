// Runs the suite, and sums it up.
//
//   npm test                           on Deno, Bun and the Node that runs this
//   npm run test:all                   on every engine, and thoroughly
//   npm test -- node20 firefox         only these engines
//   npm test -- tests/ticker_test.ts   only these files
//   npm test -- --filter=TEXT          only tests whose full name has TEXT
//   npm test -- --skipped              names what was skipped, as test:all does

import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { engineIds, findEngines, ownNode, root } from "./engines.mjs";
import { documentationLine, killAll, suiteLine } from "./native_lines.mjs";
import { save } from "./results.mjs";
import { printTable } from "./table.mjs";
import { edgeId, webIds, webLines } from "./web/lines.mjs";

const limit = Number(process.env.GOLIB_RUNNER_LIMIT ?? 10 * 60_000);
/** What is shown of failures: of how many, and how many lines of each. */
const shown = { failures: 5, lines: 30 };

/** In each engine, the test that says whether it is the one that was meant. */
const witness = "engine > is the one this run was meant for";

const ids = [...engineIds, ...webIds, edgeId];
const chosen = new Set();
const files = [];
let filter = "";
let isAll = false;
let isAsked = false;
for (const value of process.argv.slice(2).filter(Boolean)) {
  if (value.startsWith("--filter=")) filter = value.slice("--filter=".length);
  else if (value === "--all") isAll = true;
  else if (value === "--skipped") isAsked = true;
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

const usual = isAll ? engineIds : ["deno", "bun", ownNode];
const wanted = chosen.size === 0
  ? usual
  : engineIds.filter((id) => chosen.has(id));
const hasDoc = chosen.has("doc") || (whole && wanted.includes("deno"));
const engines = findEngines(wanted);

let printed = 0;

function print(label, { failures, remarks, output }) {
  for (const { name, message, detail } of failures) {
    console.log(`\nFAILED on ${label}: ${name}`);
    if (!isAll && ++printed > shown.failures) continue;
    const text = detail.trim();
    if (message && !text.includes(message.split("\n")[0])) console.log(message);
    if (text) console.log(text.split("\n").slice(0, shown.lines).join("\n"));
  }
  if (failures.length > 0) {
    for (const remark of remarks) console.log(`\n${label} remarks: ${remark}`);
  }
  if (output) {
    const last = output.trimEnd().split("\n").slice(-shown.lines).join("\n");
    console.log(`\nWhat ${label} printed last:\n${last}`);
  }
}

const all = [];

/** Counts a failure that no test has. */
function fail(result, text) {
  result.failed++;
  console.log(`\nFAILED on ${result.label}: ${text}`);
}

async function runLine({ label, version, hint, run }, result) {
  if (!run) {
    // Where all are to be had, as in the check of a commit, none may be missing.
    const isNeeded = chosen.size > 0 || (isAll && process.env.CI);
    console.log(
      `${label}: not installed${hint ? `; ${hint}` : " on this platform"}`,
    );
    if (isNeeded) fail(result, "it is not installed");
    return;
  }
  const started = performance.now();
  const found = await run({ files, filter, limit, isThorough: isAll });
  result.seconds = (performance.now() - started) / 1000;
  console.log(`${label} ${version}: ${result.seconds.toFixed(1)} s`);
  print(label, found);
  result.version = version;
  result.passed = found.passed;
  result.skipped = found.skipped;
  result.failed = found.failures.length;
  if (found.skipped.includes(witness)) {
    fail(result, "nothing says which engine it is");
  }
}

const lines = [
  ...(hasDoc ? [documentationLine(findEngines(["deno"])[0], temporary)] : []),
  ...engines.map((engine) => suiteLine(engine, files, temporary)),
  ...await webLines(
    [...webIds, ...(whole ? [edgeId] : [])]
      .filter((id) => isAll || chosen.has(id)),
    temporary,
  ),
];
for (const { label } of lines) {
  all.push({ label, passed: 0, skipped: [], failed: 0, seconds: 0 });
}
// One more at a time than there are processors: each uses no more than one, and
// waits in between. Node, which takes longest, is not left for last.
const waiting = [...lines.keys()].reverse().values();
async function work() {
  for (const index of waiting) await runLine(lines[index], all[index]);
}
await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
rmSync(temporary, { recursive: true, force: true });
const results = all.filter(({ version, failed }) => version || failed > 0);

// The suite is one: where an engine has fewer tests, some were lost in silence.
const suites = results.filter(({ label, failed }) =>
  ids.includes(label) && label !== edgeId && failed === 0
);
const countOf = ({ passed, skipped }) => passed + skipped.length;
const most = Math.max(...suites.map(countOf));
for (const result of suites) {
  const count = countOf(result);
  if (count < most) fail(result, `it has ${count} of ${most} tests`);
}

if (isAsked || (isAll && whole)) {
  const where = new Map();
  for (const { label, skipped } of results) {
    for (const name of skipped) {
      where.set(name, [...(where.get(name) ?? []), label]);
    }
  }
  console.log("\nSkipped, and by which engines:");
  for (const [name, labels] of where) {
    console.log(`  ${name} (${labels.join(", ")})`);
  }
}

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
const skipped = results.reduce((all, each) => all + each.skipped.length, 0);
if (whole && isAll && chosen.size === 0) {
  save("engines", { header, rows, passed, failed, skipped });
}
if (results.length === 0) console.log("No engine to run on");
if (whole && !isAll && chosen.size === 0) {
  console.log("\n`npm run test:all` does more, on more engines.");
}
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
// A browser that is slow to end need not be waited for.
process.exit(failed > 0 || results.length === 0 ? 1 : 0);
