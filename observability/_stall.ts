/** Which runners are stuck: up, and not getting on. */

import { heartbeatOf } from "../start_stop/heartbeat.ts";
import { timesOf } from "./_hook.ts";
import type { Place } from "./_tree.ts";

/** When a runner counts as stalled. */
export interface StallRule {
  readonly intervals: number;
  /** Milliseconds. */
  readonly min: number;
  /** Milliseconds, for a runner by its path. */
  after(path: string): number | undefined;
}

export const DEFAULT_RULE: StallRule = {
  intervals: 3,
  min: 30_000,
  after: () => undefined,
};

/** The rules of those that have one of their own. */
export const rules = /* @__PURE__ */ new WeakMap<object, StallRule>();

// The wall clock of a schedule is looked at so often.
const LOOK = 30_000;
const MOST = 3_600_000;

/** How long a tick of a runner may take, in milliseconds. */
export function patienceOf(
  { path, runner }: Place,
  { after, intervals, min }: StallRule,
): number {
  const { tickTimeout, distance } = timesOf(runner);
  return after(path) ??
    (tickTimeout < Infinity
      ? 2 * tickTimeout
      : Math.min(Math.max(min, intervals * distance), MOST));
}

/** For how many milliseconds it has been stuck; 0 where it is not. */
export function stalledFor(
  place: Place,
  rule: StallRule,
  now = performance.now(),
): number {
  const { runner } = place;
  if (!runner) return 0;
  const since = runner.tickingSince;
  // Also one that is to stop, and does not.
  if (since !== undefined) {
    return now - since > patienceOf(place, rule) ? now - since : 0;
  }
  if (!runner.isRunning()) return 0;
  const next = runner.nextRun;
  if (next) {
    const late = Date.now() - next.getTime();
    return late > rule.min + LOOK ? late : 0;
  }
  const { age = 0, staleAfter = 0 } = heartbeatOf(runner) ?? {};
  return age > staleAfter ? age : 0;
}
