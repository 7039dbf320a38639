/** When a schedule has the ticker tick: by the wall clock. */

import { nextTime } from "../_internal/schedules.ts";
import type { Schedule } from "../runner.ts";
import type { TickRun } from "./tick_run.ts";

// How many runs are gone through one by one, after a machine slept for long.
const MOST = 10_000;

/** When a tick was due, and when it began, in epoch ms. */
export interface Times {
  readonly scheduledAt: number;
  readonly startedAt: number;
}

/**
 * Goes past the runs up to a moment, in epoch milliseconds, each of which comes up
 * once. Tells the last of them, NaN where there is none, and the run after them,
 * `Infinity` where there is none.
 */
export interface Calendar {
  (end: number): [last: number, next: number];
  /** The next run, NaN where it has not been asked for. */
  readonly next: number;
}

export function calendarOf(run: TickRun, schedule: Schedule): Calendar {
  const { machine } = run;
  const start = Date.now();
  // Found from the run before it, never from the clock, which may be set back.
  let next: number | undefined;

  function after(moment: number): number {
    try {
      return nextTime(`tick "${machine.settings.name}"`, schedule, moment);
    } catch (error) {
      run.failure = machine.record(error, "tick");
      return Infinity;
    }
  }

  function pass(end: number): [last: number, next: number] {
    let last = NaN;
    next ??= after(start);
    for (let count = 1; next <= end; count++) {
      last = next;
      run.passed++;
      next = after(count < MOST ? last : end);
    }
    return [last, next];
  }

  return Object.defineProperty(pass, "next", { get: () => next ?? NaN }) as
    & typeof pass
    & Calendar;
}
