// Writes the reference as HTML into a folder that git ignores, and docs/options.md:
// `npm run docs`.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { environment, findDeno, root } from "./engines.mjs";

const deno = findDeno();
const { exports, name } = JSON.parse(
  readFileSync(join(root, "deno.json"), "utf8"),
);
const { status } = spawnSync(deno, [
  "doc",
  "--html",
  `--name=${name}`,
  "--output=.docs",
  ...Object.values(exports),
], { cwd: root, env: environment(), stdio: "inherit" });
process.exitCode = status ?? 1;
spawnSync(process.execPath, ["_tools/options.mjs"], {
  cwd: root,
  stdio: "inherit",
});
