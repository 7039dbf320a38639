import { whole } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";
import { ask, scheduleBy, scheduleOf } from "./_schedule.ts";

/**
 * The first runs of a schedule, and no more.
 *
 * They are counted from the earliest moment that was ever asked about: to a ticker
 * that is its first start, and a later start goes on counting. To ask again, as a
 * preview does, counts nothing twice.
 *
 * @example Three attempts
 * ```ts
 * import { every, limit } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * const attempts = limit(every(1_000), 3);
 *
 * let moment: Date | null = new Date("2026-01-01T00:00:00Z");
 * let count = -1;
 * for (; moment !== null; count++) moment = attempts.nextRun(moment);
 * assertEquals(count, 3);
 * ```
 *
 * @param schedule The schedule.
 * @param count How many runs at most: a whole number from 0.
 * @throws {TypeError} if an argument is not of its type.
 * @throws {RangeError} if the count makes no sense.
 */
export function limit(schedule: Schedule, count: number): Schedule {
  const what = "create a schedule";
  scheduleOf(what, "schedule", schedule);
  whole(what, "count", count, 0);
  let earliest = Infinity;
  let last = -Infinity;
  let given = 0;
  return scheduleBy((after) => {
    if (after < earliest) {
      earliest = after;
      last = -Infinity;
      given = 0;
    }
    if (after >= last && given === count) return Infinity;
    const time = ask(schedule, after);
    if (time <= last || time === Infinity) return time;
    if (given === count) return Infinity;
    given++;
    return last = time;
  });
}
