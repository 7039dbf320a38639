import type { Schedule } from "../runner.ts";
import { ask, handOn, scheduleBy, scheduleOf } from "./_schedule.ts";
import { type Window, windowOf } from "./window.ts";

/**
 * The runs of a schedule that lie in a stretch of time.
 *
 * @example A campaign that ends
 * ```ts
 * import { every, preview, within } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * const campaign = within(every(3_600_000), {
 *   from: new Date("2026-12-24T18:00:00Z"),
 *   until: new Date("2026-12-24T20:00:00Z"),
 * });
 *
 * const runs = preview(campaign, { from: new Date("2026-01-01T00:00:00Z") });
 * assertEquals(runs.map((run) => run.toISOString()), [
 *   "2026-12-24T18:00:00.000Z",
 *   "2026-12-24T19:00:00.000Z",
 * ]);
 * ```
 *
 * @param schedule The schedule.
 * @param window From when, and until when: a run at `until` is not in it.
 * @throws {TypeError} if an argument is not of its type.
 * @throws {RangeError} if `until` is not after `from`, or one is an invalid date.
 */
export function within(schedule: Schedule, window: Window): Schedule {
  const what = "create a schedule";
  scheduleOf(what, "schedule", schedule);
  const [from, until] = windowOf(what, window);
  return scheduleBy((after, asker) => {
    if (after >= until) return Infinity;
    // Asks right before the window, rather than going there run by run.
    const time = ask(schedule, Math.max(after, from - 1), asker);
    return time < until ? time : Infinity;
  }, handOn(schedule));
}
