// The model over very many programs, on all cores:
//
//   npm run test:soak                 a million
//   npm run test:soak -- 20000        as many as that
//   npm run test:soak -- --seed=7     the same programs as the last time
//   npm run test:soak -- --only=TEXT  the properties whose name has the text
//
// A failure prints the line that runs it again, whatever the number of cores.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import {
  environment,
  fileCommand,
  findEngines,
  ownNode,
  root,
} from "./engines.mjs";

const SIZE = 500;
const SILENCE = 60_000;
// After so many failures more would tell nothing new.
const ENOUGH = 5;

const options = {};
let total = 1_000_000;
for (const value of process.argv.slice(2).filter(Boolean)) {
  const [, name, text] = /^--([a-z]+)=(.*)$/.exec(value) ?? [];
  if (name) options[name] = text;
  else total = Number(value);
}
const known = ["seed", "cores", "only", "property", "path", "commands"];
const unknown = Object.keys(options).filter((name) => !known.includes(name));
const numbers = [total, Number(options.seed ?? 0), Number(options.cores ?? 1)];
if (unknown.length > 0 || !numbers.every(Number.isSafeInteger) || total < 1) {
  console.error("Usage: npm run test:soak -- [programs] [--seed=] [--only=]");
  process.exit(2);
}

// The newest is the fastest.
const engine = findEngines(["node26", ownNode]).find(({ binary }) => binary);
const seed = options.seed === undefined
  ? Math.floor(Math.random() * 2 ** 31)
  : Number(options.seed);

let done = 0;
let failures = 0;
const children = new Set();

function report({ report, replay }) {
  failures++;
  const parts = Object.entries(replay)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `"--${name}=${value}"`);
  console.log(`\nFAILED: ${replay.property ?? "no program began"}\n${report}`);
  if (!replay.property) return;
  console.log(
    `\nTo run it again:\n  npm run test:soak -- ${parts.join(" ")}\n`,
  );
  if (failures >= ENOUGH) { for (const each of children) each.kill("SIGKILL"); }
}

/** Runs one worker to its end; returns the batch that it hung in, if it did. */
async function work(order) {
  const values = fileCommand("node", "tests/_soak_program.ts", [
    JSON.stringify(order),
  ]);
  const child = spawn(engine.binary, values, {
    cwd: root,
    env: environment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  const exit = once(child, "exit");
  let current;
  let hangs = false;
  const hang = () => {
    hangs = true;
    child.kill("SIGKILL");
  };
  let silence = setTimeout(hang, SILENCE);
  for await (const text of createInterface({ input: child.stdout })) {
    clearTimeout(silence);
    silence = setTimeout(hang, SILENCE);
    const line = JSON.parse(text);
    if (line.batch !== undefined) current = line;
    else done += line.programs;
    if (line.report) report(line);
  }
  clearTimeout(silence);
  const [code] = await exit;
  children.delete(child);
  if (!hangs && code === 0 || failures >= ENOUGH) return undefined;
  const why = hangs ? `it is silent for ${SILENCE} ms` : `it ended (${code})`;
  report({
    report: why,
    replay: order.replay ??
      { property: current?.property, seed: current?.seed },
  });
  return current?.batch;
}

async function workAll(order) {
  for (let from = order.first; from !== undefined;) {
    const hung = await work({ ...order, first: from });
    from = hung === undefined ? undefined : hung + order.stride;
  }
}

const startedAt = performance.now();
const seconds = () => (performance.now() - startedAt) / 1_000;
const progress = () =>
  `${done.toLocaleString("en")} programs in ${seconds().toFixed(0)} s, ` +
  `${(done / seconds()).toFixed(0)} a second, ${failures} failures`;

if (options.property) {
  const { property, path, commands } = options;
  const replay = { property, seed, path, commands };
  await work({ replay, size: SIZE });
} else {
  const cores = Number(options.cores ?? availableParallelism());
  console.log(
    `The model: ${total.toLocaleString("en")} programs on Node ` +
      `${engine.version}, ${cores} processes, seed ${seed}`,
  );
  const timer = setInterval(() => console.log(progress()), 10_000);
  const batches = Math.ceil(total / SIZE);
  const { only } = options;
  const order = { seed, batches, size: SIZE, stride: cores, only };
  await Promise.all(
    Array.from(
      { length: cores },
      (_, first) => workAll({ ...order, first }),
    ),
  );
  clearInterval(timer);
}
console.log(progress());
process.exitCode = failures > 0 ? 1 : 0;
