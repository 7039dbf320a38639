// The lines of the table for the engines that have a test runner, and for the
// examples in the documentation.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  documentationCommand,
  environment,
  root,
  testCommand,
} from "./engines.mjs";
import { parseReport } from "./junit.mjs";

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

/** Ends whatever still runs. */
export function killAll() {
  for (const child of children) kill(child);
}

function execute(binary, values, extra, limit) {
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

async function runNative(line, { files, filter, limit, isThorough }) {
  const { version, binary, kind, values, report, tally } = line;
  const { status, output, late } = await execute(binary, values, {
    GOLIB_RUNNER_ENGINE: `${kind} ${version}`,
    GOLIB_RUNNER_FILTER: filter,
    ...(isThorough && { GOLIB_RUNNER_THOROUGH: "1" }),
    ...(tally && { GOLIB_RUNNER_TALLY: tally }),
  }, limit);
  const { tests, remarks } = parseReport(readIfAny(report));
  // Node counts a file without tests as a test that passed.
  const isFile = ({ name }) => files.some((file) => name.endsWith(file));
  const counted = tests.filter((test) =>
    test.outcome !== "passed" || !isFile(test)
  );
  const having = (outcome) =>
    counted.filter((test) => test.outcome === outcome);
  const failures = having("failed");
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
  return {
    passed: having("passed").length,
    skipped: having("skipped").map(({ name }) => name),
    failures,
    remarks,
    output: unexplained ? output : "",
  };
}

function lineOf(line) {
  return { ...line, run: line.binary && ((job) => runNative(line, job)) };
}

/** The suite on an engine. */
export function suiteLine({ id, kind, binary, version }, files, temporary) {
  const report = join(temporary, `${id}.xml`);
  return lineOf({
    label: id,
    version,
    binary,
    kind,
    values: binary && testCommand(kind, files, report),
    report,
    tally: kind === "node" ? join(temporary, `${id}.txt`) : undefined,
  });
}

/** A file of tests that stand on nothing but Node, for `node --test`. */
export function nodeLine(label, version, file, temporary) {
  const report = join(temporary, `${label}.xml`);
  const own = process.versions.node;
  const line = {
    label,
    version,
    binary: process.execPath,
    kind: "node",
    values: [
      "--test",
      "--test-timeout=120000",
      "--test-reporter=junit",
      `--test-reporter-destination=${report}`,
      file,
    ],
    report,
  };
  const job = { files: [file], filter: "" };
  return {
    ...line,
    run: version &&
      (({ limit }) => runNative({ ...line, version: own }, { ...job, limit })),
  };
}

/** Pages that have programs which nothing but a signal ends. */
const programs = new Set(["docs/shutdown.md", "docs/reload.md"]);

/** The documentation's examples on Deno. */
export function documentationLine({ kind, binary, version }, temporary) {
  const report = join(temporary, "doc.xml");
  const { exports } = JSON.parse(readIfAny(join(root, "deno.json")));
  const folders = Object.values(exports)
    .filter((file) => file.endsWith("/mod.ts") && file !== "./mod.ts")
    .map((file) => file.slice(2, -"/mod.ts".length));
  const documented = [
    "README.md",
    ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)
      .filter((name) => name.endsWith(".md") && !programs.has(name)),
    "mod.ts",
    "runner.ts",
    "tools.ts",
    ...folders.flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)
    ).filter((name) => name.endsWith(".ts")),
  ].filter((name) => existsSync(join(root, name)));
  return lineOf({
    label: "deno doc",
    version,
    binary,
    kind,
    values: binary && documentationCommand(documented, report),
    report,
  });
}
