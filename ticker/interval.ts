import { isSchedule } from "../_internal/schedules.ts";
import { finite, says } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";

const DEFAULT_INTERVAL = 30_000;

/** A schedule, or milliseconds, of which less than 1 means the default. */
export function intervalOf<T extends number | Schedule>(
  what: string,
  interval: T,
): T | number {
  // The commonest mistake: a cron line is for a library to read.
  if (typeof interval === "string" && /\S\s+\S/.test(interval)) {
    const example = 'new Ticker(new Cron("0 3 * * *"), tick)';
    throw new TypeError(
      says(
        what,
        "interval",
        `a number of milliseconds or a schedule; a cron line is given through a library, as in ${example}`,
        interval,
      ),
    );
  }
  // To look into a number costs more than to look at it.
  if (typeof interval !== "number" && isSchedule(interval)) return interval;
  return finite(what, "interval", interval) >= 1 ? interval : DEFAULT_INTERVAL;
}
