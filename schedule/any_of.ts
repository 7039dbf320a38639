import type { Schedule } from "../runner.ts";
import { ask, scheduleBy, scheduleOf } from "./_schedule.ts";

/**
 * The runs of several schedules; moments that coincide are one run.
 *
 * @example At noon, and on Mondays at eight as well
 * ```ts
 * import { anyOf, every } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * const day = 24 * 3_600_000;
 * const noon = every(day, { from: new Date("2026-01-01T12:00:00Z") });
 * const monday = every(7 * day, { from: new Date("2026-01-05T08:00:00Z") });
 * const both = anyOf(noon, monday);
 *
 * const first = both.nextRun(new Date("2026-01-04T12:00:00Z"))!;
 * assertEquals(first.toISOString(), "2026-01-05T08:00:00.000Z");
 * const second = both.nextRun(first)!;
 * assertEquals(second.toISOString(), "2026-01-05T12:00:00.000Z");
 * ```
 *
 * @param schedules Any number of them; of none there are no runs.
 * @throws {TypeError} if one is not a schedule.
 */
export function anyOf(...schedules: Schedule[]): Schedule {
  schedules.forEach((each, index) =>
    scheduleOf("create a schedule", `schedules[${index}]`, each)
  );
  return scheduleBy((after) => {
    let first = Infinity;
    for (const each of schedules) first = Math.min(first, ask(each, after));
    return first;
  });
}
