/** What a child is outside the decisions: its runner, or the way to make one. */

import { peek } from "../_internal/errors.ts";
import type { Alarm } from "./_alarms.ts";
import type { Child } from "./_child.ts";
import type { SupervisedRunner } from "./options.ts";

/** One child's. */
export interface Ref {
  runner: SupervisedRunner | undefined;
  readonly create:
    | ((signal: AbortSignal) => SupervisedRunner | Promise<SupervisedRunner>)
    | undefined;
  /** The runners that `create` has given before. */
  given: WeakSet<object> | undefined;
  /** The start of a run that is being made ready by `create`. */
  making: AbortController | undefined;
  /** Whether a start of the runner has not settled. */
  isStarting: boolean;
  /** The run whose end is awaited. */
  watched: number;
  /** Leaves the ticks that were to show that the runner works. */
  leave: (() => void) | undefined;
  /** What it waits for, where that is a time. */
  alarm: Alarm<Child> | undefined;
}

/** Makes one. */
export function refOf(
  runner: SupervisedRunner | undefined,
  create: Ref["create"],
): Ref {
  return {
    runner,
    create,
    given: undefined,
    making: undefined,
    isStarting: false,
    watched: 0,
    leave: undefined,
    alarm: undefined,
  };
}

/** Whether a value has what a supervisor needs of a runner. */
export function isRunner(value: unknown): value is SupervisedRunner {
  return ["start", "stop", "finished", "uptime"].every((name) =>
    typeof peek(value, name) === "function"
  );
}

/** Whether a runner is another, or has it below. */
export function isAbove(
  runner: unknown,
  other: unknown,
  seen = new Set<unknown>(),
): boolean {
  if (runner === other) return true;
  if (typeof peek(runner, "children") !== "function" || seen.has(runner)) {
    return false;
  }
  seen.add(runner);
  return (runner as SupervisedRunner).children!().some((child) =>
    isAbove(child.runner, other, seen)
  );
}

/** How long a runner gives itself for a stop, where it says so. */
export function graceOf(runner: unknown): number | undefined {
  const ms = peek(runner, "stopTimeout");
  return typeof ms === "number" && ms >= 0 ? ms : undefined;
}

/**
 * How long the run of a runner may live on in milliseconds once its time to end is
 * over, where the runner kills it then, and says so.
 */
export function killTimeoutOf(runner: unknown): number | undefined {
  const ms = peek(runner, "killTimeout");
  return typeof ms === "number" && ms >= 0 && ms < Infinity ? ms : undefined;
}

/**
 * Whether a runner says how its ticks went: then these show that it works. They are
 * not read, as a ticker keeps more of them from then on.
 */
export function hasTicks(runner: SupervisedRunner): boolean {
  return "ticks" in runner;
}
