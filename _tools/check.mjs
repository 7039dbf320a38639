// Everything that can be said of the code without running it.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { install } from "./install.mjs";
import { environment, findDeno, root } from "./engines.mjs";

install("_tools/lint", "the linters and the compiler");
const deno = findDeno();
const exported = Object.values(
  JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).exports,
);
const rest = ["tests", "examples", "bench", "_tools"]
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((name) => join(folder, name))
      .filter((name) => name.endsWith(".ts"))
      .filter((name) => !name.includes("node_modules"))
      // Their own part checks them, beside what they are built on.
      .filter((name) => !name.startsWith(join("examples", "services")))
  )
  // It is for Node, whose types have what Deno's lack.
  .filter((name) => name !== join("_tools", "std", "bdd.ts"));
const modules = exported.map((path) => dirname(path))
  .map((folder) => folder === "." ? [] : [folder])
  .flat().concat("mod.ts", "runner.ts", "tools.ts", "_internal", "examples");
const offline = "--config=deno.offline.json";
// The linter looks for it where this project has no links to binaries.
const tsgolint = join(
  root,
  "_tools/lint/node_modules/oxlint-tsgolint/bin/tsgolint.js",
);
const typescript = "_tools/lint/node_modules/typescript/bin/tsc";

const steps = [
  ["format", deno, ["fmt", "--check", "--quiet"]],
  ["lint", deno, ["lint", "--quiet"]],
  ["types: the modules, by Deno", deno, ["check", "--quiet", ...exported]],
  ["types: the rest, by Deno", deno, ["check", "--quiet", offline, ...rest]],
  ["types: the modules on web standards alone, by tsc", process.execPath, [
    typescript,
    "--project",
    "_tools/tsconfig.web.json",
  ]],
  ["types: everything, by tsc", process.execPath, [typescript]],
  ["types: those that users of npm get", process.execPath, [
    "_tools/declarations.mjs",
  ]],
  ["promises and import cycles", process.execPath, [
    "_tools/lint/node_modules/oxlint/bin/oxlint",
    "--type-aware",
    ...modules,
  ]],
  ["rules of the house", process.execPath, ["_tools/guard.mjs"]],
  ["spelling", process.execPath, [
    "_tools/lint/node_modules/cspell/bin.mjs",
    "--no-progress",
    "--quiet",
    ".",
  ]],
  ["docs/options.md", process.execPath, ["_tools/options.mjs"]],
  ["documentation", deno, ["doc", "--lint", "--quiet", ...exported]],
  ["package", deno, ["publish", "--dry-run", "--allow-dirty", "--quiet"]],
];

let failed = 0;
for (const [name, binary, values] of steps) {
  const { status, stdout, stderr } = spawnSync(binary, values, {
    cwd: root,
    encoding: "utf8",
    env: environment({ OXLINT_TSGOLINT_PATH: tsgolint }),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 5 * 60_000,
  });
  console.log(`${status === 0 ? "ok    " : "FAILED"}  ${name}`);
  if (status === 0) continue;
  failed++;
  console.log(`${stdout ?? ""}${stderr ?? ""}`);
}
console.log(`\n${steps.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
