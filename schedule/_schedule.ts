/** What the schedules of this module have in common. */

import {
  type Inside,
  isSchedule,
  LATEST,
  nextTime,
  ranOf,
  setInside,
  timeOf,
} from "../_internal/schedules.ts";
import { says } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";

/** A date as epoch milliseconds. */
export function dateOf(what: string, name: string, value: Date): number {
  const time = timeOf(value);
  if (time === time) return time;
  const expected = "a valid date";
  if (!(value instanceof Date)) {
    throw new TypeError(says(what, name, expected, value));
  }
  throw new RangeError(says(what, name, expected, String(value)));
}

/** Anything that has the one method of a schedule. */
export function scheduleOf(
  what: string,
  name: string,
  value: Schedule,
): Schedule {
  if (isSchedule(value)) return value;
  throw new TypeError(says(what, name, "an object with 'nextRun'", value));
}

/** What comes next, in epoch milliseconds; `Infinity` for nothing. */
export function ask(
  schedule: Schedule,
  after: number,
  asker?: object,
): number {
  return after < LATEST
    ? nextTime("ask a schedule", schedule, Math.max(after, -LATEST), asker)
    : Infinity;
}

/** A schedule made of a function from one epoch millisecond to a later one. */
export function scheduleBy(
  next: Inside["next"],
  ran?: Inside["ran"],
): Schedule {
  const schedule: Schedule = {
    nextRun(after: Date): Date | null {
      const date = new Date(
        next(dateOf("ask a schedule", "after", after), undefined),
      );
      // No date can hold `Infinity`, nor what lies after the last moment.
      return date.getTime() === date.getTime() ? date : null;
    },
  };
  return setInside(schedule, { next, ran });
}

/** Hands on what an asker has run, earlier by `late`; absent where none counts. */
export function handOn(
  schedule: Schedule,
  late: () => number = () => 0,
): Inside["ran"] {
  const ran = ranOf(schedule);
  return ran && ((run, asker) => ran(run - late(), asker));
}
