import { isSchedule } from "../_internal/schedules.ts";
import { finite } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";

const DEFAULT_INTERVAL = 30_000;

/** A schedule, or milliseconds, of which less than 1 means the default. */
export function intervalOf<T extends number | Schedule>(
  what: string,
  interval: T,
): T | number {
  return isSchedule(interval) || finite(what, "interval", interval) >= 1
    ? interval
    : DEFAULT_INTERVAL;
}
