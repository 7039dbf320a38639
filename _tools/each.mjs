// Runs one file on each engine in turn: `node _tools/run.mjs each FILE [values]`.
// Engines may be named before the file.

import { spawnSync } from "node:child_process";
import process from "node:process";
import {
  engineIds,
  environment,
  fileCommand,
  findEngines,
  root,
} from "./engines.mjs";

const values = process.argv.slice(2);
const chosen = new Set();
while (engineIds.includes(values[0])) chosen.add(values.shift());
const [file, ...rest] = values;
if (!file) {
  console.error("Which file? Usage: node _tools/run.mjs each [engine] FILE");
  process.exit(2);
}
let passed = 0;
let failed = 0;
const engines = findEngines(chosen.size > 0 ? [...chosen] : engineIds);
for (const { id, kind, binary, version } of engines) {
  if (!binary) {
    console.log(`\n${id}: not installed on this platform`);
    // In the check of a commit none may be missing.
    if (process.env.CI) failed++;
    continue;
  }
  console.log(`\n${kind} ${version}`);
  const { status } = spawnSync(binary, fileCommand(kind, file, rest), {
    cwd: root,
    env: environment(),
    stdio: "inherit",
  });
  if (status === 0) passed++;
  else failed++;
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
