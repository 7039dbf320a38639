// Runs the suite on every engine that is installed, and sums it up.
//
//   npm test                           everything
//   npm test -- node20 deno            only these engines
//   npm test -- tests/ticker_test.ts   only these files
//   npm test -- --filter=TEXT          only tests whose full name has TEXT

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  documentationCommand,
  environment,
  findEngines,
  root,
  testCommand,
} from "./engines.mjs";
import { parseReport } from "./junit.mjs";

const limit = 10 * 60_000;

const engines = findEngines();
const ids = engines.map(({ id }) => id);
const chosen = new Set();
const files = [];
let filter = "";
for (const value of process.argv.slice(2).filter(Boolean)) {
  if (value.startsWith("--filter=")) filter = value.slice("--filter=".length);
  else if (ids.includes(value) || value === "doc") chosen.add(value);
  else if (value.endsWith("_test.ts") && existsSync(join(root, value))) {
    files.push(value);
  } else {
    console.error(
      `'${value}' is neither a file nor one of: ${ids.join(", ")}, doc`,
    );
    process.exit(2);
  }
}
const whole = files.length === 0 && filter === "";
if (files.length === 0) {
  files.push(
    ...readdirSync(join(root, "tests"), { recursive: true })
      .filter((name) => name.endsWith("_test.ts"))
      .map((name) => join("tests", name).replaceAll("\\", "/"))
      .sort(),
  );
}

const temporary = mkdtempSync(join(tmpdir(), "runner-suite-"));
const children = new Set();
const windows = process.platform === "win32";

// Node runs each file in a process of its own, which must not outlive it.
function kill(child) {
  try {
    if (windows) child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    for (const child of children) kill(child);
    rmSync(temporary, { recursive: true, force: true });
    process.exit(1);
  });
}

function run(binary, values, extra) {
  return new Promise((resolve) => {
    const child = spawn(binary, values, {
      cwd: root,
      env: environment(extra),
      stdio: ["ignore", "pipe", "pipe"],
      detached: !windows,
    });
    children.add(child);
    let output = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      kill(child);
    }, limit);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => output += text);
    }
    const end = (status) => {
      clearTimeout(timer);
      children.delete(child);
      resolve({ status, output, late });
    };
    child.on("error", (error) => {
      output += `${error}\n`;
      end("it could not be started");
    });
    child.on("close", (code, signal) => end(signal ?? code));
  });
}

function readIfAny(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Runs one line of the table. */
async function runLine(
  { label, version, binary, kind, values, report, tally },
) {
  const started = performance.now();
  const { status, output, late } = await run(binary, values, {
    GOLIB_RUNNER_ENGINE: `${kind} ${version}`,
    GOLIB_RUNNER_FILTER: filter,
    ...(tally && { GOLIB_RUNNER_TALLY: tally }),
  });
  const seconds = (performance.now() - started) / 1000;
  const { tests, remarks } = parseReport(readIfAny(report));
  // Node counts a file without tests as a test that passed.
  const isFile = ({ name }) => files.some((file) => name.endsWith(file));
  const counted = tests.filter((test) =>
    test.outcome !== "passed" || !isFile(test)
  );
  const count = (outcome) =>
    counted.filter((test) => test.outcome === outcome).length;
  const failures = counted.filter((test) => test.outcome === "failed");
  const add = (name, message, detail = "") =>
    failures.push({ name, message, detail });

  const reported = counted.filter((test) => !isFile(test)).length;
  const expected = tally
    ? readIfAny(tally).split("\n").reduce((sum, each) => sum + Number(each), 0)
    : reported;
  if (late) {
    add("the whole run", `did not end within ${limit / 1000} s`, output);
  } else if (failures.length === 0 && status !== 0) {
    add("the whole run", `ended with ${status}`, output);
  } else if (reported === 0 && failures.length === 0) {
    add(
      "the whole run",
      filter ? `no test has '${filter}' in its name` : "reported no test",
      output,
    );
  }
  if (!late && reported > 0 && reported < expected) {
    add(
      "the report",
      `lost ${
        expected - reported
      } of ${expected} tests: the engine stopped reporting after the last one named`,
      `last: ${tests.at(-1)?.name}\n`,
    );
  }
  // Deno says only "Cancelled" where an uncaught error ended a file, and Node
  // nothing at all where a file could not be loaded.
  const unexplained = failures.some((failure) =>
    isFile(failure) ||
    (failure.detail === "" && /cancel/i.test(failure.message))
  );
  print(label, failures, remarks, unexplained ? output : "");
  return {
    label,
    version,
    passed: count("passed"),
    skipped: count("skipped"),
    failed: failures.length,
    seconds,
  };
}

function print(label, failures, remarks, output) {
  for (const { name, message, detail } of failures) {
    const text = detail.trim();
    console.log(`\nFAILED on ${label}: ${name}`);
    if (message && !text.includes(message.split("\n")[0])) console.log(message);
    if (text) console.log(text.split("\n").slice(-80).join("\n"));
  }
  if (failures.length > 0) {
    for (const remark of remarks) console.log(`\n${label} remarks: ${remark}`);
  }
  if (output) {
    const last = output.trimEnd().split("\n").slice(-200).join("\n");
    console.log(`\nWhat ${label} said:\n${last}`);
  }
}

function linesFor(engine) {
  const { id, kind, binary, version } = engine;
  const lines = [];
  if (chosen.size === 0 || chosen.has(id)) {
    const report = join(temporary, `${id}.xml`);
    const tally = kind === "node" ? join(temporary, `${id}.txt`) : undefined;
    lines.push({
      label: id,
      version,
      binary,
      kind,
      values: binary && testCommand(kind, files, report),
      report,
      tally,
    });
  }
  const wanted = chosen.has("doc") || (whole && lines.length > 0);
  if (kind === "deno" && wanted) {
    const report = join(temporary, "doc.xml");
    const documented = [
      "README.md",
      "mod.ts",
      "runner.ts",
      "tools.ts",
      ...[
        "reload",
        "schedule",
        "shutdown",
        "start_stop",
        "supervisor",
        "ticker",
      ].flatMap(
        (folder) =>
          existsSync(join(root, folder))
            ? readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)
            : [],
      ).filter((name) => name.endsWith(".ts")),
    ].filter((name) => existsSync(join(root, name)));
    // Without a file to look at, Deno would look at every file there is.
    if (documented.length === 0) return lines;
    lines.push({
      label: "deno doc",
      version,
      binary,
      kind,
      values: documentationCommand(documented, report),
      report,
    });
  }
  return lines;
}

const results = [];
for (const line of engines.flatMap(linesFor)) {
  if (!line.binary) {
    const asked = chosen.size > 0;
    console.log(`${line.label}: not installed on this platform`);
    if (asked) {
      results.push({ ...line, passed: 0, skipped: 0, failed: 1, seconds: 0 });
    }
    continue;
  }
  process.stdout.write(`${line.label} ${line.version} …`);
  const result = await runLine(line);
  console.log(` ${result.seconds.toFixed(1)} s`);
  results.push(result);
}
rmSync(temporary, { recursive: true, force: true });

const header = ["engine", "version", "passed", "skipped", "failed", "seconds"];
const rows = results.map((result) => [
  result.label,
  result.version ?? "-",
  ...[result.passed, result.skipped, result.failed].map(String),
  result.seconds.toFixed(1),
]);
const widths = header.map((_title, column) =>
  Math.max(...[header, ...rows].map((row) => row[column].length))
);
console.log();
for (const row of [header, widths.map((width) => "-".repeat(width)), ...rows]) {
  console.log(
    row.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    ).join("  "),
  );
}
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
if (results.length === 0) console.log("No engine to run on");
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") > 0 || results.length === 0 ? 1 : 0;
