// All parts of the check of a commit, one after the other: `.ci/run` runs this.
//
//   node _tools/ci.mjs                  all of them
//   node _tools/ci.mjs package clocks   only these
//
// The last line sums up what each part says in its own last line. A part that
// says nothing there counts as one; one that ends badly never counts as passed.

import { spawn } from "node:child_process";
import process from "node:process";
import { root } from "./engines.mjs";
import { printTable } from "./table.mjs";

const minute = 60_000;
const limit = 30 * minute;

/** Each part, by the values that `run.mjs` takes. */
const parts = {
  check: ["check"],
  size: ["size"],
  package: ["test:package"],
  clocks: ["test:clocks"],
  main: ["test:main"],
  context: ["test:context"],
  examples: ["examples"],
  services: ["services"],
  compare: ["compare", "node24", "hono", "aborts"],
  "bench:core": ["each", "bench/core.ts", "--smoke"],
  bench: ["bench", "--smoke"],
  leaks: ["leaks", "--smoke"],
  stops: ["test:stops", "--smoke"],
  load: ["load", "--smoke"],
  observability: ["test:observability"],
  schedules: ["schedules"],
  coordination: ["coordination"],
  chaos: ["chaos", "ci"],
  otp: ["otp"],
  explore: ["explore", "--smoke"],
  worker: ["test:worker"],
  suite: ["test:all"],
};
/** Those whose last line must say how many passed and failed. */
const counted = new Set([
  "otp",
  "explore",
  "check",
  "package",
  "clocks",
  "main",
  "examples",
  "services",
  "bench:core",
  "leaks",
  "load",
  "observability",
  "schedules",
  "worker",
  "stops",
  "coordination",
  "chaos",
  "suite",
]);

const asked = process.argv.slice(2);
const stranger = asked.find((each) => !Object.hasOwn(parts, each));
if (stranger) {
  console.error(
    `'${stranger}' is none of: ${Object.keys(parts).join(", ")}`,
  );
  process.exit(2);
}

let child;
// A group of its own, so that nothing that a part started outlives it.
const isGroup = process.platform !== "win32";
function send(part, signal) {
  try {
    if (isGroup) process.kill(-part.pid, signal);
    else part.kill(signal);
  } catch {
    // It has ended already.
  }
}

/** Lets a part end what is in groups of their own, and then ends the part. */
function end(part) {
  send(part, "SIGTERM");
  setTimeout(send, 5_000, part, "SIGKILL").unref();
}
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    if (!child || child.exitCode !== null) process.exit(1);
    child.once("close", () => process.exit(1));
    end(child);
  });
}

/** Runs a part; resolves to its exit code and the end of what it said. */
function run(values) {
  return new Promise((resolve) => {
    child = spawn(process.execPath, ["_tools/run.mjs", ...values], {
      cwd: root,
      detached: isGroup,
      env: { ...process.env, CI: "true" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      process.stdout.write(text);
      said = (said + text).slice(-10_000);
    });
    child.stderr.pipe(process.stderr, { end: false });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      console.log(`It did not end within ${limit / minute} minutes`);
      end(child);
    }, limit);
    const settle = (code) => {
      clearTimeout(timer);
      resolve({ ok: code === 0 && !late, said });
    };
    child.on("error", (error) => {
      console.log(String(error));
      settle(1);
    });
    child.on("close", settle);
    // What a part left behind may hold its output open.
    child.on("exit", (code) => setTimeout(settle, 10_000, code).unref());
  });
}

/** What a part came to; its exit code has the last word. */
function counts(name, { ok, said }) {
  const line = said.trimEnd().split("\n").at(-1) ?? "";
  const found = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line);
  const [passed, failed, skipped] = found
    ? found.slice(1).map((each) => Number(each ?? 0))
    : [ok && !counted.has(name) ? 1 : 0, 0, 0];
  const isWrong = failed === 0 && (!ok || passed === 0);
  return { passed, failed: isWrong ? 1 : failed, skipped };
}

const results = [];
for (const [name, values] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n=== ${name}`);
  const began = performance.now();
  const result = counts(name, await run(values));
  const seconds = (performance.now() - began) / 1_000;
  console.log(`=== ${name} took ${seconds.toFixed(0)} s`);
  results.push({ name, seconds, ...result });
}

const numbers = ["passed", "failed", "skipped", "seconds"];
const sum = (key) => results.reduce((all, each) => all + each[key], 0);
const cells = (name, of) => [name, ...numbers.map((key) => of(key).toFixed(0))];
console.log();
printTable(["part", ...numbers], [
  ...results.map((each) => cells(each.name, (key) => each[key])),
  cells("all", sum),
]);
const [passed, failed, skipped] = numbers.map(sum);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
