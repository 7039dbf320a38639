// What a worker costs beside a bare one, piscina, tinypool and comlink, on Node
// 24, Deno and Bun: `npm run bench:worker`; with `--kills=10000` the leaks of so
// many kills, with `--smoke` small and in a hurry. The peers run on Node alone.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { environment, findEngines } from "../../_tools/engines.mjs";
import { install } from "../../_tools/install.mjs";
import { printTable } from "../../_tools/table.mjs";

install("bench/worker", "the peers");
const folder = fileURLToPath(new URL(".", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "runner-bench-worker-"));
await build({
  entryPoints: ["library.ts", "echo_worker.ts"]
    .map((name) => join(folder, name)),
  bundle: true,
  format: "esm",
  target: "es2022",
  outdir: temporary,
  outExtension: { ".js": ".mjs" },
  logLevel: "error",
});
const before = {
  deno: ["run", "--allow-all", "--no-check", "--v8-flags=--expose-gc"],
  bun: [],
  node: ["--expose-gc"],
};
const names = [];
const rows = new Map();
let failed = 0;
for (const { id, kind, binary } of findEngines(["node24", "deno", "bun"])) {
  const { status, stdout, stderr } = spawnSync(
    binary,
    [
      ...before[kind],
      join(folder, "program.mjs"),
      temporary,
      ...process.argv.slice(2),
    ],
    { cwd: folder, encoding: "utf8", env: environment(), timeout: 3_600_000 },
  );
  if (status !== 0) {
    failed++;
    console.log(`${id}: ${stderr}`);
    continue;
  }
  const result = JSON.parse(stdout.trim().split("\n").at(-1));
  for (const [name, value] of Object.entries(result)) {
    const row = rows.get(name) ?? rows.set(name, new Map()).get(name);
    row.set(id, value.toFixed(Math.abs(value) < 100 ? 2 : 0));
  }
  names.push(id);
}
rmSync(temporary, { recursive: true, force: true });
printTable(
  ["what (goal)", ...names],
  [...rows].map(([name, row]) => [
    name,
    ...names.map((id) => row.get(id) ?? "-"),
  ]),
);
console.log(`\n${names.length} passed, ${failed} failed`);
process.exitCode = failed > 0 || names.length === 0 ? 1 : 0;
