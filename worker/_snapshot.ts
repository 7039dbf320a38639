/** In a worker: how its runners are, told to the program as they change. */

import { Timer } from "../_internal/timer.ts";
import { unref } from "../_internal/runtime.ts";
import type { ChildEntry, Observer, Runner } from "../runner.ts";
import type { Ticks } from "../ticker/spec.ts";
import type { SentTicks, Snapshot } from "./_messages.ts";

/** What is read of a runner, where it has it. */
interface Facts extends Runner {
  readonly name?: string;
  readonly state?: Snapshot["state"];
  readonly nextRun?: Date | undefined;
  readonly tickingSince?: number | undefined;
  readonly ticks?: Ticks;
  errorsTotal?(): number;
  children?(): readonly ChildEntry[];
  observe?(observer: Observer): () => void;
}

// However often it changes, it is told so often at the most.
const PAUSE = 100;
// And so often where nothing says that it has changed.
const PULSE = 1_000;

function ticksOf({ lastStart, lastSuccess, ...counts }: Ticks): SentTicks {
  return {
    ...counts,
    lastStart: lastStart?.getTime(),
    lastSuccess: lastSuccess?.getTime(),
  };
}

function snapshot(runner: Facts, name: string): Snapshot {
  const state = runner.state ?? (runner.isRunning() ? "running" : "stopped");
  const { tickingSince, ticks, nextRun } = runner;
  const children = runner.children?.()
    .flatMap(({ name, runner }) => runner ? [snapshot(runner, name)] : []);
  return {
    name,
    state,
    since: Date.now() - runner.uptime(),
    errorsTotal: runner.errorsTotal?.() ?? 0,
    ...(nextRun && { nextRun: nextRun.getTime() }),
    ...(tickingSince !== undefined &&
      { tickingSince: Date.now() - (performance.now() - tickingSince) }),
    ...(ticks && { ticks: ticksOf(ticks) }),
    ...(children && children.length > 0 && { children }),
  };
}

/** Tells of a runner and all below it, as long as the worker lives. */
export function snapshots(
  runner: Facts,
  tell: (tree: Snapshot) => void,
): void {
  const timer = new Timer();
  let last = -Infinity;
  let known = "";
  const look = () => {
    last = performance.now();
    const tree = snapshot(runner, runner.name ?? "runner");
    const { since: _, ...rest } = tree;
    // The start of a run moves by parts of a millisecond with each reading.
    const seen = JSON.stringify(rest);
    if (seen !== known) tell(tree);
    known = seen;
    wait(PULSE);
  };
  const wait = (ms: number) => {
    timer.arm(ms, look);
    if (timer.armed) unref(timer.armed.id);
  };
  runner.observe?.(() => {
    const left = last + PAUSE - performance.now();
    if (left <= 0) look();
    else wait(left);
  });
  look();
}
