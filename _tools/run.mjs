// The way in for all npm scripts: plain JavaScript on nothing but Node's own
// modules, so that it can install what the rest needs. What a script is for
// stands in package.json, as a last value that begins with "# ".

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { install } from "./install.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Ends as the child does. */
function become(values) {
  const child = spawn(process.execPath, values, {
    cwd: root,
    stdio: "inherit",
  });
  for (const name of ["SIGINT", "SIGTERM"]) {
    process.on(name, () => {
      // A terminal sends Ctrl-C to the child as well; a second one means "now".
      if (name === "SIGINT" && process.stdin.isTTY) return;
      child.kill(name);
    });
  }
  child.on("exit", (code, signal) => process.exit(signal ? 1 : code));
}

/** Each npm script and what it is for. */
function help() {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json")));
  for (const [name, script] of Object.entries(scripts)) {
    const [, about = ""] = /"# (.*?)"/.exec(script) ?? [];
    console.log(`npm run ${name.padEnd(16)} ${about}`);
  }
}

const [task, ...rest] = process.argv.slice(2)
  .filter((value) => !value.startsWith("# "));
const tasks = {
  start: () => [
    "--import",
    "tsx",
    "examples/service.ts",
    ...(rest.length > 0 ? rest : ["--seconds", "10"]),
  ],
  test: () => ["_tools/suite.mjs", ...rest],
  "test:all": () => ["_tools/suite.mjs", "--all", ...rest],
  "test:package": () => ["_tools/package/check_package.mjs", ...rest],
  "test:clocks": () => ["_tools/clocks/check_clocks.mjs", ...rest],
  "test:observability": () => ["integration/observability/main.mjs", ...rest],
  "test:context": () => ["integration/context/main.mjs", ...rest],
  "test:main": () => ["integration/main/main.mjs", ...rest],
  "test:mutation": () => ["_tools/mutation/check_mutation.mjs", ...rest],
  tables: () => ["_tools/tables.mjs", ...rest],
  check: () => ["_tools/check.mjs", ...rest],
  format: () => ["_tools/format.mjs", ...rest],
  each: () => ["_tools/each.mjs", ...rest],
  services: () => ["examples/services/main.mjs", ...rest],
  examples: () => ["_tools/examples.mjs", ...rest],
  compare: () => ["examples/compare/main.mjs", ...rest],
  docs: () => ["_tools/docs.mjs", ...rest],
  pack: () => ["_tools/pack.mjs", ...rest],
  chaos: () =>
    rest[0] === "ci"
      ? ["integration/coordination/chaos/ci.mjs"]
      : ["integration/coordination/chaos/main.mjs", ...rest],
  coordination: () => ["integration/coordination/main.mjs", ...rest],
  schedules: () => ["integration/schedules/main.mjs", ...rest],
  otp: () => ["--import", "tsx", "integration/otp/main.ts", ...rest],
  explore: () => ["integration/explore/main.mjs", ...rest],
  "explore:broken": () => ["integration/explore/broken.mjs", ...rest],
  size: () => ["_tools/size.mjs", ...rest],
  "test:worker": () => ["integration/worker/main.mjs", ...rest],
  "bench:worker": () => ["bench/worker/main.mjs", ...rest],
  "bench:http": () => ["integration/stops/cost.mjs", ...rest],
  "bench:admission": () => ["bench/admission/main.mjs", ...rest],
  "bench:observability": () => ["integration/observability/bench.mjs", ...rest],
  bench: () => ["bench/main.mjs", ...rest],
  leaks: () => ["_tools/leaks.mjs", ...rest],
  load: () => [
    "_tools/each.mjs",
    "deno",
    "bun",
    `node${process.versions.node.split(".")[0]}`,
    "bench/load.ts",
    ...rest,
  ],
  coverage: () => ["_tools/coverage.mjs", ...rest],
  "test:stops": () => ["integration/stops/main.mjs", ...rest],
  broken: () => ["_tools/broken.mjs", ...rest],
  soak: () => ["_tools/soak.mjs", ...rest],
  flaky: () => ["_tools/flaky.mjs", ...rest],
};
if (task === undefined || task === "help") {
  help();
} else if (Object.hasOwn(tasks, task)) {
  install(".", "what the examples and the tests import");
  become(tasks[task]());
} else {
  console.error(`There is no '${task}'; these are there:\n`);
  help();
  process.exitCode = 2;
}
