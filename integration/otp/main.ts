/**
 * Runs the programs that real Erlang/OTP 25.2.3 ran, and compares the states after
 * each operation, one by one.
 *
 * Where this library is meant to differ, the row of docs/supervision.md's table
 * that says so is named, and the rest of that program is left out.
 */

import { StartStop, untilAborted } from "@golib/runner";
import {
  type Child,
  type RestartType,
  type Strategy,
  Supervisor,
} from "@golib/runner/supervisor";
import { FakeTime } from "@std/testing/time";
import { readFileSync } from "node:fs";

interface Worker {
  readonly kind: "worker";
  readonly id: string;
  readonly restart: RestartType;
  readonly init: "ok" | "slow" | "error" | "ignore";
  readonly stop: "ok" | "slow" | "error";
}
interface Inner extends Shape {
  readonly kind: "sup";
  readonly id: string;
  readonly restart: RestartType;
}
interface Shape {
  readonly strategy: "one_for_one" | "one_for_all" | "rest_for_one";
  readonly chain: boolean;
  readonly intensity: number;
  readonly children: readonly (Worker | Inner)[];
}
interface Program extends Shape {
  readonly id: number;
  readonly profile: string;
  readonly ops: readonly [string, ...unknown[]][];
}
interface Step {
  readonly op: string;
  readonly result: string;
  readonly state: string;
  readonly events: readonly string[];
}
interface Line {
  readonly program: Program;
  readonly otp: { readonly steps: readonly Step[]; readonly end: string };
}

/** The rows of the table in docs/supervision.md, for each difference that is meant. */
const ROWS = {
  // Here two that fail at once are both seen before the first is restarted.
  backoff: "a restart is made at once",
  // Here it is restarted; the operation is left out.
  running: "restart_child of a child that runs is refused",
} as const;
type Row = keyof typeof ROWS;

/** A process of OTP: it does what the program says. */
class Process {
  readonly runner: StartStop;
  #fail: ((error: Error | undefined) => void) | undefined;
  /** How many of its next starts fail. */
  failing = 0;
  /** How often it fails as soon as it is up. */
  flapping = 0;

  constructor(spec: Worker, events: string[]) {
    const { id } = spec;
    this.runner = new StartStop(
      async (signal, { ready }) => {
        const life = new Promise<Error | undefined>((resolve) => {
          this.#fail = resolve;
        });
        if (spec.init === "slow") await pause(3);
        if (this.failing > 0 || spec.init === "error") {
          this.failing--;
          events.push(`fail ${id}`);
          throw new Error("boom");
        }
        if (spec.init === "ignore") {
          events.push(`ignore ${id}`);
          ready();
          return;
        }
        events.push(`up ${id}`);
        ready();
        if (this.flapping > 0) {
          this.flapping--;
          throw new Error("flap");
        }
        const error = await Promise.race([life, untilAborted(signal)]);
        this.#fail = undefined;
        if (error) throw error;
        if (!signal.aborted) return;
        events.push(`down ${id}`);
        if (spec.stop === "slow") await pause(3);
        if (spec.stop === "error") throw new Error("bad stop");
      },
      undefined,
      { name: id, awaitReady: true, printErrors: false },
    );
  }

  get isUp(): boolean {
    return this.runner.state === "running" && this.#fail !== undefined;
  }

  end(error?: Error): void {
    this.#fail?.(error);
    this.#fail = undefined;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function drain(turns = 60): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await undefined;
}

/** Lets all follow that does. */
async function pass(time: FakeTime): Promise<void> {
  await drain();
  let isOver = false;
  setTimeout(() => isOver = true, 3_000);
  while (!isOver) {
    time.next();
    await drain(40);
  }
}

/** A supervisor of OTP with its processes. */
class Run {
  readonly root: Supervisor;
  readonly processes = new Map<string, Process>();
  readonly events: string[] = [];
  readonly isListed: boolean;

  constructor(program: Program, isListed: boolean) {
    this.isListed = isListed;
    this.root = this.#supervisor("root", program);
  }

  #supervisor(name: string, shape: Shape): Supervisor {
    return new Supervisor(shape.children.map((each) => this.#child(each)), {
      name,
      strategy: shape.strategy.replaceAll("_", "-") as Strategy,
      order: this.isListed || shape.chain ? "list" : "dependencies",
      backoff: { initial: 1, max: 1 },
      intensity: {
        per: "supervisor",
        restarts: shape.intensity,
        window: 1e9,
      },
      printErrors: false,
    });
  }

  #child(spec: Worker | Inner): Child {
    if (spec.kind === "sup") {
      const runner = this.#supervisor(spec.id, spec);
      return { runner, restart: spec.restart };
    }
    const process = new Process(spec, this.events);
    this.processes.set(spec.id, process);
    // Of one that gives no process nothing ends, so that nothing is restarted.
    const isIgnored = spec.init === "ignore" && spec.restart === "permanent";
    const restart = isIgnored ? "transient" : spec.restart;
    return { runner: process.runner, restart };
  }

  state(supervisor = this.root): string {
    if (supervisor === this.root && supervisor.state !== "running") return "";
    return supervisor.children().map(({ name, runner }) => {
      const isUp = runner?.isRunning() ?? false;
      const below = runner instanceof Supervisor && isUp
        ? `(${this.state(runner)})`
        : "";
      return `${name}:${isUp ? "up" : "down"}${below}`;
    }).join(" ");
  }

  /** Does an operation; says how it went where that is known at once. */
  do([op, first, second]: readonly [string, ...unknown[]]): string {
    const id = first as string;
    const process = this.processes.get(id);
    const ended = (each: Process | undefined, error?: Error) => {
      if (!each?.isUp) return "not running";
      each.end(error);
      return "ok";
    };
    const crash = new Error("crashed");
    switch (op) {
      case "crash":
      case "flap": {
        if (!process?.isUp) return "not running";
        // Where it says none, what was said before stands.
        const times = second as number;
        if (op === "flap") process.flapping = times;
        else if (times > 0) process.failing = times;
        return ended(process, crash);
      }
      case "failnext":
        if (process) process.failing = second as number;
        return "ok";
      case "exit":
        return ended(process);
      case "kill":
        return ended(process, crash);
      case "both": {
        const other = this.processes.get(second as string);
        const up = [process, other].map((each) => each?.isUp);
        if (up[0]) process!.end(crash);
        if (up[1] && other !== process) other!.end(crash);
        return up.map((each) => each ? "ok" : "not running").join(",");
      }
      case "add": {
        const spec = first as Worker;
        const before = this.processes.get(spec.id);
        const isTaken = this.root.children().some(({ name }) =>
          name === spec.id
        );
        void this.root.addChild(this.#child(spec)).catch(() => {});
        if (isTaken && before) this.processes.set(spec.id, before);
        return isTaken ? "taken" : "";
      }
      case "remove": {
        const isThere = this.root.children().some(({ name }) => name === id);
        void this.root.removeChild(id).catch(() => {});
        return isThere ? "ok" : "none";
      }
      case "restart": {
        const found = this.root.children().find(({ name }) => name === id);
        if (!found) return "none";
        // Of one that runs OTP refuses it; here it is restarted.
        if (found.runner?.isRunning()) return "running";
        void this.root.startChild(id).catch(() => {});
        return "ok";
      }
      default:
        throw new Error(`Unknown operation ${op}`);
    }
  }
}

/** What differs without a row that says so, and the rows that were needed. */
interface Outcome {
  readonly rows: Set<Row>;
  wrong: string | undefined;
}

/** Which row says that a program differs at a step, though not in its state. */
function rowOf(step: Step, isSameState: boolean): Row | undefined {
  return isSameState && step.op.startsWith("both ") ? "backoff" : undefined;
}

async function compare(
  { program, otp }: Line,
  isListed: boolean,
): Promise<Outcome> {
  using time = new FakeTime();
  const run = new Run(program, isListed);
  const outcome: Outcome = { rows: new Set(), wrong: undefined };
  run.root.start().catch(() => {});
  await pass(time);
  for (const [index, step] of otp.steps.entries()) {
    const begin = index > 0 ? run.events.length : 0;
    let result = step.result;
    if (step.op === "start") {
      result = run.root.state === "running" ? "ok" : "failed";
    } else if (step.op === "stop") {
      await stopAll(run, time);
    } else {
      result = run.do(program.ops[index - 1]!) || step.result;
      await pass(time);
    }
    if (step.op.startsWith("restart ") && result === "running") {
      outcome.rows.add("running");
    }
    // In the order of the list the events are OTP's, too.
    const told = isListed
      ? step.events.filter((each) => each !== "ended").join()
      : "";
    const [theirs, ours] = [
      `${step.result}: ${step.state}`,
      `${result}: ${run.state()}`,
    ];
    const saw = isListed ? run.events.slice(begin).join() : "";
    if (ours === theirs && saw === told) continue;
    const row = rowOf(step, ours === theirs);
    if (row) outcome.rows.add(row);
    else {
      outcome.wrong =
        `program ${program.id}, step ${index}, ${step.op}: OTP ${theirs} (${told}), ours ${ours} (${saw})`;
      break;
    }
  }
  await stopAll(run, time);
  return outcome;
}

async function stopAll(run: Run, time: FakeTime): Promise<void> {
  void run.root.stop().catch(() => {});
  await pass(time);
}

const lines: Line[] = readFileSync(
  new URL("programs.jsonl", import.meta.url),
  "utf8",
).trim().split("\n").map((line) => JSON.parse(line) as Line);

let failed = 0;
for (const isListed of [false, true]) {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const { rows, wrong } = await compare(line, isListed);
    const found = [...rows].map((row) => `OTP: ${ROWS[row]}`).join("; ");
    const key = wrong ? "not explained" : found || "no difference";
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (!wrong) continue;
    failed++;
    console.log(wrong);
  }
  console.log(
    isListed
      ? 'Each with order: "list"; states, results and the order of all events'
      : "Each as its program says; states and results",
  );
  for (const [key, count] of counts) console.log(`  ${count} ${key}`);
}
console.log(`${lines.length * 2 - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
