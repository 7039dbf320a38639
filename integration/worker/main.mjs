// `./worker` on every engine, with threads and with processes, and in browsers.
//
//   npm run test:worker
//   npm run test:worker -- bun thread
//
// The last line is "N passed, N failed".

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  engineIds,
  environment,
  findEngines,
  root,
} from "../../_tools/engines.mjs";

const { build } = await import("esbuild");
const folder = join(root, "integration/worker");
const temporary = mkdtempSync(join(tmpdir(), "runner-worker-"));
await build({
  entryPoints: readdirSync(folder)
    .filter((name) => /^(program|page|.*_worker)\.ts$/.test(name))
    .map((name) => join(folder, name)),
  bundle: true,
  format: "esm",
  target: "es2022",
  external: ["node:*"],
  outdir: temporary,
  outExtension: { ".js": ".mjs" },
  logLevel: "error",
});

const values = process.argv.slice(2).filter(Boolean);
const kinds = ["thread", "process"].filter((each) =>
  values.includes(each) ||
  !values.some((it) => it === "thread" || it === "process")
);
const browsers = ["chromium", "firefox"].filter((each) =>
  values.includes(each) || !values.some((it) => engineIds.includes(it))
);
const ids = engineIds.filter((each) =>
  values.includes(each) ||
  !values.some((it) =>
    engineIds.includes(it) || it === "chromium" || it === "firefox"
  )
);

function runFile(binary, command) {
  return new Promise((resolve) => {
    const child = spawn(binary, command, {
      cwd: root,
      env: environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (part) => text += part);
    child.stderr.setEncoding("utf8").on("data", (part) => errors += part);
    const timer = setTimeout(() => child.kill("SIGKILL"), 5 * 60_000);
    child.on("exit", () => clearTimeout(timer));
    child.on("close", () => resolve({ text, errors }));
  });
}

let passed = 0;
let failed = 0;
function report(label, text, errors) {
  const [, good, bad] = /(\d+) passed, (\d+) failed\s*$/.exec(text) ?? [];
  passed += Number(good ?? 0);
  failed += Number(bad ?? 1);
  console.log(`${label}: ${text.trim() || errors}`);
}

// Mostly they wait: two at a time.
const jobs = findEngines(ids).flatMap((engine) =>
  kinds.map((isolation) => ({ ...engine, isolation }))
);
async function next() {
  for (let job; (job = jobs.shift());) {
    const { id, kind, binary, version, isolation } = job;
    const file = join(temporary, "program.mjs");
    const command = kind === "deno"
      ? ["run", "--allow-all", file, isolation]
      : [file, isolation];
    const { text, errors } = await runFile(binary, command);
    report(`${id} ${version}, ${isolation}`, text, errors);
  }
}
await Promise.all([next(), next()]);
if (browsers.length > 0 && kinds.includes("thread")) {
  const { runInBrowser } = await import("./browsers.mjs");
  for (const browser of browsers) {
    const { label, text } = await runInBrowser(browser, temporary);
    report(label, text, "");
  }
}
rmSync(temporary, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
