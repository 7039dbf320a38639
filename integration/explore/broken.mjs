// Breaks the supervisor's decisions, one by one, and asks what notices: the
// exploration of small trees, the programs of OTP, or the tests.
//
//   node integration/explore/broken.mjs           all breaks
//   node integration/explore/broken.mjs 3 7       only these
//   node integration/explore/broken.mjs --list    does each still find its text?

import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { breaks } from "./breaks.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const given = process.argv.slice(2);
const chosen = breaks.map((each, index) => ({ ...each, number: index + 1 }))
  .filter(({ number }) =>
    given.length === 0 || given[0] === "--list" || given.includes(`${number}`)
  );

/** A copy of all that is needed, in which things may be broken. */
function copy() {
  const folder = mkdtempSync(join(tmpdir(), "broken-"));
  for (const name of readdirSync(root)) {
    if (name === ".git" || name === "_tools") continue;
    if (name === "node_modules") {
      symlinkSync(join(root, name), join(folder, name));
    } else cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  cpSync(join(root, "_tools", "std"), join(folder, "_tools", "std"), {
    recursive: true,
  });
  return folder;
}

/** What is tried, in this order; the first that fails has noticed. */
const judges = {
  exploration: [
    "--import",
    "tsx",
    "integration/explore/shard.ts",
    "0",
    "5",
    "4:4,4:2,4:1",
    "60",
  ],
  "programs of OTP": ["--import", "tsx", "integration/otp/main.ts"],
  tests: ["--import", "tsx", "--test"],
};

function notices(name, values, folder) {
  const files = name === "tests"
    ? readdirSync(join(folder, "tests"))
      .filter((file) => /^supervisor.*_test\.ts$/.test(file))
      .map((file) => `tests/${file}`)
    : [];
  const { status, stdout } = spawnSync(
    process.execPath,
    [...values, ...files],
    {
      cwd: folder,
      encoding: "utf8",
      timeout: 300_000,
    },
  );
  if (name !== "exploration") return status !== 0;
  return status !== 0 || JSON.parse(stdout).wrong.length > 0;
}

const counts = new Map();
let failed = 0;
for (const { file, from, to, number } of chosen) {
  const path = join("supervisor", file);
  const text = readFileSync(join(root, path), "utf8");
  if (text.split(from).length !== 2) {
    console.log(`${number}: the text is not found once in ${path}: ${from}`);
    failed++;
    continue;
  }
  if (given[0] === "--list") continue;
  const folder = copy();
  writeFileSync(join(folder, path), text.replace(from, () => to));
  const judge = Object.entries(judges)
    .find(([name, values]) => notices(name, values, folder))?.[0];
  rmSync(folder, { recursive: true, force: true });
  counts.set(judge, (counts.get(judge) ?? 0) + 1);
  if (!judge) failed++;
  const line = from.trim().split("\n")[0];
  console.log(`${number}: ${judge ?? "NOTHING"} noticed: ${file}: ${line}`);
}
for (const [judge, count] of counts) {
  console.log(`${count} by ${judge ?? "nothing"}`);
}
console.log(`${chosen.length - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
