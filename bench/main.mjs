// Runs the benchmarks, prints their tables and writes RESULTS.md and the plots.
//
//   npm run bench                    all of it, and written
//   npm run bench -- --quick         a round of the short rows; printed, not written
//   npm run bench -- steady idle     only these rows; printed, not written
//   npm run bench -- steady --save   … and written
//   npm run bench -- --report        no run: the tables and plots anew
//   npm run bench -- --engine=bun    only this engine
//   npm run bench -- --library=FILE  another build of the library
//   npm run bench:smoke              all of it, small and in a hurry: counts only

import { spawnSync } from "node:child_process";
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
import { pack } from "../_tools/pack.mjs";
import { measured } from "./processes.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const saved = join(folder, "results.json");

/** The library and, beside it, each module that a row takes. */
async function build(temporary) {
  const { build } = await import("esbuild");
  const options = {
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
  };
  // With the core in a file of its own, which the modules share.
  await build({
    ...options,
    entryPoints: {
      runner: join(root, "mod.ts"),
      metrics: join(root, "observability/metrics/mod.ts"),
    },
    splitting: true,
    outdir: temporary,
    outExtension: { ".js": ".mjs" },
  });
  const whole = join(temporary, "whole.mjs");
  await build({
    ...options,
    entryPoints: [join(root, "mod.ts")],
    outfile: whole,
  });
  return join(temporary, "runner.mjs");
}

/** Each module of the package as npm users get it, by its name. */
function unpacked(temporary) {
  const file = join(temporary, "package.tgz");
  pack(file);
  const { status } = spawnSync("tar", ["-xzf", file, "-C", temporary]);
  if (status !== 0) throw new Error(`${file} cannot be unpacked`);
  const place = join(temporary, "package");
  const { exports } = JSON.parse(
    readFileSync(join(place, "package.json"), "utf8"),
  );
  return Object.fromEntries(
    Object.entries(exports).filter(([, each]) => each.import ?? each.default)
      .map(([name, each]) => [
        name,
        pathToFileURL(join(place, each.import ?? each.default)).href,
      ]),
  );
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
const isQuick = flags.includes("--quick");
/** What is measured in a minute or two, while one works. */
const QUICK = ["steady", "fleet", "cycle", "watched"];

install("bench", "the peers");
const engines = findEngines(
  (flag("engine") ?? "deno,bun,node24").split(","),
).filter(({ binary }) => binary);
const temporary = mkdtempSync(join(os.tmpdir(), "runner-bench-"));
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));
const library = pathToFileURL(flag("library") ?? await build(temporary)).href;
const data = existsSync(saved) ? JSON.parse(readFileSync(saved, "utf8")) : {};

let modules;

/** Where nothing is timed, processes run side by side; most of them only wait. */
const SIDE_BY_SIDE = 8;
const running = new Set();

const bench = {
  engines,
  isSmoke,
  isQuick,
  /** The library in one file. */
  bundle: flag("library") ? library : new URL("whole.mjs", library).href,
  modules: () => modules ??= unpacked(temporary),
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

const wanted = chosen.length > 0 ? chosen : isQuick ? QUICK : names;
const began = performance.now();
for (const name of isReport ? [] : wanted) {
  console.log(`\n## ${rows[name].title}\n`);
  data[name] = await measureRow(name);
  console.log(rows[name].report(data[name].results).text);
  console.log(`\n(${data[name].seconds} s)`);
}
const { summary, write } = await import("./report.mjs");
if (!isReport) {
  const reports = wanted.map((name) => rows[name].report(data[name].results));
  console.log("\n## All goals\n");
  console.log(summary(reports.flatMap(({ verdicts }) => verdicts)));
  const minutes = (performance.now() - began) / 60_000;
  console.log(`\n${minutes.toFixed(1)} minutes in all`);
}
if (
  isReport || flags.includes("--save") || chosen.length === 0 && !isQuick
) {
  if (!isReport) {
    data.machine = {
      cpu: `${os.cpus().length} × ${os.cpus()[0].model}`,
      memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
      system: `${os.type()} ${os.release()} ${os.arch()}`,
      engines: engines.map(({ kind, version }) => `${kind} ${version}`),
    };
    writeFileSync(saved, `${JSON.stringify(data)}\n`);
  }
  write(data, rows);
}
