/** How a run goes by a schedule instead of the grid. */

import { ASKING, HALTED } from "./phase.ts";
import type { Calendar, Times } from "./calendar.ts";
import { saveBefore } from "./saves.ts";
import type { Ticking } from "./ticking.ts";

// A machine that slept, or whose clock was set, is noticed after at most so long.
const RECHECK = 30_000;

/** What it waited for has come: a run is due, or the clock is to be looked at. */
export function ringByCalendar(run: Ticking): void {
  const calendar = run.calendar!;
  const now = Date.now();
  run.phase = ASKING;
  const scheduledAt = calendar.pass(now, now);
  // NaN where nothing is due.
  const isDue = now - scheduledAt <= run.body.settings.lateness;
  if (isDue && run.phase === ASKING) {
    run.missed = run.passed - 1;
    run.passed = 0;
    calendar.ran(scheduledAt);
    // That asks the schedule once more.
    if (run.phase === ASKING) {
      return tickAt(run, { scheduledAt, startedAt: now, isRun: true });
    }
  }
  // As of the same moment: what is due since then has yet to be seen.
  run.rest(now);
}

/** Finds when to ring next; false where there is nothing to wait for. */
export function comesByCalendar(
  run: Ticking,
  calendar: Calendar,
  now = Date.now(),
): boolean {
  const { latest } = run.clock;
  run.phase = ASKING;
  calendar.pass(now - 1, now);
  const wait = calendar.next - now;
  if (wait === Infinity || run.phase >= HALTED) {
    calendar.sayIfEmpty();
    return false;
  }
  run.due = latest + Math.min(wait, RECHECK);
  // The answer may have taken long.
  run.clock.now();
  return true;
}

/** Ticks by the wall clock, where the run is to be saved before that. */
export function tickAt(run: Ticking, times: Times): void {
  const { special } = run.extras ?? {};
  if (special?.lastRun?.when !== "before" || !times.isRun) {
    return run.tick(times);
  }
  saveBefore(run, special.lastRun, times.scheduledAt, (refused) => {
    if (refused) return run.rest(undefined, refused);
    run.tick({ ...times, startedAt: Date.now() });
  });
}
