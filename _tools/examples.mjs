// Runs every example on every engine, and compares what it prints with what it
// says it prints: the lines after "// Prints:" at its end, in which N is any
// number and ... any lines. What the README quotes of some is compared as well.
//
//   npm run examples                    all
//   npm run examples -- bun polling.ts  only this engine, only this example

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  engineIds,
  environment,
  fileCommand,
  findEngines,
  root,
} from "./engines.mjs";

const limit = 60_000;
const values = {
  "observed_service.ts": ["--seconds", "2.5", "--port", "0", "--ops", "0"],
  "service.ts": ["--seconds", "1.5"],
};
// Those that one engine alone can run.
const only = { "hosts/bun_serve.ts": "bun" };
const quoted = ["service.ts"];
/** Those that one engine cannot run. */
const not = { "http2_server.ts": "deno" };

const names = readdirSync(join(root, "examples"))
  .filter((name) => name.endsWith(".ts") && !name.startsWith("_")).concat(
    Object.keys(only),
  ).sort();
// It is three processes and a store, on Node, Deno and Bun at once.
const cluster = "cluster/main.mjs";
const asked = process.argv.slice(2);
const stranger = asked.find((each) =>
  !engineIds.includes(each) && ![...names, cluster].includes(each)
);
if (stranger) {
  console.error(
    `'${stranger}' is none of: ${[...engineIds, ...names, cluster].join(", ")}`,
  );
  process.exit(2);
}
const chosen = (all) => {
  const some = all.filter((each) => asked.includes(each));
  return some.length > 0 ? some : all;
};

/** What an example says that it prints, as a pattern. */
function expectation(name) {
  const text = readFileSync(join(root, "examples", name), "utf8");
  const [, block] = /^\/\/ Prints:\n\/\/\n((?:\/\/.*\n)+)$/m.exec(text) ?? [];
  if (!block) throw new Error(`${name} does not say what it prints`);
  const lines = block.trimEnd().split("\n").map((line) => line.slice(3));
  const pattern = lines.map((line) =>
    line === "..."
      ? "(?:.*\n)*?"
      : `${
        line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(
          /\bN\b/g,
          "[\\d.]+",
        )
      }\n`
  ).join("");
  return new RegExp(`^${pattern}$`);
}

/** What the README is to say where it quotes an example. */
function quotation(name) {
  const text = readFileSync(join(root, "examples", name), "utf8");
  const [, quote] = /^\/\/ <readme>\n([^]*)^\/\/ <\/readme>$/m.exec(text) ?? [];
  if (!quote) throw new Error(`${name} does not say what is quoted of it`);
  const language = name.endsWith(".ts") ? "ts" : "js";
  const code = quote.trimEnd().replace("./_pg.ts", "pg");
  return `\`\`\`${language} ignore\n${code}\n\`\`\`\n`;
}

let passed = 0;
let failed = 0;
const readme = readFileSync(join(root, "README.md"), "utf8");
for (const name of quoted) {
  if (readme.includes(quotation(name))) continue;
  failed++;
  console.log(`FAILED  README.md does not quote ${name} as it is`);
}
const isClusterAlone = asked.length === 1 && asked[0] === cluster;
const ids = isClusterAlone ? [] : chosen(engineIds);
for (const { id, kind, binary, version } of findEngines(ids)) {
  if (!binary) {
    console.log(`${id}: not installed on this platform`);
    // In the check of a commit none may be missing.
    if (process.env.CI && asked.length === 0) failed++;
    continue;
  }
  console.log(`${kind} ${version}`);
  for (const name of chosen(names)) {
    if ((only[name] ?? kind) !== kind || not[name] === kind) continue;
    const started = performance.now();
    const { status, signal, stdout, stderr } = spawnSync(
      binary,
      fileCommand(kind, `examples/${name}`, values[name]),
      {
        cwd: root,
        env: environment(),
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        timeout: limit,
        killSignal: "SIGKILL",
      },
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const fault = signal
      ? `ended by ${signal}`
      : status !== 0
      ? `ended with ${status}`
      : stderr !== ""
      ? "wrote to standard error"
      : !expectation(name).test(stdout)
      ? "did not print what it says"
      : undefined;
    console.log(`  ${fault ? "FAILED" : "ok    "}  ${name}, ${seconds} s`);
    if (fault) {
      failed++;
      console.log(`${fault}\n${stdout}${stderr}`);
    } else passed++;
  }
}
if (asked.length === 0 || asked.includes(cluster)) {
  const hasEtcd = spawnSync("etcd", ["--version"]).status === 0;
  if (!hasEtcd) {
    console.log(`${cluster}: etcd is not installed`);
    if (process.env.CI) failed++;
  } else {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join("examples", cluster), "--kill=6", "--seconds=22"],
      {
        cwd: root,
        env: environment(),
        encoding: "utf8",
        timeout: limit,
      },
    );
    const isGood = status === 0 && stdout.includes("The mailer moved");
    console.log(`${isGood ? "ok    " : "FAILED"}  ${cluster}`);
    if (isGood) passed++;
    else {
      failed++;
      console.log(`ended with ${status}\n${stdout}${stderr}`);
    }
  }
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
