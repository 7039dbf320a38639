/** What schedules say, checked: none is trusted to be sane. */

import type { Schedule } from "../runner.ts";
import { says } from "./validate.ts";

/** The last moment that a `Date` can hold. */
const LATEST = 8.64e15;

/** Epoch milliseconds of a date, known by its shape; NaN for anything else. */
export function timeOf(value: unknown): number {
  const date = value as Date | null | undefined;
  return typeof date?.getTime === "function" ? Number(date.getTime()) : NaN;
}

export function isSchedule(value: unknown): value is Schedule {
  return typeof value === "object" &&
    typeof (value as Schedule | null)?.nextRun === "function";
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
  if (after >= LATEST) return Infinity;
  // A date of its own, which nobody else sees changed.
  const asked = new Date(Math.max(after, -LATEST));
  const next = schedule.nextRun(asked);
  if (next === null) return Infinity;
  const time = timeOf(next);
  if (time > after && time <= LATEST) return time;
  throw new RangeError(
    says(
      what,
      "nextRun",
      `a function that returns null or a date after ${
        new Date(after).toJSON()
      }`,
      next,
    ),
  );
}
