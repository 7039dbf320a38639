import { whole } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";
import { ask, handOn, scheduleBy, scheduleOf } from "./_schedule.ts";

/** What one asker was given, where it does not say what it runs. */
interface Given {
  /** The earliest moment that was asked about. */
  earliest: number;
  last: number;
  count: number;
}

/**
 * The first runs of a schedule, and no more.
 *
 * A ticker goes by what it *has run*: it goes on counting through restarts, clocks
 * that are set, and previews, and a run that it slept over does not count. Two
 * tickers on one schedule count each for itself. For anyone else the runs are
 * counted from the earliest moment that was ever asked about, each once.
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
  const runs = new WeakMap<object, number>();
  const given: Given = { earliest: Infinity, last: -Infinity, count: 0 };
  const handedOn = handOn(schedule);
  return scheduleBy(
    (after, asker) => {
      if (!asker) return giveNext(given, schedule, count, after);
      const isOver = (runs.get(asker) ?? 0) >= count;
      return isOver ? Infinity : ask(schedule, after, asker);
    },
    (run, asker) => {
      runs.set(asker, (runs.get(asker) ?? 0) + 1);
      handedOn?.(run, asker);
    },
  );
}

/** Counts what is given, as nobody knows what is run. */
function giveNext(
  given: Given,
  schedule: Schedule,
  most: number,
  after: number,
): number {
  if (after < given.earliest) {
    given.earliest = after;
    given.last = -Infinity;
    given.count = 0;
  }
  if (after >= given.last && given.count === most) return Infinity;
  const time = ask(schedule, after);
  if (time <= given.last || time === Infinity) return time;
  if (given.count === most) return Infinity;
  given.count++;
  return given.last = time;
}
