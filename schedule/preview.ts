import { bag, whole } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";
import { ask, dateOf, scheduleOf } from "./_schedule.ts";

/** Options of {@linkcode preview}. */
export interface PreviewOptions {
  /**
   * The moment after which the runs come.
   *
   * @default now
   */
  readonly from?: Date | undefined;
  /**
   * How many runs at most: a whole number from 0.
   *
   * @default 10
   */
  readonly count?: number | undefined;
}

/**
 * The next runs of a schedule, to look at before it is deployed.
 *
 * @example The next three
 * ```ts
 * import { every, preview } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * const runs = preview(every(6 * 3_600_000), {
 *   from: new Date("2026-02-28T13:00:00Z"),
 *   count: 3,
 * });
 *
 * assertEquals(runs.map((run) => run.toISOString()), [
 *   "2026-02-28T18:00:00.000Z",
 *   "2026-03-01T00:00:00.000Z",
 *   "2026-03-01T06:00:00.000Z",
 * ]);
 * ```
 *
 * @param schedule The schedule.
 * @param options From when, and how many.
 * @returns the runs in order; fewer than `count` where the schedule ends.
 * @throws {TypeError} if an argument is not of its type.
 * @throws {RangeError} if a value makes no sense, or the schedule misbehaves.
 */
export function preview(schedule: Schedule, options?: PreviewOptions): Date[] {
  const what = "preview a schedule";
  scheduleOf(what, "schedule", schedule);
  const { from = new Date(), count = 10 } = bag(what, options);
  let time = dateOf(what, "from", from);
  whole(what, "count", count, 0);
  const runs: Date[] = [];
  while (runs.length < count && (time = ask(schedule, time)) < Infinity) {
    runs.push(new Date(time));
  }
  return runs;
}
