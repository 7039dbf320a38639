/** One child of a supervisor: what is known of it, and its place among others. */

import type { Timer } from "../_internal/timer.ts";
import { type Spec, specOf } from "./_settings.ts";
import { now } from "./_time.ts";
import type { ChildState, ChildStatus, CircuitState } from "./events.ts";
import type { Child } from "./options.ts";

/** What is known of a child since the supervisor's launch. */
interface History {
  starts: number;
  /** Failures in a row, for the backoff. */
  attempts: number;
  error: Error | undefined;
  circuit: CircuitState;
}

/** A child with its place among the others. */
export interface Node extends Spec, History {
  /** Those that it depends on. */
  deps: Node[];
  dependents: Node[];
  /**
   * What it does. One that is `late` did not end in time: it holds up nobody, and
   * may still end.
   */
  state: Exclude<ChildState, "waiting"> | "late";
  /** Counts its changes of state, for each wait to know its own. */
  turn: number;
  /**
   * What it is to do: `run`; `pause`, be down until its restart; `rest`, be down
   * for good.
   */
  goal: "run" | "pause" | "rest";
  /** What was last told of its state. */
  child: ChildState;
  /** The child whose restart it waits for, its own or another's. */
  culprit?: Node | undefined;
  /** All that have to be down before its restart. */
  group: Node[];
  /** When the wait for its restart is over, by `now()`. */
  due: number;
  /** Armed while it waits so. */
  timer?: Timer;
  /** When it has to be down, by `now()`. */
  deadline: number;
  /** Armed until a trial has proved itself. */
  proof?: Timer;
  /** Whether it goes once it is down. */
  leaving?: boolean;
  /** Whether it was told to end, with the time that it has now. */
  told?: boolean;
  /** Told once when it is as it is to be, or why it is not. */
  waiters: ((failure?: Error) => void)[];
  /** Whether a start of its runner has not settled. */
  starting?: boolean;
}

/** A child of which nothing is known yet. */
export const fresh: History = {
  starts: 0,
  attempts: 0,
  error: undefined,
  circuit: "closed",
};

/** Makes a child that is down; throws what is wrong with it. */
export function nodeOf(what: string, child: Child): Node {
  return {
    ...specOf(what, child),
    ...fresh,
    deps: [],
    dependents: [],
    state: "stopped",
    turn: 0,
    goal: "rest",
    child: "stopped",
    group: [],
    due: 0,
    deadline: 0,
    waiters: [],
  };
}

/** Whether those that depend on it have to wait for it. */
export function isMissing({ child, state, goal, leaving }: Node): boolean {
  if (child === "running") return goal !== "run";
  return child !== "stopped" && !(leaving && state === "late");
}

/** Whether it stands between its neighbours no more: it is down, and not to start. */
export function isOut(node: Node): boolean {
  return !isActive(node) && node.goal !== "run";
}

/** Whether it is so, and was not told to end, after those that depend on it. */
export function isAside(node: Node): boolean {
  return isOut(node) && !node.told;
}

/**
 * Whether one next to a child is so, or one beyond neighbours that are passed, such
 * as a job that has ended; the first found ends the search.
 */
export function leads(
  node: Node,
  side: "deps" | "dependents",
  is: (each: Node) => unknown,
  isPassed: (each: Node) => unknown = isOut,
): boolean {
  if (!node[side].length) return false;
  const seen = new Set([node]);
  for (const from of seen) {
    for (const each of from[side]) {
      if (is(each)) return true;
      if (isPassed(each)) seen.add(each);
    }
  }
  return false;
}

export function isActive({ state }: Node): boolean {
  return state !== "stopped" && state !== "late";
}

/** Whether those that it depends on have to stay up for it. */
export function isGoing(node: Node): boolean {
  return isActive(node) && node.goal !== "run";
}

export function statusOf(node: Node): ChildStatus {
  const { runner, child: state, starts, culprit } = node;
  const { name, restart, error, circuit } = node;
  let children: unknown;
  try {
    // A supervisor's, or something else of that name.
    children = (runner as { status?(): { children?: unknown } }).status?.()
      .children;
  } catch {
    // Nothing that is known.
  }
  return {
    name,
    state,
    restart,
    uptime: runner.uptime(),
    restarts: Math.max(0, starts - 1),
    error,
    nextAttempt: culprit?.timer?.armed && Math.max(0, culprit.due - now()),
    circuit,
    children: Array.isArray(children) ? children : undefined,
  };
}

/** What cannot be done, and why. */
export function cannot(what: string, why: string, cause?: Error): Error {
  return new Error(`Cannot ${what}: ${why}`, cause && { cause });
}

/** Tells those who wait for it. */
export function tell({ waiters }: Node, failure?: Error): void {
  for (const waiter of waiters.splice(0)) waiter(failure);
}

/**
 * Those that are neither `stopped` nor in a state that is as good, each with the
 * supervisors it is under.
 */
export function pathsOf(
  children: readonly ChildStatus[] = [],
  asGood: ChildState,
): string {
  return children.filter(({ state }) => state !== "stopped" && state !== asGood)
    .map(({ name, children }) => {
      const below = pathsOf(children, asGood);
      return `"${name}"${below && ` (${below})`}`;
    }).join(", ");
}
