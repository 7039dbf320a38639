import { bag, whole } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";
import { dateOf, scheduleBy } from "./_schedule.ts";

/** Options of {@linkcode every}. */
export interface EveryOptions {
  /**
   * The first run.
   *
   * @default the start of 1970, so that runs lie on full UTC minutes and hours
   */
  readonly from?: Date | undefined;
}

/**
 * Runs at a fixed distance by the wall clock.
 *
 * A number as the interval of a ticker counts from its start and on a clock that
 * nobody sets; this counts from `from`, so that it means the same moments on every
 * machine and after every restart.
 *
 * @example Every quarter of an hour
 * ```ts
 * import { every } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * const quarters = every(15 * 60_000);
 *
 * const next = quarters.nextRun(new Date("2026-01-01T12:34:56Z"));
 * assertEquals(next?.toISOString(), "2026-01-01T12:45:00.000Z");
 * ```
 *
 * @param ms The distance: a whole number of milliseconds from 1.
 * @param options Where it begins.
 * @throws {TypeError} if an argument is not of its type.
 * @throws {RangeError} if a value makes no sense.
 */
export function every(ms: number, options?: EveryOptions): Schedule {
  const what = "create a schedule";
  const distance = whole(what, "ms", ms, 1);
  const { from } = bag(what, options);
  const first = from === undefined ? 0 : dateOf(what, "from", from);
  return scheduleBy((after) =>
    after < first
      ? first
      : first + (Math.floor((after - first) / distance) + 1) * distance
  );
}
