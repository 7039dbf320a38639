// The way in for `npm start` and `npm test`: plain JavaScript on nothing but
// Node's own modules, so that it can install what the rest needs.

import { spawn, spawnSync } from "node:child_process";
import { lstatSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";

const root = fileURLToPath(new URL("..", import.meta.url));

function changed(name) {
  return statSync(`${root}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function run(command, values, options = {}) {
  const { status, signal, error } = spawnSync(command, values, {
    cwd: root,
    stdio: "inherit",
    ...options,
  });
  if (error) throw error;
  return signal ? 1 : status ?? 1;
}

function install() {
  const folder = lstatSync(`${root}/node_modules`, { throwIfNoEntry: false });
  // `npm ci` would empty the folder behind the link, for all who share it.
  if (folder?.isSymbolicLink()) return;
  const installed = changed("node_modules/.package-lock.json");
  if (installed > 0 && installed >= changed("package-lock.json")) return;
  console.log("Installing the engines and tools (once; a minute or so) …");
  const values = [
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  // npm is a script on some systems and a batch file on others.
  const status = process.env.npm_execpath
    ? run(process.execPath, [process.env.npm_execpath, ...values])
    : run("npm", values, { shell: process.platform === "win32" });
  if (status !== 0) {
    console.error("npm ci failed: the tests need the packages it installs.");
    process.exit(status);
  }
}

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

const [task, ...rest] = process.argv.slice(2);
const tasks = {
  start: () => [
    "--import",
    "tsx",
    "examples/http_service.ts",
    ...(rest.length > 0 ? rest : ["--seconds", "10"]),
  ],
  test: () => ["_tools/suite.mjs", ...rest],
  check: () => ["_tools/check.mjs", ...rest],
  each: () => ["_tools/each.mjs", ...rest],
  examples: () => ["_tools/examples.mjs", ...rest],
  size: () => ["_tools/size.mjs", ...rest],
  bench: () => ["bench/main.mjs", ...rest],
};
if (!Object.hasOwn(tasks, task ?? "")) {
  console.error(`Usage: node _tools/run.mjs ${Object.keys(tasks).join("|")}`);
  process.exit(2);
}
install();
become(tasks[task]());
