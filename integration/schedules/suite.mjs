// One engine: every library as a schedule, over both changes of the clocks.

import { writeFileSync } from "node:fs";
import process from "node:process";
import { Temporal } from "temporal-polyfill";
import { Cron } from "croner";
import { DateTime } from "luxon";
import { anyOf, every, preview, within } from "../../schedule/mod.ts";
import { Ticker } from "../../ticker/mod.ts";
import {
  Around,
  changesOf as plainChangesOf,
  linesOf,
} from "../../tests/_wall_clock.ts";
import { local, zoned } from "./adapters.mjs";
import { exact, expected, lines, throwing, unstable } from "./expected.mjs";
import zones from "./zones.json" with { type: "json" };

const minute = 60_000;
const hour = 60 * minute;
let passed = 0;
let failed = 0;

function check(name, actual, wanted) {
  const [shown, told] = [actual, wanted].map((each) => JSON.stringify(each));
  if (shown === told) return void passed++;
  failed++;
  console.log(`FAILED  ${name}\n  got    ${shown}\n  wanted ${told}`);
}

function attempt(work) {
  try {
    return work();
  } catch (error) {
    return String(error?.message ?? error);
  }
}

const nights = {
  spring: ["2026-03-28T23:00Z", "2026-03-29T06:00Z"],
  autumn: ["2026-10-24T23:00Z", "2026-10-25T05:00Z"],
};

function runsOf(schedule, [from, until]) {
  const window = { until: new Date(+new Date(until) + 1) };
  return preview(within(schedule, window), {
    from: new Date(from),
    count: 1_000,
  });
}

// The zone of the process is Europe/Paris: the command sees to it.
check("the zone of the process", new Date("2026-07-01T12:00Z").getHours(), 14);

const paris = (name, line) =>
  name in zoned ? zoned[name](line, "Europe/Paris") : local[name](line);
const names = [...Object.keys(zoned), ...Object.keys(local)];

for (const name of names) {
  for (const [season, night] of Object.entries(nights)) {
    for (const [index, line] of lines.entries()) {
      check(
        `${name}: ${line} in Paris, ${season}`,
        attempt(() =>
          runsOf(paris(name, line), night)
            .map((run) => run.toISOString().slice(11, 16)).join(" ")
        ),
        expected[name][season][index],
      );
    }
    check(
      `${name}: the same answer from every moment before it, ${season}`,
      attempt(() => {
        const schedule = paris(name, "30 2 * * *");
        for (const run of runsOf(schedule, night)) {
          for (let back = 5 * minute; back < 3 * hour; back += 5 * minute) {
            const before = new Date(+run - back);
            if (before < new Date(night[0])) break;
            if (+schedule.nextRun(before) === +run) continue;
            // Where it comes twice, an earlier question has the first.
            if (schedule.nextRun(before) < run) break;
            return false;
          }
        }
        return true;
      }) || unstable.includes(name),
      true,
    );
    check(
      `${name}: beside full hours, each moment once, ${season}`,
      attempt(() => {
        const alone = runsOf(paris(name, "30 2 * * *"), night);
        const together = runsOf(
          anyOf(paris(name, "30 2 * * *"), every(hour)),
          night,
        );
        return together.filter((run) => run % hour !== 0).length -
          alone.filter((run) => run % hour !== 0).length;
      }),
      0,
    );
  }
}

/** The changes of a zone's clocks. */
function changesOf(zone, from, until) {
  const changes = [];
  let at = Temporal.ZonedDateTime.from(`${from}-01-01T00:00:00[${zone}]`);
  while ((at = at.getTimeZoneTransition("next")) && at.year <= until) {
    const before = at.subtract({ nanoseconds: 1 });
    const forward = (at.offsetNanoseconds - before.offsetNanoseconds) / 6e10;
    const first = at.toPlainDateTime()
      .subtract({ minutes: Math.max(forward, 0) });
    changes.push({ zone, at, first });
  }
  return changes;
}

const changes = [
  "Europe/Paris",
  "America/St_Johns",
  "America/Santiago",
  "Africa/Cairo",
  "Africa/Casablanca",
  "Pacific/Auckland",
  "Australia/Lord_Howe",
  "Antarctica/Troll",
].flatMap((zone) => changesOf(zone, 2026, 2026));
// It left out a whole day.
changes.push(...changesOf("Pacific/Apia", 2011, 2011));

for (const name of Object.keys(zoned)) {
  for (const { zone, at, first } of changes) {
    for (const minutes of [-30, 15]) {
      const time = first.add({ minutes }).toPlainTime();
      const line = `${time.minute} ${time.hour} * * *`;
      const wanted = [-1, 0, 1].map((days) => {
        const local = at.toPlainDate().add({ days }).toPlainDateTime(time);
        const found = local.toZonedDateTime(zone, {
          disambiguation: "earlier",
        });
        return found.toPlainDateTime().equals(local)
          ? found.epochMilliseconds
          : at.epochMilliseconds;
      });
      const range = [wanted[0] - 1, wanted[2]];
      const what = `${name}: ${line} in ${zone} around ${at}`;
      // A whole day that is left out has no run at all.
      if (exact.includes(name) && zone !== "Pacific/Apia") {
        check(
          what,
          attempt(() => runsOf(zoned[name](line, zone), range).map(Number)),
          [...new Set(wanted)],
        );
        continue;
      }
      // Whatever its rule: it gets ahead, and has one to two runs a day.
      const count = attempt(() =>
        runsOf(zoned[name](line, zone), range).length
      );
      const known = throwing[name]?.[zone];
      const isRight = count >= 2 && count <= 4 || known && count === known;
      check(what, isRight ? "some" : count, "some");
    }
  }
}

// Lists, ranges and steps in zones whose changes are odd: what each library does with
// them, in the words of the rules that it could have followed. Years in the past, as
// the engines' tables of time zones differ in what is to come.
const gaps = {
  "at the end": "the end of the gap",
  later: "an hour later",
  never: "never",
};
const forwardRules = Object.entries(gaps)
  .map(([name, gap]) => [name, { gap, twice: "first" }]);
const backRules = ["first", "second", "both"]
  .map((twice) => [twice, { gap: "never", twice }]);

function ruleFollowed(schedule, { forward }, around, times) {
  const { from, until } = around;
  let runs;
  try {
    const window = { until: new Date(until) };
    runs = preview(within(schedule, window), {
      from: new Date(from - 1),
      count: 5_000,
    }).map(Number);
  } catch (error) {
    return /no later|not after/.test(error.message) ? "the past" : "throws";
  }
  const rules = forward > 0 ? forwardRules : backRules;
  const fits = rules.filter(([, rule]) =>
    JSON.stringify(around.runs(times, rule)) === JSON.stringify(runs)
  );
  if (fits.length === rules.length) return "any";
  return fits.map(([name]) => name).join(" or ") || "none of these";
}

const odd = [
  ["Australia/Lord_Howe", 2024],
  ["Antarctica/Troll", 2024],
  ["Pacific/Apia", 2011],
  ["Africa/Cairo", 2024],
  ["Africa/Casablanca", 2024],
].flatMap(([zone, year]) => plainChangesOf(zone, year))
  .map((change) => ({ change, around: new Around(change, 5) }));
const followed = {};

for (const name of Object.keys(zoned)) {
  followed[name] = {};
  for (const { change, around } of odd) {
    const what = `${change.zone} ${change.forward / minute}`;
    const kinds = followed[name][what] = {};
    for (const [kind, { text, times }] of Object.entries(linesOf(change))) {
      // Not all of them take a range.
      const isPlain = /^[-\d,* ]+$|\*\/15 /.test(text) && !/-/.test(text);
      if (/^(node-schedule|rrule)/.test(name) && !isPlain) continue;
      const schedule = zoned[name](
        name.startsWith("r") || name.startsWith("n") ? text : `${text} * * *`,
        change.zone,
      );
      const rule = ruleFollowed(schedule, change, around, times);
      if (rule !== "any") (kinds[rule] ??= []).push(kind);
    }
    check(`${name}: ${what}`, kinds, zones[name]?.[what]);
  }
}
if (process.env.SEEN) writeFileSync(process.env.SEEN, JSON.stringify(followed));

// One that is no Date is said to be none, with what to return instead.
for (
  const [library, answer, instead] of [
    ["luxon", DateTime.now().plus({ hours: 1 }), "answer.toJSDate()"],
    [
      "temporal",
      Temporal.Now.zonedDateTimeISO().add({ hours: 1 }),
      "new Date(answer.epochMilliseconds)",
    ],
  ]
) {
  const ticker = new Ticker({ nextRun: () => answer }, () => {}, {
    printErrors: false,
  });
  await ticker.start();
  check(
    `a moment of ${library}`,
    ticker.errorsLast()?.message
      .includes(`which is no Date: return ${instead}`),
    true,
  );
}

// croner's own options for its own jobs, which a ticker never asks for.
let ticks = 0;
for (const options of [{ maxRuns: 1 }, { paused: true }, { protect: true }]) {
  const schedule = new Cron("* * * * * *", options);
  const ticker = new Ticker(schedule, () => {
    ticks++;
  });
  await ticker.start();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await ticker.stop();
  check(`croner's ${Object.keys(options)} does nothing here`, ticks >= 2, true);
  ticks = 0;
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
