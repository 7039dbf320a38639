import { bag, typed, whole } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";
import { ask, handOn, scheduleBy, scheduleOf } from "./_schedule.ts";

/** Options of {@linkcode jitter}. */
export interface JitterOptions {
  /**
   * Where in the spread this schedule lies: a number from 0 up to, but not
   * including, 1. It is asked once, before the first run.
   *
   * @default Math.random
   */
  readonly random?: (() => number) | undefined;
}

/**
 * A schedule that is late by a random time, so that the machines of a fleet do not
 * all run at once.
 *
 * The time is drawn once and stays: the runs keep their number, their order and
 * their distances, and a preview shows what will be.
 *
 * @example Each machine has its own minute of the hour
 * ```ts
 * import { every, jitter } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * const hour = 3_600_000;
 * // A number of its own for each machine, for example from its name.
 * const reports = jitter(every(hour), hour, { random: () => 0.25 });
 *
 * const next = reports.nextRun(new Date("2026-01-01T12:34:56Z"));
 * assertEquals(next?.toISOString(), "2026-01-01T13:15:00.000Z");
 * ```
 *
 * @param schedule The schedule.
 * @param ms How late it is at most: a whole number of milliseconds from 0.
 * @param options Where the randomness comes from.
 * @throws {TypeError} if an argument is not of its type.
 * @throws {RangeError} if the time makes no sense.
 */
export function jitter(
  schedule: Schedule,
  ms: number,
  options?: JitterOptions,
): Schedule {
  const what = "create a schedule";
  scheduleOf(what, "schedule", schedule);
  whole(what, "ms", ms, 0);
  const { random = Math.random } = bag(what, options);
  typed(what, "random", random, "function");
  // Drawn late: edge platforms forbid randomness where modules are loaded.
  let late: number | undefined;
  const delay = () => late ??= Math.floor(ms * fraction(random()));
  return scheduleBy(
    (after, asker) => ask(schedule, after - delay(), asker) + delay(),
    handOn(schedule, delay),
  );
}

function fraction(value: number): number {
  return typed(
    "ask a schedule",
    "random",
    value,
    "number",
    "a function that returns a number from 0 up to 1",
    (number) => number >= 0 && number < 1,
  );
}
