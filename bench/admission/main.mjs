// The figures of `./admission` beside its peers, on Node 24, Deno and Bun:
// `npm run bench:admission`; with `--overload` a service under four times what it
// can do, with `--http` a real HTTP service by autocannon, with `--pressure` how a
// gate closes and opens; `--save` draws the plots; with `--smoke` small and in a hurry.
// `--engine=deno` takes one engine, and with `--overload` or `--http` `--only=adaptive`
// one gate beside the service without load.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { environment, findEngines, root } from "../../_tools/engines.mjs";
import { install } from "../../_tools/install.mjs";
import { printTable } from "../../_tools/table.mjs";

install("bench/admission", "the peers (once; some seconds)");
const folder = fileURLToPath(new URL(".", import.meta.url));
const rest = process.argv.slice(2);
const isOverload = rest.includes("--overload");
const temporary = mkdtempSync(join(tmpdir(), "runner-admission-"));
const bundle = join(temporary, "admission.mjs");
await build({
  entryPoints: [join(root, "admission/mod.ts")],
  bundle: true,
  format: "esm",
  target: "es2022",
  outfile: bundle,
  logLevel: "error",
});

const isHttp = rest.includes("--http");
const isSaved = rest.includes("--save");
const valueOf = (option) =>
  rest.find((each) => each.startsWith(`${option}=`))?.slice(option.length + 1);
const engine = valueOf("--engine") ?? "";
const p99s = [];
if (rest.includes("--pressure")) {
  const { stdout } = spawnSync(process.execPath, [
    join(folder, "pressure.mjs"),
    bundle,
  ], { encoding: "utf8" });
  const { points, changes } = JSON.parse(stdout);
  const { plotPressure } = await import("./plot.mjs");
  if (isSaved) {
    await plotPressure(
      join(root, "docs/images/admission_pressure.svg"),
      points,
    );
  }
  rmSync(temporary, { recursive: true, force: true });
  console.log(`${points.length} readings, ${changes} changes of what is open`);
  console.log("1 passed, 0 failed");
  process.exit(0);
}

let passed = 0;
let failed = 0;
const rows = new Map();
const names = [];
for (const { id, kind, binary } of findEngines()) {
  if (!["node24", "deno", "bun"].includes(id) || !binary) continue;
  if (!id.startsWith(engine)) continue;
  if (isHttp) {
    const { overHttp } = await import("./overload_http.mjs");
    const isSmoke = rest.includes("--smoke");
    const result = await overHttp({ kind, binary }, bundle, {
      isSmoke,
      only: valueOf("--only"),
    });
    passed++;
    for (const [name, each] of Object.entries(result)) {
      p99s.push({ engine: id, gate: name, p99: each.p99 });
      rows.set(`${id}: ${name}`, [
        `${(100 * each.done).toFixed()} %`,
        `${each.p50.toFixed()} ms`,
        `${each.p99.toFixed()} ms`,
        (each.p99 / result.unloaded.p99).toFixed(2),
        String(each.served),
        String(each.refused),
      ]);
    }
    continue;
  }
  const before = {
    deno: ["run", "--allow-all", "--no-check", "--v8-flags=--expose-gc"],
    bun: [],
    node: ["--expose-gc"],
  }[kind];
  const program = isOverload ? "overload.mjs" : "admission.mjs";
  const { status, stdout, stderr } = spawnSync(
    binary,
    [...before, join(folder, program), bundle, ...rest],
    { cwd: folder, env: environment(), encoding: "utf8", timeout: 600_000 },
  );
  if (status !== 0) {
    failed++;
    console.log(`${id}: ${stderr}`);
    continue;
  }
  passed++;
  names.push(id);
  const result = JSON.parse(stdout.trim().split("\n").at(-1));
  if (isOverload) {
    const base = result.unloaded;
    for (const [name, each] of Object.entries(result)) {
      const { done, p50, p99, served } = each;
      const refused = Object.values(each.refused).reduce((a, b) => a + b, 0);
      p99s.push({ engine: id, gate: name, p99 });
      rows.set(`${id}: ${name}`, [
        `${(100 * done).toFixed()} %`,
        `${p50.toFixed()} ms`,
        `${p99.toFixed()} ms`,
        (p99 / base.p99).toFixed(2),
        [10, 5, 0, -5].map((key) => served[key]).join(" / "),
        String(refused),
      ]);
    }
    continue;
  }
  const { admission, waiting, memory } = result;
  const set = (row, value) => rows.set(row, [...rows.get(row) ?? [], value]);
  const { counting, "p-queue": queue } = admission;
  for (const [name, ns] of Object.entries(admission)) {
    set(`${name}, ns each`, ns.toFixed(0));
  }
  set("Gate to counting (1.4)", (admission.Gate / counting).toFixed(2));
  set("Gate to p-queue (0.15)", (admission.Gate / queue).toFixed(3));
  for (const [name, ns] of Object.entries(waiting)) {
    set(`${name}, ns each`, ns.toFixed(0));
  }
  const sum = (name) => waiting[`${name}, come`] + waiting[`${name}, go`];
  set(
    "Gate to the plain heap (1.5)",
    (sum("Gate") / sum("plain heap")).toFixed(2),
  );
  for (const [name, bytes] of Object.entries(memory)) {
    set(`${name}, bytes each that waits`, bytes.toFixed(0));
  }
  set(
    "Gate to p-queue, bytes (0.7)",
    (memory.Gate / memory["p-queue"]).toFixed(2),
  );
}
rmSync(temporary, { recursive: true, force: true });
if (isSaved && p99s.length > 0) {
  const { plotOverload } = await import("./plot.mjs");
  const image = isHttp ? "admission_http.svg" : "admission_overload.svg";
  await plotOverload(join(root, "docs/images", image), p99s);
}
const header = isOverload
  ? [
    "service and gate",
    "done (95 %)",
    "p50 of the highest",
    "p99",
    "to unloaded (1.2)",
    "served by priority",
    "refused",
  ]
  : isHttp
  ? [
    "service and gate",
    "done",
    "p50 of the highest",
    "p99",
    "to unloaded (1.2)",
    "served",
    "refused",
  ]
  : ["what (goal)", ...names];
printTable(
  header,
  [...rows].map(([name, values]) => [
    name,
    ...values,
  ]),
);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
