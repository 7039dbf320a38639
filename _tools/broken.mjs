// Breaks the core on purpose, one way after the other, in a copy, and counts how
// many of them the model notices; of each it runs the seed that it printed once
// more, which has to fail in the same way. A test that nothing can make fail tests
// nothing.
//
//   npm run test:broken               every break, at most 4,000 programs each
//   npm run test:broken -- 20000      as many as that
//   npm run test:broken -- --list     only whether each break finds its text
//   npm run test:broken -- --only=TEXT  by the properties whose name has the text

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
import { breaks } from "./breaks.mjs";
import {
  environment,
  fileCommand,
  findEngines,
  ownNode,
  root,
} from "./engines.mjs";

const CORE = ["_internal", "start_stop", "ticker"];
const SIZE = 500;

const values = process.argv.slice(2).filter(Boolean);
const isList = values.includes("--list");
const [, only] = values.map((value) => /^--only=(.*)$/.exec(value))
  .find(Boolean) ?? [];
const programs = Number(values.find((value) => /^\d+$/.test(value)) ?? 4_000);
const engine = findEngines(["node26", ownNode]).find(({ binary }) => binary);

const files = CORE.flatMap((folder) =>
  readdirSync(join(root, folder)).filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`)
);

/** Where a break finds its text: spaces do not count. */
function find({ name, from, file }) {
  const parts = from.split(/\s+|(?<=\W)(?=\w)|(?<=\w)(?=\W)|(?<=\W)(?=\W)/)
    .filter(Boolean)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  const pattern = new RegExp(parts.join("\\s*"), "g");
  const found = files.filter((each) => !file || each === file)
    .flatMap((each) =>
      Array.from(
        readFileSync(join(root, each), "utf8").matchAll(pattern),
        ({ 0: text, index }) => ({ file: each, text, index }),
      )
    );
  if (found.length === 1) return found[0];
  const where = found.map(({ file }) => file).join(", ");
  console.log(`aim anew  ${name}: ${where || "nowhere"}`);
  return undefined;
}

const aimed = breaks.map((each) => ({ ...each, place: find(each) }))
  .filter(({ place }) => place);
console.log(`${aimed.length} of ${breaks.length} breaks find their text\n`);
if (aimed.length < breaks.length) process.exitCode = 1;

function run(copy, order) {
  const { status, stdout, signal } = spawnSync(
    engine.binary,
    fileCommand("node", "tests/_soak_program.ts", [JSON.stringify(order)]),
    {
      cwd: copy,
      env: environment(),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 60_000,
      killSignal: "SIGKILL",
    },
  );
  const lines = (stdout ?? "").split("\n").filter((line) =>
    line.startsWith("{")
  ).map((line) => JSON.parse(line));
  return {
    // One that does not even begin is no longer a program.
    hasBegun: lines.some(({ batch }) => batch !== undefined),
    // One that hangs is noticed as well.
    hangs: status !== 0 || signal !== null,
    failure: lines.find(({ report }) => report),
    programs: lines.reduce((sum, line) => sum + (line.programs ?? 0), 0),
  };
}

/** What a report says went wrong, without where. */
function causeOf({ report }) {
  return /(?:AssertionError|Error): ([\s\S]*?)(?:\n\s+at |\n\n|$)/.exec(report)
    ?.[1].replace(/\s+/g, " ");
}

function attempt(copy, seed) {
  const batches = Math.ceil(programs / SIZE);
  const size = Math.min(SIZE, programs);
  const order = { seed, batches, size, first: 0, stride: 1, stops: true, only };
  const { failure, hasBegun, hangs, programs: done } = run(copy, order);
  if (!hasBegun) return { isCaught: false, how: "it does not begin" };
  if (!failure) return { isCaught: hangs, how: hangs ? "it hangs" : "" };
  const again = run(copy, { replay: failure.replay, size }).failure;
  const isSame = again && causeOf(again) === causeOf(failure);
  return {
    isCaught: true,
    isReplayed: Boolean(isSame),
    how: `${done} programs; ${failure.replay.property}, seed ` +
      `${failure.replay.seed}${isSame ? ", replays" : ", DOES NOT REPLAY"}`,
  };
}

function breakAll() {
  const copy = mkdtempSync(join(tmpdir(), "runner-broken-"));
  const results = [];
  try {
    const kept = /^(_internal|_tools|start_stop|ticker|schedule|tests)(\/|$)/;
    cpSync(root, copy, {
      recursive: true,
      filter: (source) => {
        const name = source.slice(root.length).replaceAll("\\", "/");
        return name === "" || kept.test(name) ||
          /^[^/]+\.(ts|json)$/.test(name);
      },
    });
    symlinkSync(
      join(root, "node_modules"),
      join(copy, "node_modules"),
      "junction",
    );
    const seed = Math.floor(Math.random() * 2 ** 31);
    const sound = attempt(copy, seed);
    if (sound.isCaught || sound.how) {
      throw new Error(`The model fails on the code as it is: ${sound.how}`);
    }
    for (const { name, to, place } of aimed) {
      const path = join(copy, place.file);
      const text = readFileSync(path, "utf8");
      const end = place.index + place.text.length;
      writeFileSync(path, text.slice(0, place.index) + to + text.slice(end));
      const result = attempt(copy, seed);
      writeFileSync(path, text);
      results.push(result);
      console.log(`${result.isCaught ? "caught" : "PASSES"}  ${name}`);
      if (result.how) console.log(`        ${result.how}`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const caught = results.filter(({ isCaught }) => isCaught).length;
  const failed = results.filter(({ isReplayed }) => isReplayed === false);
  console.log(`\n${caught} of ${breaks.length} caught`);
  if (caught < breaks.length || failed.length > 0) process.exitCode = 1;
}

if (!isList) breakAll();
