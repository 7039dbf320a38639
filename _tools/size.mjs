// What each entry weighs once it is bundled: `npm run size`.

import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { root } from "./engines.mjs";
import { save } from "./results.mjs";
import { printTable } from "./table.mjs";

// In bytes, minified and gzipped. An entry of the core counts whole, another only
// what it adds to an app that has the core. The goals for the core were 6,000, 4,200
// and 5,000, set for a plain version; schedules were allowed 600 more. What is beyond
// is the price of exact clocks, real and fake, of many tickers behind one timer, of
// async contexts, retries, last runs and gates, and of the checks of unknown options.
const core = { ".": 15_900, "./start-stop": 7_000, "./ticker": 14_300 };
const added = {
  // The goal was 2,000: what is beyond is the tree, and the checks of options.
  "./health": 4_500,
  // The goal was 2,500: what is beyond is the tree, the hook, and the negotiation of
  // formats, which the modules beside share.
  "./metrics": 8_000,
  // The goal was 4,000: what is beyond is the tree, and the checks of options.
  "./status": 9_000,
  // The goal was 2,500: it is four kinds of servers, each with an order of its own.
  "./http": 6_300,
  // The goal was 2,500. Without the concurrency that is found it would be 900 less,
  // without pressure 700, without figures for users 300; what is left is the order,
  // resources and reserves, runs inside runs, refusals, and the checks of options.
  "./admission": 7_700,
  // The goal was 2,500: what is beyond is two kinds of workers on five platforms,
  // pools, and the tree of what runs inside.
  "./worker": 6_000,
  // The goals were 5,000, and 2,000 for each store. What is beyond is the checks, the
  // batches and the unknown outcomes; a store counts with its errors.
  "./coordination": 10_900,
  "./coordination/consul": 3_000,
  "./coordination/etcd": 2_550,
  "./coordination/kubernetes": 3_200,
  "./coordination/memory": 1_100,
  "./coordination/postgres": 2_800,
  "./coordination/redis": 2_350,
  "./reload": 1_400,
  // The goal was 700: what is beyond is work that a close waits for, and waits
  // that go through a supervisor's restart.
  "./resource": 1_010,
  "./schedule": 1_750,
  // A third of it is what tells systemd, another the options of `main`.
  "./shutdown": 3_900,
  // The goal was 1,000: what is beyond is the tree, and the checks of options.
  "./tracing": 3_000,
  // The goal was 3,500: what is beyond is checks, and errors that name children.
  // A half of it is what children can be asked for, and what is seen of them.
  "./supervisor": 13_900,
};
const free = new Set(["./testing", "./tools"]);

const { exports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));

async function bundle(...lines) {
  const common = {
    stdin: { contents: lines.join("\n"), resolveDir: root, loader: "ts" },
    bundle: true,
    external: ["node:*"],
    format: "esm",
    metafile: true,
    platform: "neutral",
    target: "es2022",
    write: false,
  };
  const [raw, min] = await Promise.all(
    [false, true].map((minify) => build({ ...common, minify })),
  );
  return {
    raw: raw.outputFiles[0].contents.length,
    min: min.outputFiles[0].contents.length,
    gzip: gzipSync(min.outputFiles[0].contents, { level: 9 }).length,
    inputs: Object.entries(Object.values(min.metafile.outputs)[0].inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([name]) => name),
  };
}

const all = (entry) => `export * from ${JSON.stringify(exports[entry])};`;
const base = await bundle(all("."));
const rows = [];
for (const entry of Object.keys(exports)) {
  const isAdded = !Object.hasOwn(core, entry) && !free.has(entry);
  // Names that both have would be left out of the two together.
  const size = isAdded
    ? await bundle(all("."), `export * as added from "${exports[entry]}";`)
    : await bundle(all(entry));
  const less = (key) => size[key] - (isAdded ? base[key] : 0);
  rows.push({
    entry: isAdded ? `${entry} (added to the core)` : entry,
    raw: less("raw"),
    min: less("min"),
    gzip: less("gzip"),
    budget: core[entry] ?? added[entry],
    isFree: free.has(entry),
  });
}
const alone = await bundle(`export { StartStop } from "./mod.ts";`);
rows.push({
  entry: "{ StartStop } of .",
  raw: alone.raw,
  min: alone.min,
  gzip: alone.gzip,
  // Other names, in another order, compress to some bytes more or less.
  budget: core["./start-stop"] + 10,
});

// A budget has room for what is to come: an entry over it is a question for whoever
// reads this, and no failure.
const failures = [];
const notes = [];
for (const { entry, gzip, budget, isFree } of rows) {
  if (isFree) continue;
  if (budget === undefined) {
    failures.push(`${entry} has no budget: give it one here`);
  } else if (gzip > budget) {
    notes.push(`${entry} weighs ${gzip - budget} bytes more than its budget`);
  }
}
const foreign = alone.inputs.filter((name) =>
  /^(ticker\/|tools\.ts|_internal\/(clock|run_tick|run_nbr)\.ts)/.test(name)
);
if (foreign.length > 0) {
  failures.push(`an app with StartStop alone carries ${foreign.join(", ")}`);
}

const header = ["entry", "raw", "minified", "gzipped", "budget"];
const cells = rows.map(({ entry, raw, min, gzip, budget }) => [
  entry,
  ...[raw, min, gzip].map(String),
  String(budget ?? "-"),
]);
printTable(header, cells);
for (const note of notes) console.log(`Note: ${note}`);
for (const failure of failures) console.log(`FAILED: ${failure}`);
save("size", { header, rows: cells, failed: failures.length });
process.exitCode = failures.length > 0 ? 1 : 0;
