// The schedule that each library makes, as docs/schedules.md has it.

import { CronTime } from "cron";
import { CronExpressionParser } from "cron-parser";
import { parseCronExpression } from "cron-schedule";
import { Cron } from "croner";
import { Cron as Cron8 } from "croner8";
import { Cron as Cron9 } from "croner9";
import { Cron as Cron10 } from "croner10";
import { CronosExpression } from "cronosjs";
import nodeSchedule from "node-schedule";
import { RRuleTemporal } from "rrule-temporal";
import { Temporal } from "temporal-polyfill";

// It sets a global variable as only sloppy code may, which Bun does not let it.
const later = "Bun" in globalThis ? undefined : (await import("later")).default;

/** The numbers that a field of a cron line stands for. */
function numbersOf(field, count) {
  const all = Array.from({ length: count }, (_value, index) => index);
  if (field === "*") return all;
  const [, step] = /^\*\/(\d+)$/.exec(field) ?? [];
  if (step) return all.filter((each) => each % step === 0);
  return field.split(",").map(Number);
}

/** Those that know time zones: each makes a schedule of a line and a zone. */
export const zoned = {
  croner: (line, timezone) => new Cron(line, { timezone }),
  "croner, no-wildcard": (line, timezone) =>
    new Cron(line, { timezone, fixedTimeRule: "no-wildcard" }),
  "croner 10": (line, timezone) => new Cron10(line, { timezone }),
  "croner 9": (line, timezone) => new Cron9(line, { timezone }),
  "croner 8": (line, timezone) => new Cron8(line, { timezone }),
  cronosjs: (line, timezone) => {
    const expression = CronosExpression.parse(line, { timezone });
    return { nextRun: (after) => expression.nextDate(after) };
  },
  cron: (line, timezone) => {
    const time = new CronTime(line, timezone);
    return {
      nextRun: (after) => time.getNextDateFrom(after, timezone).toJSDate(),
    };
  },
  "cron-parser": (line, tz) => ({
    nextRun: (currentDate) =>
      CronExpressionParser.parse(line, { tz, currentDate }).next().toDate(),
  }),
  "node-schedule": (line, tz) => {
    const [minutes, hours] = line.split(" ");
    const rule = new nodeSchedule.RecurrenceRule();
    rule.tz = tz;
    rule.second = 0;
    rule.minute = numbersOf(minutes, 60);
    rule.hour = numbersOf(hours, 24);
    return { nextRun: (after) => rule.nextInvocationDate(after) };
  },
  "rrule-temporal": (line, tzid) => {
    const [minutes, hours] = line.split(" ");
    const rule = new RRuleTemporal({
      freq: "DAILY",
      byHour: numbersOf(hours, 24),
      byMinute: numbersOf(minutes, 60),
      bySecond: [0],
      tzid,
      dtstart: Temporal.ZonedDateTime.from(`2011-01-01T00:00:00[${tzid}]`),
    });
    return {
      nextRun(after) {
        const next = rule.next(after);
        return next && new Date(next.epochMilliseconds);
      },
    };
  },
};

/** Those that know the zone of the process alone. */
export const local = {
  "cron-schedule": (line) => {
    const cron = parseCronExpression(line);
    return { nextRun: (after) => cron.getNextDate(after) };
  },
  ...(later && { later: localLater }),
};

function localLater(line) {
  later.date.localTime();
  const schedule = later.schedule(later.parse.cron(line));
  // Its start is inclusive, to the second; there is 0 after the last.
  return {
    nextRun: (after) => schedule.next(1, new Date(+after + 1_000)) || null,
  };
}
