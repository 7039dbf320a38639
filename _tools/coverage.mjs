// How much of the core the suite covers, lines and branches, on Deno:
// `npm run coverage`. Files may be named, to look at some tests only.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { environment, findEngines, root } from "./engines.mjs";

const deno = findEngines().find(({ id }) => id === "deno")?.binary;
if (!deno) {
  console.error("Deno is not installed on this platform.");
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "runner-coverage-"));
const files = process.argv.slice(2);
const core =
  /(^|[/\\])((mod|runner|tools)\.ts|(start_stop|ticker|_internal)[/\\]\w+\.ts)$/;
const others = /(^|[/\\])(reload|schedule|shutdown|supervisor)[/\\]/;

function run(values, stdio) {
  return spawnSync(deno, values, {
    cwd: root,
    env: environment(),
    encoding: "utf8",
    stdio,
    timeout: 15 * 60_000,
  });
}

let failed = 0;
try {
  const { status } = run([
    "test",
    "--allow-all",
    "--no-check",
    "--quiet",
    "--config=deno.offline.json",
    `--coverage=${folder}`,
    ...(files.length > 0 ? files : ["tests"]),
  ], ["ignore", "ignore", "inherit"]);
  if (status !== 0) {
    console.error("The tests failed, or took too long.");
    failed++;
  }
  const { stdout } = run(["coverage", folder], ["ignore", "pipe", "inherit"]);
  for (const line of stdout.split("\n")) {
    const cells = line.split("|").map((cell) => cell.trim());
    const [, name, branches, , lines] = cells;
    const file = core.exec(name ?? "")?.[2];
    // The lists of names of the modules beside the core are not of it.
    if (!file || others.test(name)) continue;
    const isFull = Number(branches) === 100 && Number(lines) === 100;
    if (!isFull) failed++;
    console.log(
      `${isFull ? "full" : "GAPS"}  ${file}: ` +
        `${branches} % of branches, ${lines} % of lines`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
