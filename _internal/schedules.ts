/** What schedules say, checked: none is trusted to be sane. */

import type { Schedule } from "../runner.ts";
import { peek, text } from "./errors.ts";

/** The last moment that a date can hold. */
export const LATEST = 8.64e15;

/**
 * Epoch milliseconds of a date, known by its shape; NaN for anything else. They
 * are whole and at most `LATEST`, also those of a look-alike.
 */
export function timeOf(value: unknown): number {
  const date = value as Date | null | undefined;
  return +new Date(typeof date?.getTime === "function" ? +date.getTime() : NaN);
}

export function isSchedule(value: unknown): value is Schedule {
  return typeof peek(value, "nextRun") === "function";
}

/**
 * The first run after a moment, both in epoch milliseconds; `Infinity` where there
 * is none. Whoever asks on from the answer always gets ahead.
 */
export function nextTime(
  what: string,
  schedule: Schedule,
  after: number,
): number {
  // A date of its own, which nobody else sees changed.
  const next = schedule.nextRun(new Date(after));
  if (next === null) return Infinity;
  const time = timeOf(next);
  if (time > after) return time;
  throw new RangeError(
    `Cannot ${what}: 'nextRun()' must be null or a date after ${
      new Date(after).toJSON()
    }: current value is ${new Date(time).toJSON() ?? text(next)}`,
  );
}
