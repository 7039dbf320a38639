/** What a supervisor fails with, and whom its errors name. */

import { printsLate } from "../_internal/lifecycle.ts";
import type { Machine } from "../_internal/machine.ts";
import { isPrinted, printAs } from "../_internal/printed.ts";
import type { Effect } from "./_effect.ts";
import { mark } from "./_marks.ts";
import { cannot } from "./_messages.ts";
import { refTo } from "./_runs.ts";
import { pathsOf, statusesOf } from "./_status.ts";
import type { Failure, Overrun, Tree } from "./_tree.ts";

/** Those that hold up a start or a stop, as the end of a message has it. */
export function blame(tree: Tree, isStop: boolean): string {
  const names = pathsOf(statusesOf(tree), isStop ? "waiting" : "running");
  return names && `; not ${isStop ? "stopped" : "ready"}: ${names}`;
}

/** What a run fails with; names those that have not ended. */
export function failureOf(tree: Tree, { error, isHung }: Failure): Error {
  const late = pathsOf(statusesOf(tree), "waiting");
  const failure = late
    ? new Error(`${error.message}; not stopped: ${late}`, error)
    : error;
  if (isHung || late) mark(failure, "hung");
  const { cause } = failure;
  if (cause instanceof Error) {
    // What it comes from was printed, with its frames.
    const { name } = tree.rules;
    const said = failure.message.includes(cause.message)
      ? ""
      : `: ${cause.message}`;
    printAs(failure, `Recovering process '${name}': ${failure.message}${said}`);
  }
  return failure;
}

/** A start that took too long gets the last failures as its cause. */
export function explain(
  { phase, children }: Tree,
  failure: Error | undefined,
): void {
  if (phase.is !== "starting" || !failure || "cause" in failure) return;
  const errors: Error[] = [];
  for (const { error, state } of children.values()) {
    if (error && state.is !== "up") errors.push(error);
  }
  if (errors.length === 0) return;
  const cause = errors.length === 1 ? errors[0] : new AggregateError(
    errors,
    errors.map(({ message }) => message).join("; "),
  );
  Object.defineProperty(failure, "cause", {
    value: cause,
    configurable: true,
    writable: true,
  });
}

/** Keeps an error; it is printed once, by the runner that failed with it. */
export function record(
  machine: Machine,
  { child, error, phase, why }: Omit<
    Effect & { do: "record" },
    "do" | "isFailure"
  >,
): Error {
  const { runner } = refTo(child);
  const isTold = isPrinted(error, runner) ||
    phase === "stop" && runner !== undefined && printsLate(runner);
  const isToPrint = machine.settings.printErrors && !isTold;
  return machine.record(cannot(why, error.message, error), phase, isToPrint);
}

/** All are down, but one took longer than its time: the run has failed. */
export function overrun(machine: Machine, { child, error }: Overrun): void {
  const { run } = machine.state;
  // Whoever waited for the run was told then.
  if (!run || run.isOverdue) return;
  const why = `stop "${child.name}" of "${machine.settings.name}"`;
  const failure = record(machine, { child, error, phase: "stop", why });
  mark(failure, "late");
  run.failure ??= failure;
}
