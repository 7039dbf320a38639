/**
 * Schedules: when something is to run, by the calendar.
 *
 * A {@linkcode Schedule} is anything with `nextRun(after)`. For cron expressions and
 * time zones take croner: an instance of its `Cron` is a schedule as it is, and all
 * that follows combines with it.
 *
 * @example Every ten minutes and at full hours, not at night, the next three
 * ```ts
 * import { anyOf, every, except, preview } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * const minute = 60_000;
 * const schedule = except(
 *   anyOf(every(10 * minute), every(60 * minute)),
 *   (run) => run.getUTCHours() < 6,
 * );
 *
 * const runs = preview(schedule, {
 *   from: new Date("2026-01-01T23:40:00Z"),
 *   count: 3,
 * });
 * assertEquals(runs.map((run) => run.toISOString()), [
 *   "2026-01-01T23:50:00.000Z",
 *   "2026-01-02T06:00:00.000Z",
 *   "2026-01-02T06:10:00.000Z",
 * ]);
 * ```
 *
 * @module
 */

export type { Schedule } from "../runner.ts";
export { anyOf } from "./any_of.ts";
export { every, type EveryOptions } from "./every.ts";
export { type Blocked, except } from "./except.ts";
export { jitter, type JitterOptions } from "./jitter.ts";
export { limit } from "./limit.ts";
export { preview, type PreviewOptions } from "./preview.ts";
export type { Window } from "./window.ts";
export { within } from "./within.ts";
