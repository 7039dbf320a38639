// The library beside its peers, in three small programs:
//
//   npm run compare                  all of them, on Node 24
//   npm run compare -- bun drift     another engine, only this one
//
// It installs the peers first. Their current versions need Node 22 or later.

import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  environment,
  fileCommand,
  findEngines,
  root,
} from "../../_tools/engines.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const programs = ["stop", "drift", "aborts"];

function install() {
  const time = (name) =>
    statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const installed = time("node_modules/.package-lock.json");
  if (installed > 0 && installed >= time("package-lock.json")) return;
  console.log("Installing the peers (once) …");
  const values = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { npm_execpath } = process.env;
  const [command, ...rest] = npm_execpath
    ? [process.execPath, npm_execpath, ...values]
    : ["npm", ...values];
  const { status } = spawnSync(command, [...rest, "--loglevel=error"], {
    cwd: folder,
    stdio: "inherit",
    shell: !npm_execpath && process.platform === "win32",
  });
  if (status !== 0) throw new Error("npm ci failed: the peers are not there.");
}

const engines = findEngines().filter(({ binary }) => binary);
const asked = process.argv.slice(2);
const known = [...engines.map(({ id }) => id), ...programs];
const stranger = asked.find((each) => !known.includes(each));
if (stranger) {
  console.error(`'${stranger}' is none of: ${known.join(", ")}`);
  process.exit(2);
}
const chosen = engines.filter(({ id }) => asked.includes(id));
const those = programs.filter((each) => asked.includes(each));

install();
for (
  const { kind, binary, version } of chosen.length > 0
    ? chosen
    : engines.filter(({ id }) => id === "node24")
) {
  for (const program of those.length > 0 ? those : programs) {
    console.log(`\n${program}.mjs on ${kind} ${version}`);
    const { status } = spawnSync(
      binary,
      fileCommand(kind, `examples/compare/${program}.mjs`),
      { cwd: root, env: environment(), stdio: "inherit", timeout: 60_000 },
    );
    if (status !== 0) process.exitCode = 1;
  }
}
