// Breaks the core on purpose, one way after the other, in a copy, and counts how
// many of them the model notices: `npm run test:broken`. A test that nothing can
// make fail tests nothing.

import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { environment, root } from "./engines.mjs";

const machine = "_internal/machine.ts";
const ticks = "ticker/tick_run.ts";
const breaks = [
  [
    "a start over a stopping run does not wait for its end",
    machine,
    'if (call.isOpen && state.name !== "stopped") {',
    'if (call.isOpen && state.name !== "stopped" && state.name !== "stopping") {',
  ],
  [
    "a stop leaves the starts in line",
    machine,
    "    this.#line = undefined;\n    for (const each of line) {",
    "    for (const each of []as typeof line) {",
  ],
  [
    "a stop does not wait for the stop function",
    "start_stop/start_stop.ts",
    "this.pending++;",
    "this.pending += 0;",
  ],
  [
    "the grace of a start in line runs from its call alone",
    machine,
    "for (const each of this.#line ?? []) each.armGrace();",
    "",
  ],
  [
    "a grace that passes is recorded for each who waits",
    machine,
    "state.run.isOverdue = true;",
    "",
  ],
  [
    "a grace that passes is not recorded",
    machine,
    'this.record(error, "stop");\n    }',
    "}",
  ],
  [
    "the errors of earlier runs stay",
    machine,
    "    this.clear();\n",
    "",
  ],
  [
    "a run that has ended keeps the caller's signal",
    machine,
    '    run.detach();\n    if (state.name === "stopping") {',
    '    if (state.name === "stopping") {',
  ],
  [
    "nobody tells a run that nobody waits for it",
    "_internal/run.ts",
    "this.#force?.abort(this.signal.reason);",
    "",
  ],
  [
    "a late look at control.force finds it as new",
    "_internal/run.ts",
    "if (this.#isForsaken) this.#force.abort(this.signal.reason);",
    "",
  ],
  [
    "an abort of the caller's signal is not heard",
    machine,
    "if (state.run === run) this.#halt(state, this.#impliedStop(), reason);",
    "",
  ],
  [
    "finished() forgets what the run failed with",
    machine,
    'this.#become(failure ? { name: "stopped", failure } : CLEAN);',
    "this.#become(CLEAN);",
  ],
  [
    "finished() settles between the runs of a restart",
    machine,
    '    if (state.name !== "stopped" || this.#line?.length) return;\n    if (this.#finishing',
    '    if (this.#line?.length && state.name === "running") return;\n    if (this.#finishing',
  ],
  [
    "readiness that comes too late is not noticed",
    machine,
    "if (awaitReady) call!.armReady();",
    "",
  ],
  [
    "a clean end of an aborted run is an error",
    machine,
    "if (!isCleanAbort(value, run.signal)) {",
    "{",
  ],
  [
    "a timer outlives its call",
    "_internal/call.ts",
    "    this.disarm();\n    this.detach();",
    "    this.detach();",
  ],
  [
    "the oldest errors are kept, not the newest",
    "_internal/errors.ts",
    "this.#ring[this.#total++ % this.#max] = error;",
    "if (this.#total++ < this.#max) this.#ring.push(error);",
  ],
  [
    "events are told before the transition is complete",
    "_internal/journal.ts",
    "if (--this.#depth === 0) this.#observers?.tell();",
    "this.#depth--; this.#observers?.tell();",
  ],
  [
    "a tick that outlasts its interval moves the grid",
    ticks,
    "    this.#passed = point;\n",
    "    this.#passed = point;\n    this.#origin += 1;\n",
  ],
  [
    "a stopped ticker does not wait for its tick",
    ticks,
    "if (this.isIdle) {\n      void Promise",
    "{\n      void Promise",
  ],
  [
    "the points that a tick covers are not missed",
    ticks,
    "this.missed = point - this.#passed - 1;",
    "this.missed = 0;",
  ],
  [
    "the timer of a stopped ticker stays",
    ticks,
    "  protected override halted(): void {\n    this.#clock.disarm(this);",
    "  protected override halted(): void {",
  ],
];

const programs = process.argv[2] ?? "2000";
const copy = mkdtempSync(join(tmpdir(), "runner-broken-"));
const results = [];
try {
  const kept = /^(_internal|_tools|start_stop|ticker|schedule|tests)(\/|$)/;
  cpSync(root, copy, {
    recursive: true,
    filter: (source) => {
      const name = source.slice(root.length).replaceAll("\\", "/");
      return name === "" || kept.test(name) || /^[^/]+\.(ts|json)$/.test(name);
    },
  });
  symlinkSync(
    join(root, "node_modules"),
    join(copy, "node_modules"),
    "junction",
  );
  for (const [name, file, from, to] of [["nothing is broken"], ...breaks]) {
    let text;
    if (file) {
      text = readFileSync(join(copy, file), "utf8");
      if (!text.includes(from)) {
        throw new Error(`'${name}': ${file} no longer has that text`);
      }
      writeFileSync(join(copy, file), text.replace(from, () => to));
    }
    const { status } = spawnSync(
      process.execPath,
      ["--import", "tsx", "--test-force-exit", "tests/model_test.ts"],
      {
        cwd: copy,
        env: environment({ GOLIB_RUNNER_MODEL: programs }),
        stdio: "ignore",
        // One that hangs is noticed as well.
        timeout: 60_000,
        killSignal: "SIGKILL",
      },
    );
    if (file) writeFileSync(join(copy, file), text);
    const isCaught = status !== 0;
    console.log(`${isCaught ? "caught" : "passes"}  ${name}`);
    if (file) results.push(isCaught);
    else if (isCaught) throw new Error("the model fails on the code as it is");
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
const caught = results.filter(Boolean).length;
console.log(`\n${caught} of ${results.length} caught`);
process.exitCode = caught === results.length ? 0 : 1;
