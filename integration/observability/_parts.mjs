// What the parts share: checks that are counted, and programs that are ended.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  environment,
  fileCommand,
  findEngines,
} from "../../_tools/engines.mjs";

export { assert, pause };

export const here = fileURLToPath(new URL(".", import.meta.url));
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Counts something that was looked at. */
export function report(name, error) {
  report.counts[error ? "failed" : "passed"]++;
  console.log(`  ${error ? "FAILED" : "ok    "}  ${name}`);
  if (error) console.log(String(error?.stack ?? error).slice(0, 4_000));
}
report.counts = { passed: 0, failed: 0 };

/** Looks at something. */
export async function check(name, work) {
  try {
    await work();
    report(name);
  } catch (error) {
    report(name, error);
  }
}

const endings = [];

/** Has something undone when the part has ended. */
export function atEnd(work) {
  endings.push(work);
}

export async function endAll() {
  for (const work of endings.splice(0).reverse()) await work();
}

/** A folder that goes with the part. */
export function folder(name) {
  const path = mkdtempSync(join(tmpdir(), `runner-${name}-`));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A port that nobody listens at. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts a program, which is ended with the part. */
export function start(binary, values, options = {}) {
  const child = spawn(binary, values, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => said.out += text);
  child.stderr.setEncoding("utf8").on("data", (text) => said.err += text);
  const ended = new Promise((resolve) => {
    child.on("error", (error) => resolve({ error }));
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  atEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
    }
    await ended;
  });
  return { child, said, ended };
}

/** An engine of the suite, by its id. */
export function engineOf(id) {
  return findEngines([id])[0];
}

/** Starts a file of this folder on an engine. */
export function startFile({ kind, binary }, file, values = [], env = {}) {
  const path = `integration/observability/${file}`;
  return start(binary, fileCommand(kind, path, values), {
    env: environment(env),
  });
}

/** Runs a program to its end. */
export function runSync(binary, values, options = {}) {
  return spawnSync(binary, values, {
    cwd: here,
    encoding: "utf8",
    timeout: 60_000,
    ...options,
  });
}

/** Asks until something is there; the machine may be slow. */
export async function until(what, ask, ms = 120_000) {
  const end = Date.now() + ms;
  let last;
  while (Date.now() < end) {
    try {
      const found = await ask();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    await pause(100);
  }
  throw new Error(`Not within ${ms} ms: ${what}`, { cause: last });
}

/** The port that a program says it listens at, after a word. */
export function portOf({ said, ended }, word = "listening") {
  let isOver = false;
  void ended.then(() => isOver = true);
  return until(`a line "${word} PORT"`, () => {
    const found = new RegExp(`^${word} (\\d+)$`, "m").exec(said.out)?.[1];
    if (!found && isOver) {
      throw new Error(`It has ended:\n${said.out}${said.err}`);
    }
    return found;
  });
}

export const isCI = Boolean(process.env.CI);
