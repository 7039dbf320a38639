// How a program ends, with all that the plain suite has not got: signals in each
// phase, copies of them after each gap, a real terminal, the tools that start
// programs, and a socket such as systemd's. Python 3 is needed for the last three.
//
//   npm run test:main               every engine
//   npm run test:main -- deno bun   only these

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  environment,
  fileCommand,
  findEngines,
  root,
} from "../../_tools/engines.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const file = "integration/main/program.ts";
const limit = 30_000;
const asked = process.argv.slice(2);
const engines = findEngines().filter(({ id }) =>
  asked.length === 0 || asked.includes(id)
);
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "runner-main-"));

let passed = 0;
let failed = 0;
let skipped = 0;
function check(name, fault) {
  if (fault) failed++;
  else passed++;
  console.log(`${fault ? "FAILED" : "ok    "}  ${name}`);
  if (fault) console.log(fault);
}

/** A program that runs. */
class Child {
  #waiting = new Set();
  lines = [];
  errors = "";
  over = false;

  constructor(command, values, options = {}) {
    const child = spawn(command, values, {
      cwd: root,
      env: environment(options.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop();
      this.lines.push(...parts);
      this.#look();
    });
    child.stderr.setEncoding("utf8").on("data", (text) => this.errors += text);
    const timer = setTimeout(() => child.kill("SIGKILL"), limit);
    this.ended = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        clearTimeout(timer);
        this.over = true;
        this.#look();
        resolve(signal ?? code);
      });
    });
  }

  #look() {
    for (const each of this.#waiting) each();
  }

  /** Waits for a line that has a text, so often; false where it has not come. */
  said(text, times = 1) {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.lines.filter((each) => each.includes(text));
        const isThere = found.length >= times;
        if (!isThere && !this.over) return;
        this.#waiting.delete(look);
        resolve(isThere);
      };
      this.#waiting.add(look);
      look();
    });
  }

  kill(signal) {
    if (!this.over) this.child.kill(signal);
  }

  toString() {
    return `${this.lines.join("\n")}\n${this.errors}`;
  }
}

function start({ kind, binary }, scenario, options) {
  return new Child(binary, fileCommand(kind, file, [scenario]), options);
}

/** Whether it came out as it should, with all that it said where it did not. */
async function outcome(child, expected, lines) {
  const code = await child.ended;
  const said = child.lines.filter((each) => !each.startsWith("pid "));
  const isSame = code === expected && said.join() === lines.join();
  return isSame
    ? undefined
    : `ended with ${code} instead of ${expected}, and said:\n${child}`;
}

const rest = ["draining", "stopping", "down", "after", "over 0", "done"];

async function checkPhases(engine) {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    const all = ["starting", "up"].map(async (phase) => {
      const child = start(engine, "phases", { env: { STAYS: phase } });
      await child.said(phase);
      child.kill(signal);
      const before = phase === "up" ? ["starting", "up"] : ["starting"];
      const fault = await outcome(child, 0, [...before, ...rest]);
      check(`${engine.id}: ${signal} while it is ${phase}`, fault);
    });
    await Promise.all(all);
  }
  // A second one ends it at once, wherever it is.
  const all = ["draining", "stopping", "after"].map(async (phase) => {
    const child = start(engine, "phases", { env: { STAYS: phase } });
    await child.said("up");
    child.kill("SIGTERM");
    await child.said(phase);
    await delay(150);
    child.kill("SIGINT");
    const code = await child.ended;
    const isCut = code === 130 && !child.lines.includes("done");
    check(
      `${engine.id}: a second signal while it is ${phase}`,
      isCut ? undefined : `ended with ${code}\n${child}`,
    );
  });
  await Promise.all(all);
}

/** Sends a signal and, so many milliseconds after it, a copy. */
async function copy(engine, scenario, gap) {
  const child = start(engine, scenario);
  await child.said("up");
  child.kill("SIGINT");
  if (gap > 0) await delay(gap);
  child.kill("SIGINT");
  return child;
}

async function checkGaps(engine) {
  for (const gap of [0, 1, 2, 5, 10, 20, 50, 80, 95]) {
    let fault;
    // A machine that is busy may send the copy much later than it is told.
    for (let attempt = 0; attempt < 3; attempt++) {
      const child = await copy(engine, "quick", gap);
      fault = await outcome(
        child,
        0,
        ["starting", "up", "stopping", "down"]
          .concat("over", "done"),
      );
      if (!fault) break;
    }
    check(`${engine.id}: a copy after ${gap} ms, and work to do`, fault);
  }
  // With nothing to do, the copy may meet a process that is about to be gone.
  const codes = {};
  for (const gap of [0, 1, 2, 5, 10, 20, 50]) {
    const code = await (await copy(engine, "gone", gap)).ended;
    codes[code] = (codes[code] ?? 0) + 1;
  }
  console.log(`        ${engine.id}, nothing to do: ${JSON.stringify(codes)}`);
}

/** What watches for changes of the files, and starts a program again. */
async function checkWatch({ id, kind, binary }) {
  const [first, ...values] = fileCommand(kind, file, ["job"]);
  const command = kind === "deno"
    ? [first, "--watch", ...values]
    : ["--watch", first, ...values];
  // One that has ended by itself is kept until the next change, by all of them.
  const child = new Child(binary, command);
  await child.said("done");
  await delay(1_500);
  const isKept = !child.over;
  child.kill("SIGINT");
  await child.ended;
  check(
    `${id}: a watched program that has ended waits for a change`,
    isKept ? undefined : `it is gone\n${child}`,
  );
  if (kind !== "bun") return;
  // The others hand on what they are sent, which the checks of a terminal show.
  for (const [scenario, last] of [["quick", "done"], ["gone", "down"]]) {
    const child = new Child(binary, ["--watch", file, scenario]);
    await child.said("up");
    child.kill("SIGINT");
    const code = await child.ended;
    check(
      `${id}: a watched program that was asked to stop is gone: ${scenario}`,
      code === 0 && child.lines.includes(last)
        ? undefined
        : `ended with ${code}\n${child}`,
    );
  }
}

/** What the README of 0.1.0 said of `Deno.serve`, and what is there instead. */
async function checkDenoServe({ id, kind, binary }) {
  const source = "integration/main/deno_serve.ts";
  const run = async (which) => {
    const child = new Child(binary, fileCommand(kind, source, [which]));
    return { child, code: await child.ended };
  };
  const [old, now] = await Promise.all(["old", "now"].map(run));
  const isCut = old.code === 1 && !old.child.lines.includes("stopped") &&
    old.child.errors.includes("Uncaught BadResource");
  check(
    `${id}: force and shutdown() of Deno.serve end the program`,
    isCut ? undefined : `ended with ${old.code}\n${old.child}`,
  );
  const said = now.child.lines.join();
  const isFine = now.code === 0 && said === "TimeoutError,cut off,stopped";
  check(
    `${id}: httpServer ends with its grace on Deno.serve`,
    isFine ? undefined : `ended with ${now.code}\n${now.child}`,
  );
}

function onTerminal(command, values) {
  const { stdout, stderr } = spawnSync(
    "python3",
    [join(here, "terminal.py"), "up", "20", command, ...values],
    { cwd: folder, env: environment(), encoding: "utf8" },
  );
  return stdout ? JSON.parse(stdout) : { code: undefined, said: stderr };
}

function checkTerminal({ id, kind, binary }) {
  const path = join(root, file);
  const command = fileCommand(kind, path, ["quick"]).map((each) =>
    each === "tsx"
      ? join(root, "node_modules/tsx/dist/esm/index.mjs")
      : each.replace("--config=", `--config=${root}`)
  );
  const ways = { "": [binary, command] };
  if (kind === "bun") {
    const scripts = { start: `${binary} ${path} quick` };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ scripts }));
    ways[" by bun run"] = [binary, ["run", "start"]];
    ways[" by bun --watch"] = [binary, ["--watch", ...command]];
  } else if (kind === "deno") {
    const tasks = { start: [binary, ...command].join(" ") };
    writeFileSync(join(folder, "deno.json"), JSON.stringify({ tasks }));
    ways[" by deno task"] = [binary, ["task", "start"]];
    const [run, ...options] = command;
    ways[" by deno run --watch"] = [binary, [run, "--watch", ...options]];
  } else {
    ways[" by node --watch"] = [binary, ["--watch", ...command]];
  }
  for (const [name, [command, values]] of Object.entries(ways)) {
    let result;
    for (let attempt = 0; attempt < 3; attempt++) {
      result = onTerminal(command, values);
      if (result.said.includes("done")) break;
    }
    // What a relay itself ends with is its own affair.
    const isFine = result.said.includes("done") &&
      (name !== "" || result.code === 0);
    check(
      `${id}: Ctrl-C at a terminal${name}`,
      isFine ? undefined : `ended with ${result.code}\n${result.said}`,
    );
  }
}

async function checkSystemd(engine) {
  for (
    const [kind, path] of [
      ["a path", join(folder, `notify-${engine.id}`)],
      ["an abstract name", `@runner-${process.pid}-${engine.id}`],
    ]
  ) {
    const receiver = new Child("python3", [join(here, "receiver.py"), path]);
    await receiver.said("listening");
    const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "400000" };
    const child = start(engine, "notify", { env });
    await child.said("up");
    // Of the signs of life the second that is asked for is held back.
    await receiver.said("READY=1");
    await receiver.said("WATCHDOG=1", 2);
    child.kill("SIGTERM");
    const code = await child.ended;
    await receiver.said("STOPPING=1");
    receiver.kill("SIGTERM");
    await receiver.ended;
    const got = receiver.lines.slice(1).map((line) => JSON.parse(line))
      // The command waits until it has been heard.
      .filter(({ text }) => text !== "BARRIER=1");
    const texts = got.map(({ text }) => text);
    const pids = new Set(got.map(({ pid }) => `pid ${pid}`));
    const isOwn = pids.size === 1 && pids.has(child.lines[0]);
    const isFine = code === 0 && isOwn &&
      ["READY=1", "STOPPING=1"].every((text) =>
        texts.filter((each) => each === text).length === 1
      ) && texts.filter((text) => text === "WATCHDOG=1").length >= 2;
    check(
      `${engine.id}: systemd is told by ${kind}`,
      isFine
        ? undefined
        : `ended with ${code}; ${JSON.stringify(got)}\n${child}`,
    );
    if (child.errors && kind === "a path") {
      console.log(`        ${engine.id} says: ${child.errors.split("\n")[0]}`);
    }
  }
}

for (const engine of engines) {
  if (!engine.binary) {
    console.log(`${engine.id}: not installed on this platform`);
    if (process.env.CI) failed++;
    continue;
  }
  const began = performance.now();
  await Promise.all([checkPhases(engine), checkGaps(engine)]);
  await checkWatch(engine);
  if (engine.kind === "deno") await checkDenoServe(engine);
  if (hasPython) {
    checkTerminal(engine);
    await checkSystemd(engine);
  } else {
    skipped += engine.kind === "node" ? 4 : 5;
    console.log(`${engine.id}: no terminal and no socket without python3`);
  }
  const seconds = (performance.now() - began) / 1_000;
  console.log(`        ${engine.id} took ${seconds.toFixed(1)} s`);
}
rmSync(folder, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
