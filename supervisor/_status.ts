/** How children are, for whoever asks. */

import { peek } from "../_internal/errors.ts";
import type { Child } from "./_child.ts";
import { circuitOf, shownOf } from "./_facts.ts";
import { readable } from "./_json.ts";
import { refTo } from "./_runs.ts";
import { now } from "./_time.ts";
import type { Tree } from "./_tree.ts";
import type { ChildState, ChildStatus, TickStatus } from "./events.ts";

/** Milliseconds until the restart that a child waits for. */
function nextAttemptOf({ state }: Child): number | undefined {
  if (state.is !== "wait") return undefined;
  const left = state.restart.until - now();
  return left === -Infinity ? undefined : Math.max(0, left);
}

/** How the ticks of a runner go that says so; else `undefined`. */
function ticksOf(runner: unknown): TickStatus | undefined {
  const ticks = peek(runner, "ticks");
  if (typeof ticks !== "object" || ticks === null) return undefined;
  const since = peek(runner, "tickingSince");
  const next = peek(runner, "nextRun");
  return {
    ...(ticks as TickStatus),
    tickingSince: typeof since === "number" ? since : undefined,
    nextRun: next instanceof Date ? next : undefined,
  };
}

/** How one child is. */
export function statusOf(child: Child): ChildStatus {
  const { runner } = refTo(child);
  const { name, restart, error, state } = child;
  let children: unknown;
  try {
    // A supervisor's, or something else of that name.
    children = (runner as { status?(): { children?: unknown } } | undefined)
      ?.status?.()?.children;
  } catch {
    // Nothing that is known.
  }
  return readable({
    name,
    state: shownOf(state),
    restart,
    uptime: runner?.uptime() ?? 0,
    restarts: Math.max(0, child.starts - 1),
    error,
    nextAttempt: nextAttemptOf(child),
    circuit: circuitOf(child),
    dependsOn: child.dependsOn ?? [],
    ticks: ticksOf(runner),
    children: Array.isArray(children) ? children as ChildStatus[] : undefined,
  });
}

/** How all children of a tree are. */
export function statusesOf(tree: Tree): ChildStatus[] {
  return Array.from(tree.children.values(), statusOf);
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
