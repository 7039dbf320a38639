// Runs each case of bench/leaks.ts in a process of its own: by its end that shows
// that nothing keeps it alive.
//
//   npm run test:leaks -- [engine...] [--smoke]

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import {
  environment,
  fileCommand,
  findEngines,
  ownNode,
  root,
} from "./engines.mjs";

const FILE = "bench/leaks.ts";
// After what it says last, a process has nothing more to do.
const PATIENCE = 10_000;

const values = process.argv.slice(2).filter(Boolean);
const flags = values.filter((value) => value.startsWith("--"));
const named = values.filter((value) => !flags.includes(value));
const ids = named.length > 0 ? named : ["deno", "bun", ownNode];

/** Whether a case keeps nothing, and its process ends by itself. */
async function run({ binary, kind }, which) {
  const child = spawn(binary, fileCommand(kind, FILE, [which, ...flags]), {
    cwd: root,
    env: environment({ NODE_NO_WARNINGS: "1" }),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let limit;
  let isKept = false;
  child.stdout.on("data", (text) => {
    process.stdout.write(text);
    limit ??= setTimeout(() => {
      isKept = true;
      child.kill("SIGKILL");
    }, PATIENCE);
  });
  const [code] = await once(child, "close");
  clearTimeout(limit);
  if (isKept) console.log("  LEAKS, something keeps the process alive");
  else if (!limit) console.log("  LEAKS, the process ended without a word");
  return code === 0 && limit !== undefined;
}

let passed = 0;
let failed = 0;
for (const engine of findEngines(ids)) {
  if (!engine.binary) {
    console.log(`${engine.id}: not installed on this platform`);
    // In the check of a commit none may be missing.
    if (process.env.CI) failed++;
    continue;
  }
  const { stdout } = spawnSync(engine.binary, fileCommand(engine.kind, FILE), {
    cwd: root,
    env: environment({ NODE_NO_WARNINGS: "1" }),
    encoding: "utf8",
  });
  console.log(`${engine.kind} ${engine.version}:`);
  for (const which of JSON.parse(stdout).keys()) {
    if (await run(engine, String(which))) passed++;
    else failed++;
  }
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
