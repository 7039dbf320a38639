// Runs the suite again and again while all processors are kept busy by other work,
// and says what failed how often:
//
//   npm run test:flaky                          20 times on each engine of npm test
//   npm run test:flaky -- --times=3 bun         fewer, on one engine
//   npm run test:flaky -- tests/ticker_test.ts  one file
//
// A test that fails here has a bound in real time that a busy machine breaks.

import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { root } from "./engines.mjs";
import { printTable } from "./table.mjs";

const values = process.argv.slice(2).filter(Boolean);
const times = Number(
  /^--times=(\d+)$/.exec(values.find((each) => each.startsWith("--times")))
    ?.[1] ?? 20,
);
const rest = values.filter((each) => !each.startsWith("--times"));

const burn = "for (;;) Math.sqrt(Math.random());";
const burners = Array.from(
  { length: availableParallelism() },
  () => spawn(process.execPath, ["-e", burn], { stdio: "ignore" }),
);
const stop = () => burners.forEach((each) => each.kill("SIGKILL"));
process.once("exit", stop);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => process.exit(1));
}

/** What one run of the suite printed. */
function run() {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["_tools/suite.mjs", ...rest], {
      cwd: root,
      // The others on this machine may leave little for it.
      env: { ...process.env, GOLIB_RUNNER_LIMIT: String(60 * 60_000) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part) => text += part);
    child.on("close", (code) => resolve({ code, text }));
  });
}

const failures = new Map();
const engines = new Map();
let wrong = 0;
for (let time = 1; time <= times; time++) {
  const { code, text } = await run();
  const summary = text.trimEnd().split("\n").at(-1);
  console.log(`${time} of ${times}: ${summary}`);
  if (code !== 0) wrong++;
  for (const [, where] of text.matchAll(/^FAILED on (.*)$/gm)) {
    failures.set(where, (failures.get(where) ?? 0) + 1);
    if (failures.get(where) === 1) console.log(text.trim());
  }
  const row = /^(\w[\w ]*?) +\S+ +(\d+) +(\d+) +(\d+) +[\d.]+$/gm;
  for (const [, id, passed, , failed] of text.matchAll(row)) {
    const sum = engines.get(id) ?? { runs: 0, red: 0, passed: 0, failed: 0 };
    sum.runs++;
    sum.passed += Number(passed);
    sum.failed += Number(failed);
    if (failed !== "0") sum.red++;
    engines.set(id, sum);
  }
}
console.log();
printTable(
  ["engine", "runs", "red", "passed", "failed"],
  [...engines].map(([id, each]) => [id, ...Object.values(each).map(String)]),
);
for (const [where, count] of failures) console.log(`${count} × ${where}`);
console.log(`\n${times - wrong} passed, ${wrong} failed`);
process.exitCode = wrong > 0 || times === 0 ? 1 : 0;
