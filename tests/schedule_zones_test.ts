import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Schedule } from "@golib/runner";
import { preview, within } from "@golib/runner/schedule";
import { Cron } from "croner";
import { effort } from "./_effort.ts";
import {
  Around,
  type Change,
  changesOf,
  hour,
  linesOf,
  minute,
  type Rule,
} from "./_wall_clock.ts";

// Years in the past, as newer tables of time zones may change what is to come.
const years: Record<string, readonly number[]> = {
  // By half an hour.
  "Australia/Lord_Howe": [2024, 2019],
  // By two hours.
  "Antarctica/Troll": [2024, 2019],
  // It left out a whole day in 2011.
  "Pacific/Apia": [2011, 2019],
  // At midnight, so that an hour is left out at the beginning of a day.
  "Africa/Cairo": [2024, 2010],
  // Back for Ramadan.
  "Africa/Casablanca": [2024, 2019],
};
const wholeDay = 24 * hour;

const asItIs: Rule = { gap: "never", twice: "both" };
const once: Rule = { gap: "the end of the gap", twice: "first" };

/** The rule for a kind of line, as docs/schedules.md has it. */
function ruleOf(kind: string, isList: boolean): Rule {
  if (kind === "a single time") return once;
  return isList && /^(a list|two lists|a range)/.test(kind) ? once : asItIs;
}

function runsOf(schedule: Schedule, { from, until }: Around): number[] {
  const window = { from: new Date(from), until: new Date(until) };
  return preview(within(schedule, window), {
    from: new Date(from - 1),
    count: 10_000,
  }).map(Number);
}

const shortly = (times: readonly number[]) =>
  times.map((time) => new Date(time).toJSON().slice(5, 16));

interface Case {
  readonly change: Change;
  readonly around: Around;
}

for (const [zone, all] of Object.entries(years)) {
  describe(`cron lines where the clocks change in ${zone}`, () => {
    let known: Case[] | undefined;
    const cases = () =>
      known ??= all.slice(0, effort(1, 2)).flatMap((year) =>
        changesOf(zone, year)
      )
        .map((change) => ({ change, around: new Around(change) }));

    it("have changes to run over", () => {
      const forward = cases().map(({ change }) => change.forward / minute);
      assertGreaterOrEqual(forward.length, 2);
      assert(forward.some((each) => each > 0));
      assert(forward.some((each) => each < 0));
      const isWhole = forward.includes(wholeDay / minute);
      assertEquals(isWhole, zone === "Pacific/Apia");
    });

    for (const fixedTimeRule of ["legacy", "no-wildcard"] as const) {
      const isList = fixedTimeRule === "no-wildcard";
      const options = isList ? { fixedTimeRule } : {};
      const named = isList ? ", lists like single times" : "";

      it(`run as the documentation says${named}`, () => {
        for (const { change, around } of cases()) {
          for (
            const [kind, { text, times }] of Object.entries(linesOf(change))
          ) {
            const schedule = new Cron(`${text} * * *`, {
              timezone: zone,
              ...options,
            });
            // Nothing makes up for a day that is left out as a whole.
            const rule = change.forward === wholeDay
              ? asItIs
              : ruleOf(kind, isList);
            assertEquals(
              shortly(runsOf(schedule, around)),
              shortly(around.runs(times, rule)),
              `${kind}, ${text}, at ${new Date(change.at).toJSON()}`,
            );
          }
        }
      });

      it(`give the same answer from every moment before${named}`, () => {
        for (const { change, around } of cases()) {
          for (const [kind, { text }] of Object.entries(linesOf(change))) {
            const schedule = new Cron(`${text} * * *`, {
              timezone: zone,
              ...options,
            });
            let before = around.from;
            for (const run of runsOf(schedule, around)) {
              const isNear = Math.abs(run - change.at) < 4 * hour;
              const first = Math.max(before, run - 3 * hour);
              for (
                let time = run - minute;
                isNear && time > first;
                time -= 7 * minute
              ) {
                assertEquals(
                  schedule.nextRun(new Date(time))?.toJSON(),
                  new Date(run).toJSON(),
                  `${kind}, ${text}, asked at ${new Date(time).toJSON()}`,
                );
              }
              before = run;
            }
          }
        }
      });
    }
  });
}
