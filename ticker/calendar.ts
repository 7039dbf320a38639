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

/** The runs of one schedule, each of which comes up once. */
export interface Calendar {
  /** Milliseconds from now to the next run; `Infinity` where there is none. */
  wait(now: number): number;
  /** The run that is due and neither too late nor superseded, if there is one. */
  due(now: number): Times | undefined;
}

export function calendarOf(
  run: TickRun,
  schedule: Schedule,
  lateness: number,
): Calendar {
  const { machine } = run;
  const start = Date.now();
  // Found from the run before it, never from the clock, which may be set back.
  let next: number | undefined;
  // How many runs passed since the last tick.
  let missed = 0;

  function after(moment: number): number {
    try {
      return nextTime(`tick "${machine.settings.name}"`, schedule, moment);
    } catch (error) {
      run.failure = machine.record(error, "tick");
      return Infinity;
    }
  }

  /** Goes past the runs up to a moment, and gives the last of them. */
  function pass(end: number): number {
    let last = NaN;
    next ??= after(start);
    for (let count = 1; next <= end; count++) {
      last = next;
      missed++;
      next = after(count < MOST ? last : end);
    }
    return last;
  }

  return {
    wait(now) {
      pass(now - 1);
      return next! - now;
    },
    due(startedAt) {
      const scheduledAt = pass(startedAt);
      // Also where nothing has passed, and it is not a number.
      if (!(startedAt - scheduledAt <= lateness)) return undefined;
      run.missed = missed - 1;
      missed = 0;
      return { scheduledAt, startedAt };
    },
  };
}
