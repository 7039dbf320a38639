// Writes the package as npm users get it.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { environment, findEngines, root } from "./engines.mjs";

const deno = findEngines().find(({ id }) => id === "deno")?.binary;
if (!deno) {
  console.error("Deno is not installed on this platform: nothing is packed.");
  process.exit(1);
}
const { status } = spawnSync(deno, [
  "pack",
  "--allow-dirty",
  // They would hold the paths of this machine.
  "--no-source-maps",
  "-o",
  "golib-runner.tgz",
], { cwd: root, stdio: "inherit", env: environment() });
process.exitCode = status ?? 1;
