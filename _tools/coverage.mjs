// How much of the core the suite covers, lines and branches, on Deno, with what it
// runs in processes of its own: `npm run coverage`. Less than all of both is a
// failure. Files may be named, to look at some tests only.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { environment, findDeno, root } from "./engines.mjs";

const deno = findDeno();
const folder = mkdtempSync(join(tmpdir(), "runner-coverage-"));
const files = process.argv.slice(2);
const core = /^((mod|runner|tools)\.ts|(start_stop|ticker|_internal)\/.+\.ts)$/;

function run(values, extra = {}) {
  return spawnSync(deno, values, {
    cwd: root,
    env: environment({ GOLIB_RUNNER_THOROUGH: "1", ...extra }),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 28,
    timeout: 15 * 60_000,
  });
}

/** The files of a report in the form of lcov, with what no test has reached. */
function* reported(text) {
  for (const record of text.split("end_of_record")) {
    const path = /^SF:(.*)$/m.exec(record)?.[1];
    if (!path) continue;
    const count = (key) =>
      Number(new RegExp(`^${key}:(\\d+)$`, "m").exec(record)?.[1] ?? 0);
    yield {
      name: relative(root, path).replaceAll("\\", "/"),
      lines: [count("LH"), count("LF")],
      branches: [count("BRH"), count("BRF")],
      gaps: new Set(
        [
          ...record.matchAll(/^DA:(\d+),0$/gm),
          ...record.matchAll(/^BRDA:(\d+),.*,(?:0|-)$/gm),
        ].map(([, line]) => Number(line)),
      ),
    };
  }
}

/** Comments that take code out of the count, and do not say why. */
function unexplained(name) {
  const ignores = /(deno-coverage|c8|v8|istanbul) ?-?ignore\S*(.*)$/;
  return readFileSync(join(root, name), "utf8").split("\n")
    .flatMap((line, index) => {
      const found = ignores.exec(line);
      return found && !/\w{3}.*\s\w/.test(found[2]) ? [index + 1] : [];
    });
}

let failed = 0;
let seen = 0;
try {
  const { status, stdout: said } = run([
    "test",
    "--allow-all",
    "--no-check",
    "--quiet",
    "--config=deno.offline.json",
    "--reporter=dot",
    ...(files.length > 0 ? files : ["tests"]),
  ], { DENO_COVERAGE_DIR: folder });
  if (status !== 0) {
    console.error(said.split("\n").slice(-80).join("\n"));
    console.error("The tests failed, or took too long.");
    failed++;
  }
  const { stdout } = run(["coverage", "--lcov", folder]);
  for (const { name, lines, branches, gaps } of reported(stdout)) {
    if (!core.test(name)) continue;
    seen++;
    const percent = ([hit, found]) =>
      found === 0 ? "100" : (Math.floor(hit / found * 1000) / 10).toString();
    const isFull = lines[0] === lines[1] && branches[0] === branches[1];
    const mute = unexplained(name);
    if (!isFull || mute.length > 0) failed++;
    console.log(
      `${isFull ? "full" : "GAPS"}  ${name}: ` +
        `${percent(branches)} % of branches, ${percent(lines)} % of lines` +
        (isFull ? "" : `; line ${[...gaps].sort((a, b) => a - b).join(", ")}`),
    );
    for (const line of mute) {
      console.log(`      ignored without a reason: line ${line}`);
    }
  }
  if (seen === 0) {
    console.error("Nothing of the core was in the report.");
    failed++;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
