// Writes the package as npm users get it.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { environment, findDeno, root } from "./engines.mjs";

const deno = findDeno();
const { status } = spawnSync(deno, [
  "pack",
  "--allow-dirty",
  // They would hold the paths of this machine.
  "--no-source-maps",
  "-o",
  "golib-runner.tgz",
], { cwd: root, stdio: "inherit", env: environment() });
process.exitCode = status ?? 1;
