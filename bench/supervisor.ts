/**
 * What a supervisor costs beyond its children, and how late its restarts are.
 *
 * Each number of children is started and stopped side by side, once by hand and
 * once by a supervisor; the difference is the supervisor's. Of several rounds the
 * quietest counts: all that disturbs only adds. Node runs the library as packages
 * have it, in one bundle: tsx names each closure anew whenever it is made.
 *
 * With `--against=FOLDER`, a checkout of another version, both are measured in
 * turns, in the same process:
 *
 *     git worktree add ../old f561237
 *     npm run bench:supervisor -- --against=../old
 */

import type * as core from "@golib/runner";
import type * as supervision from "@golib/runner/supervisor";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve as absolute } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { engine } from "./_measure.ts";

const isSmoke = process.argv.includes("--smoke");
const ROUNDS = isSmoke ? 2 : 9;
// How many children, where the command says so.
const given = process.argv.slice(2).map(Number).filter((each) => each > 0);
const COUNTS = given.length > 0
  ? given
  : isSmoke
  ? [1_000]
  : [10_000, 10_000, 100_000];

/** What is measured of a version of the library. */
interface Version {
  readonly label: string;
  readonly StartStop: typeof core.StartStop;
  readonly untilAborted: typeof core.untilAborted;
  readonly Supervisor: typeof supervision.Supervisor;
}

type Library = typeof core & typeof supervision;

/** Imports a checkout of the library. */
async function load(label: string, folder: string): Promise<Version> {
  const entries = ["mod.ts", "supervisor/mod.ts"]
    .map((each) => join(folder, each));
  const paths = engine().startsWith("Node") ? await bundle(entries) : entries;
  const loaded = paths.map((path) =>
    import(pathToFileURL(path).href) as Promise<Library>
  );
  const [{ StartStop, untilAborted }, { Supervisor }] = await Promise.all(
    loaded as [Promise<Library>, Promise<Library>],
  );
  return { label, StartStop, untilAborted, Supervisor };
}

/** Bundles modules, with one file for what they share. */
async function bundle(entries: string[]): Promise<string[]> {
  const { build } = await import("esbuild");
  const outdir = mkdtempSync(join(tmpdir(), "bench-"));
  process.on("exit", () => rmSync(outdir, { recursive: true, force: true }));
  const out = entries.map((_each, index) => ({ out: `${index}` }));
  await build({
    entryPoints: entries.map((each, index) => ({ in: each, ...out[index]! })),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
  });
  return out.map(({ out }) => join(outdir, `${out}.mjs`));
}

const VERSIONS = [
  await load("this", fileURLToPath(new URL("..", import.meta.url))),
];
const against = process.argv.find((each) => each.startsWith("--against="));
if (against) {
  const folder = absolute(against.slice("--against=".length));
  VERSIONS.push(await load("other", folder));
}

/** Collects the garbage. */
function collector(): () => void {
  const { Bun } = globalThis as { Bun?: { gc(sync: boolean): void } };
  if (Bun) return () => Bun.gc(true);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

const collect = collector();

function children(version: Version, count: number): core.StartStop[] {
  const { StartStop, untilAborted } = version;
  return Array.from(
    { length: count },
    (_each, index) =>
      new StartStop((signal) => untilAborted(signal), undefined, {
        name: `${index}`,
      }),
  );
}

/** Milliseconds of the processor so far, which other programs disturb less. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds to start all, to stop all, and those of the processor. */
async function cycle(
  start: () => Promise<unknown>,
  stop: () => Promise<unknown>,
): Promise<number[]> {
  const found: number[] = [];
  for (const step of [start, stop]) {
    // What was made before is not to be collected now.
    collect();
    const [wall, processor] = [performance.now(), spent()];
    await step();
    found.push(performance.now() - wall, spent() - processor);
  }
  return found;
}

interface Least {
  readonly own: number[];
  readonly all: number[];
}

/** Microseconds a child beyond its own, of each version. */
async function cost(count: number): Promise<number[][]> {
  const least = VERSIONS.map((): Least => ({
    own: Array(4).fill(Infinity),
    all: Array(4).fill(Infinity),
  }));
  const rounds = Math.max(2, Math.min(ROUNDS, Math.floor(200_000 / count)));
  for (let round = 0; round < rounds; round++) {
    for (const [index, version] of VERSIONS.entries()) {
      await costRound(version, count, least[index]!);
    }
  }
  return least.map(({ own, all }) =>
    all.map((ms, index) => (ms - own[index]!) / count * 1_000)
  );
}

async function costRound(
  version: Version,
  count: number,
  least: Least,
): Promise<void> {
  const { Supervisor } = version;
  const alone = children(version, count);
  const own = await cycle(
    () => Promise.all(alone.map((each) => each.start())),
    () => Promise.all(alone.map((each) => each.stop())),
  );
  const listed = children(version, count).map((runner) => ({ runner }));
  const app = new Supervisor(listed, { stopTimeout: 60_000 });
  const all = await cycle(() => app.start(), () => app.stop());
  for (const index of own.keys()) {
    least.own[index] = Math.min(least.own[index]!, own[index]!);
    least.all[index] = Math.min(least.all[index]!, all[index]!);
  }
}

/** Milliseconds from the end of each backoff to the start of the child. */
async function lateness(
  { StartStop, Supervisor }: Version,
  restarts: number,
): Promise<number[]> {
  const found: number[] = [];
  let due = 0;
  const { promise: over, resolve } = waiter();
  const runner = new StartStop(
    () => {
      if (due > 0) found.push(performance.now() - due);
      if (found.length === restarts) resolve();
      throw new Error("lost");
    },
    undefined,
    { printErrors: false },
  );
  const app = new Supervisor([{ runner }], {
    printErrors: false,
    backoff: { initial: 10, factor: 1 },
    intensity: { restarts: Infinity },
  });
  app.observe((event) => {
    if (event.type !== "restart") return;
    const { nextAttempt = 0 } = app.status().children[0]!;
    due = performance.now() + nextAttempt;
  });
  await app.start();
  await over;
  await app.stop();
  return found.sort((a, b) => a - b);
}

/** Bytes of the heap that are in use; `undefined` where nobody can say. */
function heap(): number | undefined {
  // Bun's is not up to date.
  if (engine().startsWith("Bun")) return undefined;
  for (let turn = 0; turn < 3; turn++) collect();
  return process.memoryUsage().heapUsed;
}

/** Bytes a child while all run, beyond what its runner has when it runs alone. */
async function memory(
  version: Version,
  count: number,
): Promise<number | undefined> {
  const { Supervisor } = version;
  const measure = async (
    run: (all: core.StartStop[]) => Promise<() => Promise<unknown>>,
  ) => {
    const before = heap();
    const stop = await run(children(version, count));
    const after = heap();
    await stop();
    return before === undefined || after === undefined
      ? undefined
      : after - before;
  };
  const found: number[] = [];
  for (let round = 0; round < 4; round++) {
    const own = await measure(async (all) => {
      await Promise.all(all.map((each) => each.start()));
      return () => Promise.all(all.map((each) => each.stop()));
    });
    const supervised = await measure(async (all) => {
      const app = new Supervisor(all.map((runner) => ({ runner })), {
        stopTimeout: 60_000,
      });
      await app.start();
      return () => app.stop();
    });
    if (own === undefined || supervised === undefined) return undefined;
    // The first makes what all rounds share.
    if (round > 0) found.push((supervised - own) / count);
  }
  return found.sort((a, b) => a - b)[1];
}

function waiter(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => resolve = settle);
  return { promise, resolve };
}

console.log(`${engine()}, the least of up to ${ROUNDS} rounds`);
console.log("µs a child:          start  (processor)   stop  (processor)");
for (const count of COUNTS) {
  for (const [index, each] of (await cost(count)).entries()) {
    const cells = each.map((value) => value.toFixed(2).padStart(11));
    const { label } = VERSIONS[index]!;
    console.log(`${count}`.padStart(7), label.padEnd(6), ...cells);
  }
}
for (const count of isSmoke ? [1_000] : [10_000, 100_000]) {
  for (const version of VERSIONS) {
    const bytes = await memory(version, count);
    if (bytes === undefined) continue;
    console.log(
      `memory a child of ${count}, ${version.label}: ${bytes.toFixed(0)} bytes`,
    );
  }
}
for (const version of VERSIONS) {
  const late = await lateness(version, isSmoke ? 20 : 200);
  const at = (part: number) =>
    late[Math.floor((late.length - 1) * part)]!.toFixed(2);
  console.log(
    `${late.length} restarts, ${version.label}, ms after the end of the backoff: median ${
      at(0.5)
    }, 9 of 10 within ${at(0.9)}, all within ${at(1)}`,
  );
}
