// Installs what a lock file names, where that has changed. Nothing but Node's own
// modules here: this comes before all others.

import { spawnSync } from "node:child_process";
import { lstatSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";

const root = fileURLToPath(new URL("..", import.meta.url));

function changed(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Runs `npm ci` in a folder of the repository, where that is needed. */
export function install(folder, what) {
  const cwd = `${root}/${folder}`;
  const modules = `${cwd}/node_modules`;
  // `npm ci` would empty the folder behind the link, for all who share it.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const installed = changed(`${modules}/.package-lock.json`);
  if (installed > 0 && installed >= changed(`${cwd}/package-lock.json`)) return;
  console.log(`Installing ${what} …`);
  const values = [
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  // npm is a script on some systems and a batch file on others.
  const { status, error } = process.env.npm_execpath
    ? spawnSync(process.execPath, [process.env.npm_execpath, ...values], {
      cwd,
      stdio: "inherit",
    })
    : spawnSync("npm", values, {
      cwd,
      stdio: "inherit",
      shell: process.platform === "win32",
    });
  if (error) throw error;
  if (status !== 0) {
    console.error(`npm ci failed in ${cwd}: what it installs is needed.`);
    process.exit(status ?? 1);
  }
}
