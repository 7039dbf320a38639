// An hour of ticks under the fake clock of each test runner, in that runner:
// `npm run test:clocks`.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { environment, findEngines, root } from "../engines.mjs";
import { install } from "../install.mjs";
import { pack } from "../pack.mjs";
import { save } from "../results.mjs";
import { printTable } from "../table.mjs";

const here = join(root, "_tools/clocks");
install("_tools/clocks", "Jest, Vitest and fake timers");

const all = findEngines();
const engines = all.filter(({ binary }) => binary);
const of = (id) => engines.find((each) => each.id === id);
const own = engines.find(({ binary }) => binary === process.execPath);
const deno = of("deno");

/** The package in the place where the runners look for it, as npm would put it. */
function installPackage() {
  const temporary = mkdtempSync(join(tmpdir(), "runner-clocks-"));
  const tarball = join(temporary, "package.tgz");
  const target = join(here, "node_modules/@golib/runner");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  pack(tarball);
  const unpack = ["-xzf", tarball, "-C", target, "--strip-components=1"];
  const { status, stderr } = spawnSync("tar", unpack, { encoding: "utf8" });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  rmSync(temporary, { recursive: true, force: true });
}

const modules = join(here, "node_modules");
const versionOf = (name) =>
  JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8")).version;
const nodes = engines.filter(({ kind }) => kind === "node");
const test = ["--test", "--test-reporter=tap"];
const forms = [
  [
    "FakeTime of @std/testing/time",
    `Deno ${deno.version}`,
    deno.binary,
    [
      "test",
      "--no-config",
      "--no-lock",
      "--no-check",
      "--import-map=import_map.json",
      "std.mjs",
    ],
  ],
  [
    `@sinonjs/fake-timers ${versionOf("@sinonjs/fake-timers")}`,
    `Node ${own.version}`,
    own.binary,
    [...test, "sinon.mjs"],
  ],
  [
    `Vitest ${versionOf("vitest")}`,
    `Node ${own.version}`,
    own.binary,
    [join(modules, "vitest/vitest.mjs"), "run", "--config=vitest.config.mjs"],
  ],
  [
    `Jest ${versionOf("jest")}`,
    `Node ${own.version}`,
    own.binary,
    [
      "--experimental-vm-modules",
      join(modules, "jest/bin/jest.js"),
      "--config=jest.config.json",
    ],
  ],
  ...[of("bun")].filter(Boolean).map(({ binary, version }) => [
    "bun:test",
    `Bun ${version}`,
    binary,
    ["test", "./bun.mjs"],
  ]),
  ...nodes.map(({ binary, version }) => [
    "mock.timers of node:test",
    `Node ${version}`,
    binary,
    [...test, "node.mjs"],
  ]),
];

installPackage();
const rows = [];
let failed = 0;
for (const { id, binary } of all) {
  if (binary) continue;
  console.log(`${id}: not installed on this platform`);
  // In the check of a commit none may be missing.
  if (!process.env.CI) continue;
  failed++;
  rows.push(["any", id, "FAILED: not installed"]);
}
for (const [clock, engine, binary, values] of forms) {
  const { status, stdout, stderr } = spawnSync(binary, values, {
    cwd: here,
    encoding: "utf8",
    env: environment(),
    timeout: 2 * 60_000,
  });
  const said = `${stdout}${stderr}`;
  // An exit code of 0 may also mean that no test was found.
  const works = status === 0 && said.includes("3600 sync ticks") &&
    said.includes("3600 async ticks");
  if (!works) {
    failed++;
    console.log(`FAILED: ${clock} on ${engine}, ended with ${status}\n${said}`);
  }
  rows.push([clock, engine, works ? "3,600 of 3,600" : "FAILED"]);
}
const header = ["clock", "engine", "ticks in an hour"];
printTable(header, rows, 3);
const passed = rows.length - failed;
save("clocks", { header, rows, passed, failed });
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
