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

// The wall clock of a schedule is looked at so often.
const LOOK = 30_000;
const MOST = 3_600_000;

/** Since when it is stuck, as milliseconds ago; 0 where it is not. */
export function stalledFor(
  { path, runner }: Place,
  rule: StallRule,
  now = performance.now(),
): number {
  if (runner?.isRunning() !== true) return 0;
  const since = runner.tickingSince;
  if (since !== undefined) {
    const { tickTimeout, distance } = timesOf(runner);
    const patience = Math.max(rule.min, rule.intervals * distance);
    const most = rule.after(path) ??
      (tickTimeout < Infinity ? 2 * tickTimeout : Math.min(patience, MOST));
    return now - since > most ? now - since : 0;
  }
  const next = runner.nextRun;
  if (next) {
    const late = Date.now() - next.getTime();
    return late > rule.min + LOOK ? late : 0;
  }
  const { age = 0, staleAfter = 0 } = heartbeatOf(runner) ?? {};
  return age > staleAfter ? age : 0;
}
