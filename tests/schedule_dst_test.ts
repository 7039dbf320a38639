import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Schedule } from "@golib/runner";
import { anyOf, except, preview, within } from "@golib/runner/schedule";
import { Cron } from "croner";
import { Temporal } from "temporal-polyfill";

// The judge is Temporal's calendar arithmetic, which shares nothing with croner
// but the engine's table of time zones.

const zones = [
  "Europe/Paris",
  "Europe/London",
  "America/New_York",
  // Half an hour beside the others, all year.
  "America/St_Johns",
  // At midnight: there are days without one.
  "America/Santiago",
  "Africa/Cairo",
  // Winter time in Ramadan.
  "Africa/Casablanca",
  // On a Friday, and in the southern summer.
  "Asia/Jerusalem",
  "Pacific/Auckland",
  // By half an hour.
  "Australia/Lord_Howe",
];

interface Change {
  readonly zone: string;
  readonly at: Temporal.ZonedDateTime;
  /** The first local time that is left out or comes twice. */
  readonly first: Temporal.PlainDateTime;
  /** Minutes that the clocks go forward; negative for back. */
  readonly forward: number;
}

function changesOf(zone: string): Change[] {
  const changes: Change[] = [];
  let at = Temporal.ZonedDateTime.from(`2025-01-01T00:00:00[${zone}]`);
  for (;;) {
    const next = at.getTimeZoneTransition("next");
    if (next === null || next.year > 2030) return changes;
    at = next;
    const before = at.subtract({ nanoseconds: 1 });
    const forward = (at.offsetNanoseconds - before.offsetNanoseconds) / 6e10;
    changes.push({
      zone,
      at,
      first: at.toPlainDateTime().subtract({ minutes: Math.max(forward, 0) }),
      forward,
    });
  }
}

const changes = zones.flatMap(changesOf);
const minute = 60_000;
const hour = 60 * minute;

interface Range {
  readonly from: Date;
  readonly until: Date;
}

/** What is around a change: so many hours before it and after it. */
function around({ at }: Change, hours: number): Range {
  const time = at.epochMilliseconds;
  return {
    from: new Date(time - hours * hour),
    until: new Date(time + hours * hour),
  };
}

function runsOf(schedule: Schedule, range: Range): string[] {
  const from = new Date(range.from.getTime() - 1);
  return preview(within(schedule, range), { from, count: 10_000 })
    .map((run) => run.toJSON());
}

/**
 * Each day's moment with this local time: the first where it comes twice, the end
 * of the gap where it is left out.
 */
function daysOf(
  change: Change,
  { from, until }: Range,
  time: Temporal.PlainTime,
): string[] {
  const moments: string[] = [];
  for (let days = -2; days <= 2; days++) {
    const wanted = change.at.toPlainDate().add({ days }).toPlainDateTime(time);
    const found = wanted.toZonedDateTime(change.zone, {
      disambiguation: "earlier",
    });
    const moment = found.toPlainDateTime().equals(wanted)
      ? found.epochMilliseconds
      : change.at.epochMilliseconds;
    if (moment >= from.getTime() && moment < until.getTime()) {
      moments.push(new Date(moment).toJSON());
    }
  }
  return moments;
}

/** Every fifth minute, with its local time. */
function minutesOf({ zone }: Change, { from, until }: Range) {
  const moments: { local: Temporal.ZonedDateTime; text: string }[] = [];
  const end = until.getTime();
  for (let time = from.getTime(); time < end; time += 5 * minute) {
    const moment = Temporal.Instant.fromEpochMilliseconds(time);
    const local = moment.toZonedDateTimeISO(zone);
    moments.push({ local, text: new Date(time).toJSON() });
  }
  return moments;
}

function cron(change: Change, pattern: string): Cron {
  return new Cron(pattern, { timezone: change.zone });
}

function daily(change: Change, { hour, minute }: Temporal.PlainTime): Cron {
  return cron(change, `${minute} ${hour} * * *`);
}

describe("schedules across every change of the clocks from 2025 to 2030", () => {
  it("sees all kinds of change", () => {
    assertGreater(changes.length, 110);
    assertEquals(
      [...new Set(changes.map(({ forward }) => forward))]
        .sort((a, b) => a - b),
      [-60, -30, 30, 60],
    );
    const ramadan = changes.filter((change) =>
      change.zone === "Africa/Casablanca" && change.at.year === 2026
    );
    // Newer tables of time zones have more of them.
    assertEquals(ramadan.map(({ forward }) => forward).slice(0, 2), [-60, 60]);
  });

  for (const zone of zones) {
    const here = changes.filter((change) => change.zone === zone);

    it(`runs once a day at each local time in ${zone}`, () => {
      for (const change of here) {
        const range = around(change, 30);
        for (let minutes = -120; minutes <= 120; minutes += 15) {
          const time = change.first.add({ minutes }).toPlainTime();
          assertEquals(
            runsOf(daily(change, time), range),
            daysOf(change, range, time),
            `${time} around ${change.at}`,
          );
        }
      }
    });

    it(`runs at each full hour and quarter that there is in ${zone}`, () => {
      for (const change of here) {
        const range = around(change, 5);
        const minutes = minutesOf(change, range);
        const every = (count: number) =>
          minutes.filter(({ local }) => local.minute % count === 0)
            .map(({ text }) => text);
        assertEquals(
          runsOf(cron(change, "0 * * * *"), range),
          every(60),
          `each hour around ${change.at}`,
        );
        assertEquals(
          runsOf(cron(change, "*/15 * * * *"), range),
          every(15),
          `each quarter around ${change.at}`,
        );
      }
    });

    it(`combines in ${zone}: anyOf and except`, () => {
      for (const change of here) {
        const days = around(change, 30);
        const early = change.first.subtract({ minutes: 30 }).toPlainTime();
        const late = change.first.add({ minutes: 15 }).toPlainTime();
        assertEquals(
          runsOf(anyOf(daily(change, early), daily(change, late)), days),
          [
            ...new Set([
              ...daysOf(change, days, early),
              ...daysOf(change, days, late),
            ]),
          ].sort(),
          `${early} and ${late} around ${change.at}`,
        );
        const range = around(change, 5);
        assertEquals(
          runsOf(
            except(
              cron(change, "*/15 * * * *"),
              cron(change, "* 0-2 * * *"),
            ),
            range,
          ),
          minutesOf(change, range)
            .filter(({ local: { hour, minute } }) =>
              hour > 2 && minute % 15 === 0
            )
            .map(({ text }) => text),
          `not at night around ${change.at}`,
        );
      }
    });
  }
});
