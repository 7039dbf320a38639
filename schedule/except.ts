import { isSchedule } from "../_internal/schedules.ts";
import type { Schedule } from "../runner.ts";
import { ask, handOn, scheduleBy, scheduleOf } from "./_schedule.ts";
import { type Window, windowOf } from "./window.ts";

// A day of seconds fits in, and so a night of them; a predicate that is always true
// must come to an end.
const MOST = 100_000;

/** What {@linkcode except} leaves out. */
export type Blocked = ((run: Date) => boolean) | Schedule | Window;

/**
 * The runs of a schedule, except those that are blocked.
 *
 * @example Every five minutes, but not in the maintenance window
 * ```ts
 * import { every, except } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * const probes = except(every(5 * 60_000), {
 *   from: new Date("2026-12-01T02:00:00Z"),
 *   until: new Date("2026-12-01T04:00:00Z"),
 * });
 *
 * const next = probes.nextRun(new Date("2026-12-01T01:57:00Z"));
 * assertEquals(next?.toISOString(), "2026-12-01T04:00:00.000Z");
 * ```
 *
 * @example Not on holidays
 * ```ts
 * import { every, except } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * const holidays = new Set(["2026-12-25", "2026-12-26"]);
 * const daily = every(24 * 3_600_000);
 * const working = except(
 *   daily,
 *   (run) => holidays.has(run.toISOString().slice(0, 10)),
 * );
 *
 * const next = working.nextRun(new Date("2026-12-24T00:00:00Z"));
 * assertEquals(next?.toISOString(), "2026-12-27T00:00:00.000Z");
 * ```
 *
 * @param schedule The schedule.
 * @param blocked What is left out: a window, the runs that a function returns true
 * for, or those that another schedule has at the same millisecond. A window is
 * skipped at once; the others are asked run by run, and `nextRun` throws a
 * `RangeError` if 100 000 in a row are blocked.
 * @throws {TypeError} if an argument is not of its type.
 * @throws {RangeError} if a window's `until` is not after its `from`, or one is an
 * invalid date.
 */
export function except(schedule: Schedule, blocked: Blocked): Schedule {
  const what = "create a schedule";
  scheduleOf(what, "schedule", schedule);
  if (typeof blocked !== "function" && !isSchedule(blocked)) {
    const [from, until] = windowOf(what, blocked);
    return scheduleBy((after, asker) => {
      const time = ask(schedule, after, asker);
      return time < from || time >= until
        ? time
        : ask(schedule, until - 1, asker);
    }, handOn(schedule));
  }
  const isBlocked = typeof blocked === "function"
    ? (time: number) => blocked(new Date(time))
    : (time: number, asker?: object) => ask(blocked, time - 1, asker) === time;
  return scheduleBy((after, asker) => {
    let time = after;
    for (let count = 0; count < MOST; count++) {
      time = ask(schedule, time, asker);
      if (time === Infinity || !isBlocked(time, asker)) return time;
    }
    throw new RangeError(
      `Cannot ask a schedule: 'blocked' leaves out all ${MOST} runs after ${
        new Date(after).toJSON()
      }`,
    );
  }, handOn(schedule));
}
