// Runs the benchmarks, prints their tables and writes RESULTS.md and the plots.
//
//   npm run bench                    all of it
//   npm run bench -- steady idle     only these rows; printed, not written
//   npm run bench -- steady --save   … and written
//   npm run bench -- --report        no run: the tables and plots anew
//   npm run bench -- --engine=bun    only this engine
//   npm run bench -- --library=FILE  another build of the library
//   npm run bench:smoke              all of it, small and in a hurry: counts only

import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { findEngines, root } from "../_tools/engines.mjs";
import { install } from "../_tools/install.mjs";
import { measured } from "./processes.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const saved = join(folder, "results.json");

async function build(temporary) {
  const { build } = await import("esbuild");
  const outfile = join(temporary, "runner.mjs");
  await build({
    entryPoints: [join(root, "mod.ts")],
    bundle: true,
    format: "esm",
    target: "es2022",
    outfile,
    logLevel: "error",
  });
  return outfile;
}

const { rows } = await import("./rows/mod.mjs");
const names = Object.keys(rows);
const flags = process.argv.slice(2).filter((value) => value.startsWith("--"));
const chosen = process.argv.slice(2).filter((value) => !flags.includes(value));
const flag = (name) =>
  flags.find((value) => value.startsWith(`--${name}=`))?.split("=")[1];
const unknown = chosen.find((name) => !names.includes(name));
if (unknown) {
  console.error(`'${unknown}' is none of: ${names.join(", ")}`);
  process.exit(2);
}
const isSmoke = flags.includes("--smoke");
const isReport = flags.includes("--report");

install("bench", "the peers");
const engines = findEngines(
  (flag("engine") ?? "deno,bun,node24").split(","),
).filter(({ binary }) => binary);
const temporary = mkdtempSync(join(os.tmpdir(), "runner-bench-"));
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));
const library = pathToFileURL(flag("library") ?? await build(temporary)).href;
const data = existsSync(saved) ? JSON.parse(readFileSync(saved, "utf8")) : {};

/** Where nothing is timed, processes run side by side; most of them only wait. */
const SIDE_BY_SIDE = 8;
const running = new Set();

const bench = {
  engines,
  isSmoke,
  /** The full size, or the small one. */
  size: (full, small) => isSmoke ? small : full,
  async run(engine, probe, settings) {
    while (isSmoke && running.size >= SIDE_BY_SIDE) await Promise.race(running);
    const result = measured(engine, library, probe, settings);
    const settled = result.then(() => {}, () => {});
    running.add(settled);
    void settled.then(() => running.delete(settled));
    return result;
  },
  progress(text) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  },
};

async function measureRow(name) {
  const began = performance.now();
  const load = os.loadavg()[0].toFixed(2);
  const results = await rows[name].measure(bench);
  const seconds = Math.round((performance.now() - began) / 1_000);
  bench.progress("");
  return { when: new Date().toISOString(), seconds, load, results };
}

if (isSmoke) {
  let [passed, failed] = [0, 0];
  const tell = (wrong, name) => {
    if (wrong.length === 0) passed++;
    else failed++;
    console.log(`${wrong.length === 0 ? "ok    " : "FAILED"}  bench ${name}`);
    for (const line of wrong) console.log(`        ${line}`);
  };
  // All at once: nothing is timed.
  await Promise.all(
    (chosen.length > 0 ? chosen : names).map(async (name) => {
      try {
        const { results } = await measureRow(name);
        rows[name].report(results);
        tell(rows[name].wrong(results), name);
      } catch (error) {
        tell([error.message], name);
      }
    }),
  );
  console.log(`benchmarks: ${passed} right, ${failed} wrong`);
  process.exit(failed > 0 ? 1 : 0);
}

for (const name of isReport ? [] : chosen.length > 0 ? chosen : names) {
  console.log(`\n## ${rows[name].title}\n`);
  data[name] = await measureRow(name);
  console.log(rows[name].report(data[name].results).text);
  console.log(`\n(${data[name].seconds} s)`);
}
if (isReport || flags.includes("--save") || chosen.length === 0) {
  if (!isReport) {
    data.machine = {
      cpu: `${os.cpus().length} × ${os.cpus()[0].model}`,
      memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
      system: `${os.type()} ${os.release()} ${os.arch()}`,
      engines: engines.map(({ kind, version }) => `${kind} ${version}`),
    };
    writeFileSync(saved, `${JSON.stringify(data)}\n`);
  }
  const { write } = await import("./report.mjs");
  write(data, rows);
}
