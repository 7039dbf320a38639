import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Schedule } from "@golib/runner";
import {
  anyOf,
  every,
  except,
  jitter,
  limit,
  preview,
  within,
} from "@golib/runner/schedule";
import { Cron } from "croner";
import { Printed } from "./_helpers.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

function at(text: string): Date {
  return new Date(`${text}Z`);
}

function texts(runs: Date[]): string[] {
  return runs.map((run) => run.toJSON().replace(/(:00)?\.000Z$/, ""));
}

/** The runs of a schedule that has these, whatever it is asked. */
function listed(...moments: string[]): Schedule {
  const runs = moments.map((moment) => at(moment));
  return { nextRun: (after) => runs.find((run) => run > after) ?? null };
}

const never: Schedule = { nextRun: () => null };

describe("every", () => {
  it("runs on full minutes and hours of UTC by itself", () => {
    assertEquals(
      texts(
        preview(every(hour), { from: at("2026-01-01T12:34:56"), count: 2 }),
      ),
      ["2026-01-01T13:00", "2026-01-01T14:00"],
    );
  });

  it("has its first run at 'from'", () => {
    const schedule = every(day, { from: at("2026-01-05T08:00") });
    assertEquals(
      texts(preview(schedule, { from: at("2026-01-01T00:00"), count: 2 })),
      ["2026-01-05T08:00", "2026-01-06T08:00"],
    );
  });

  it("goes on after a run, and never gives the moment asked about", () => {
    const from = at("2026-01-01T00:00");
    const schedule = every(90 * minute, { from });
    assertEquals(schedule.nextRun(from), at("2026-01-01T01:30"));
    assertEquals(
      schedule.nextRun(new Date(from.getTime() - 1)),
      from,
    );
  });

  it("ends where dates end", () => {
    assertEquals(every(day).nextRun(new Date(8.64e15)), null);
  });

  it("keeps a 'from' that is changed afterwards", () => {
    const from = at("2026-01-01T00:00");
    const schedule = every(day, { from });
    from.setTime(0);
    assertEquals(schedule.nextRun(new Date(0)), at("2026-01-01T00:00"));
  });
});

describe("anyOf", () => {
  it("has the runs of all, in order, those that coincide once", () => {
    const schedule = anyOf(
      listed("2026-01-01T10:00", "2026-01-01T12:00"),
      listed("2026-01-01T11:00", "2026-01-01T12:00", "2026-01-01T13:00"),
      never,
    );
    assertEquals(texts(preview(schedule, { from: new Date(0) })), [
      "2026-01-01T10:00",
      "2026-01-01T11:00",
      "2026-01-01T12:00",
      "2026-01-01T13:00",
    ]);
  });

  it("has no runs of nothing", () => {
    assertEquals(anyOf().nextRun(new Date()), null);
  });

  it("holds each answer until it is reached, and asks no more than that", () => {
    const asked: string[] = [];
    const inner = every(day);
    const daily: Schedule = {
      nextRun: (after) => (asked.push(after.toJSON()), inner.nextRun(after)),
    };
    const schedule = anyOf(daily, every(hour));
    preview(schedule, { from: at("2026-01-01T00:30"), count: 48 });
    assertEquals(asked, [
      "2026-01-01T00:30:00.000Z",
      "2026-01-02T00:00:00.000Z",
    ]);
    // Before what was asked, the answer may be another.
    assertEquals(
      schedule.nextRun(at("2025-01-01T00:00")),
      at("2025-01-01T01:00"),
    );
  });

  it("leaves out one that throws, and says so once", () => {
    using printed = new Printed();
    let asked = 0;
    const broken: Schedule = {
      nextRun() {
        asked++;
        throw new Error("no time zones here");
      },
    };
    const schedule = anyOf(broken, every(hour));
    const start = { from: at("2026-01-01T00:30"), count: 3 };
    assertEquals(preview(schedule, start).length, 3);
    assertEquals(preview(schedule, start).length, 3);
    assertEquals(asked, 1);
    assertEquals(printed.texts, [
      "anyOf: 'schedules[0]' is left out: Error: no time zones here",
    ]);
  });

  it("throws what the last one with a run left throws", () => {
    using printed = new Printed();
    const broken: Schedule = {
      nextRun() {
        throw new Error("no time zones here");
      },
    };
    const schedule = anyOf(listed("2026-01-01T10:00"), broken);
    const first = schedule.nextRun(at("2026-01-01T00:00"))!;
    assertEquals(first, at("2026-01-01T10:00"));
    assertEquals(schedule.nextRun(first), null);
    assertThrows(
      () => anyOf(never, broken).nextRun(first),
      Error,
      "no time zones here",
    );
    assertEquals(printed.texts.length, 1);
  });

  it("gives each schedule a date of its own", () => {
    const spoiler: Schedule = {
      nextRun(after) {
        after.setTime(0);
        return null;
      },
    };
    const schedule = anyOf(spoiler, every(hour));
    const asked = at("2026-01-01T12:34");
    assertEquals(schedule.nextRun(asked), at("2026-01-01T13:00"));
    assertEquals(asked, at("2026-01-01T12:34"));
  });

  it("keeps its schedules when the list changes afterwards", () => {
    const list = [every(hour)];
    const schedule = anyOf(...list);
    list.length = 0;
    assertEquals(schedule.nextRun(new Date(0)), new Date(hour));
  });
});

describe("within", () => {
  const from = at("2026-01-01T10:00");
  const until = at("2026-01-01T12:00");
  const start = { from: at("2026-01-01T00:00") };

  it("has the run at 'from' and not the one at 'until'", () => {
    assertEquals(
      texts(preview(within(every(hour), { from, until }), start)),
      ["2026-01-01T10:00", "2026-01-01T11:00"],
    );
  });

  it("may be open at either end", () => {
    const late = within(every(hour), { from });
    assertEquals(late.nextRun(start.from), from);
    const early = within(every(hour), { until });
    assertEquals(early.nextRun(start.from), at("2026-01-01T01:00"));
    assertEquals(early.nextRun(at("2026-01-01T11:00")), null);
  });

  it("asks once, however far the window is", () => {
    let asked = 0;
    const inner = every(1);
    const counting: Schedule = {
      nextRun: (after) => (asked++, inner.nextRun(after)),
    };
    within(counting, { from, until }).nextRun(new Date(0));
    assertEquals(asked, 1);
  });
});

describe("except", () => {
  const start = { from: at("2026-01-01T09:00"), count: 3 };

  it("leaves out a window, of which 'until' is not a part", () => {
    const schedule = except(every(hour), {
      from: at("2026-01-01T11:00"),
      until: at("2026-01-01T13:00"),
    });
    assertEquals(texts(preview(schedule, start)), [
      "2026-01-01T10:00",
      "2026-01-01T13:00",
      "2026-01-01T14:00",
    ]);
  });

  it("skips a window at once, however many runs lie in it", () => {
    const from = at("2026-01-01T10:00");
    const until = at("2027-01-01T10:00");
    assertEquals(except(every(1), { from, until }).nextRun(from), until);
  });

  it("has nothing left where the window never ends", () => {
    const schedule = except(every(hour), { from: at("2026-01-01T11:00") });
    assertEquals(texts(preview(schedule, start)), ["2026-01-01T10:00"]);
  });

  it("leaves out what a function says", () => {
    const schedule = except(every(hour), (run) => run.getUTCHours() % 2 === 0);
    assertEquals(texts(preview(schedule, start)), [
      "2026-01-01T11:00",
      "2026-01-01T13:00",
      "2026-01-01T15:00",
    ]);
  });

  it("leaves out the runs of another schedule", () => {
    const sundays = new Cron("* * * * 0", { timezone: "Europe/Paris" });
    const daily = new Cron("0 3 * * *", { timezone: "Europe/Paris" });
    assertEquals(
      texts(
        preview(except(daily, sundays), {
          from: at("2026-03-27T12:00"),
          count: 2,
        }),
      ),
      // The Sunday between them is the one of the change to summer time.
      ["2026-03-28T02:00", "2026-03-30T01:00"],
    );
  });

  it("throws where everything is blocked, rather than searching for ever", () => {
    const schedule = except(every(hour), () => true);
    assertThrows(
      () => schedule.nextRun(at("2026-01-01T00:00")),
      RangeError,
      "Cannot ask a schedule: 'blocked' leaves out all 100000 runs after 2026-01-01T00:00:00.000Z",
    );
  });
});

describe("jitter", () => {
  it("is late by a share of the time, the same for each run", () => {
    const schedule = jitter(every(hour), 10 * minute, { random: () => 0.5 });
    assertEquals(
      texts(preview(schedule, { from: at("2026-01-01T12:03"), count: 2 })),
      ["2026-01-01T12:05", "2026-01-01T13:05"],
    );
  });

  it("draws once, and not before it is asked", () => {
    let drawn = 0;
    const schedule = jitter(every(hour), hour, {
      random: () => 0.1 * ++drawn,
    });
    assertEquals(drawn, 0);
    preview(schedule);
    assertEquals(drawn, 1);
  });

  it("draws by itself, below its limit", () => {
    const delays = Array.from({ length: 100 }, () => {
      const run = jitter(every(day), 1_000).nextRun(at("2026-01-01T12:00"));
      return run!.getTime() - at("2026-01-02T00:00").getTime();
    });
    assertEquals(delays.filter((late) => late < 0 || late >= 1_000), []);
    assertEquals(new Set(delays).size > 10, true);
  });

  it("can be asked from the first moment that there is", () => {
    const schedule = jitter(every(hour), hour, { random: () => 0.5 });
    assertEquals(schedule.nextRun(new Date(-8.64e15)), new Date(hour / 2));
  });

  it("changes nothing where the time is 0", () => {
    assertEquals(
      jitter(every(hour), 0).nextRun(new Date(0)),
      new Date(hour),
    );
  });

  it("refuses what is no share", () => {
    for (const value of [1, -0.1, NaN]) {
      assertThrows(
        () =>
          jitter(every(hour), 5, { random: () => value }).nextRun(
            at("2026-01-01T00:00"),
          ),
        RangeError,
        `Cannot ask a schedule: 'random' must be a function that returns a number from 0 up to 1: current value is ${value}`,
      );
    }
  });
});

describe("limit", () => {
  it("ends after so many runs", () => {
    const schedule = limit(every(hour), 2);
    assertEquals(
      texts(preview(schedule, { from: at("2026-01-01T09:30") })),
      ["2026-01-01T10:00", "2026-01-01T11:00"],
    );
  });

  it("counts nothing twice when it is asked again", () => {
    const schedule = limit(every(hour), 2);
    const start = { from: at("2026-01-01T09:30") };
    const first = preview(schedule, start);
    assertEquals(preview(schedule, start), first);
    assertEquals(schedule.nextRun(first[0]!), first[1]);
    assertEquals(schedule.nextRun(first[1]!), null);
  });

  it("counts anew from an earlier moment", () => {
    const schedule = limit(every(hour), 2);
    preview(schedule, { from: at("2026-01-01T09:30") });
    assertEquals(
      texts(preview(schedule, { from: at("2026-01-01T07:30") })),
      ["2026-01-01T08:00", "2026-01-01T09:00"],
    );
  });

  it("counts what was asked for, not what was slept over", () => {
    const schedule = limit(every(hour), 3);
    schedule.nextRun(at("2026-01-01T09:30"));
    assertEquals(
      texts(preview(schedule, { from: at("2026-02-01T09:30") })),
      ["2026-02-01T10:00", "2026-02-01T11:00"],
    );
  });

  it("may be 0", () => {
    assertEquals(limit(every(hour), 0).nextRun(new Date(0)), null);
  });
});

describe("preview", () => {
  it("gives ten runs from now on where nothing else is said", () => {
    const before = Date.now();
    const runs = preview(every(hour));
    assertEquals(runs.length, 10);
    assertEquals(runs[0]!.getTime() > before, true);
    assertEquals(runs[0]!.getTime() <= before + hour + minute, true);
  });

  it("gives fewer where the schedule ends", () => {
    assertEquals(
      texts(preview(listed("2026-01-01T10:00"), { from: new Date(0) })),
      ["2026-01-01T10:00"],
    );
    assertEquals(preview(never), []);
    assertEquals(preview(every(hour), { count: 0 }), []);
  });

  it("takes an instance of croner as it is", () => {
    const schedule: Schedule = new Cron("0 3 * * *", {
      timezone: "Europe/Paris",
    });
    assertEquals(
      texts(preview(schedule, { from: at("2026-10-24T00:00"), count: 3 })),
      ["2026-10-24T01:00", "2026-10-25T02:00", "2026-10-26T02:00"],
    );
  });
});

describe("bad input of schedules", () => {
  const some = every(hour);
  const wrong = <T>(value: unknown) => value as T;
  const invalid = new Date(NaN);

  function throwsAll(
    kind: typeof TypeError | typeof RangeError,
    cases: [() => unknown, string][],
  ): void {
    for (const [body, message] of cases) assertThrows(body, kind, message);
  }

  it("is a TypeError where something is not of its type", () => {
    throwsAll(TypeError, [
      [
        () => every(wrong("5")),
        `Cannot create a schedule: 'ms' must be a whole number of at least 1: current value is "5"`,
      ],
      [
        () => every(5, wrong(null)),
        "Cannot create a schedule: 'options' must be an object: current value is null",
      ],
      [
        () => every(5, { from: wrong(7) }),
        "Cannot create a schedule: 'from' must be a valid date: current value is 7",
      ],
      [
        () => anyOf(some, wrong(null)),
        "Cannot create a schedule: 'schedules[1]' must be an object with 'nextRun': current value is null",
      ],
      [() => except(wrong("0 3 * * *"), () => true), "'schedule' must be"],
      [() => except(some, wrong(null)), "'options' must be an object"],
      [() => within(wrong(undefined), {}), "'schedule' must be"],
      [() => within(some, { until: wrong("x") }), "'until' must be a valid"],
      [() => jitter(wrong(() => {}), 5), "'schedule' must be"],
      [() => jitter(some, 5, { random: wrong(5) }), "'random' must be"],
      [() => limit(some, wrong(undefined)), "'count' must be a whole number"],
      [
        () => preview(wrong(5)),
        "Cannot preview a schedule: 'schedule' must be an object with 'nextRun': current value is 5",
      ],
      [() => preview(some, { from: wrong(null) }), "'from' must be a valid"],
      [
        () => some.nextRun(wrong(undefined)),
        "Cannot ask a schedule: 'after' must be a valid date: current value is undefined",
      ],
    ]);
  });

  it("is a RangeError where a value makes no sense", () => {
    throwsAll(RangeError, [
      [() => every(0), "'ms' must be a whole number of at least 1"],
      [() => every(0.5), "current value is 0.5"],
      [() => every(Infinity), "current value is Infinity"],
      [
        () => every(5, { from: invalid }),
        "'from' must be a valid date: current value is \"Invalid Date\"",
      ],
      [
        () =>
          within(some, {
            from: at("2026-01-02T00:00"),
            until: at("2026-01-02T00:00"),
          }),
        `'until' must be a date after 'from': current value is "2026-01-02T00:00:00.000Z"`,
      ],
      [() => except(some, { from: invalid }), "'from' must be a valid date"],
      [() => jitter(some, -1), "'ms' must be a whole number of at least 0"],
      [() => limit(some, 1.5), "'count' must be a whole number of at least 0"],
      [() => preview(some, { count: Infinity }), "'count' must be"],
      [() => some.nextRun(invalid), "'after' must be a valid date"],
    ]);
  });

  it("says so of an answer that is no Date, and what to return instead", () => {
    const answers: [unknown, string][] = [
      [{ epochMilliseconds: 1 }, "new Date(answer.epochMilliseconds)"],
      [{ toJSDate() {} }, "answer.toJSDate()"],
      [{ toDate() {} }, "answer.toDate()"],
      [{}, "a Date"],
    ];
    for (const [answer, instead] of answers) {
      assertThrows(
        () => preview({ nextRun: () => wrong(answer) }),
        RangeError,
        `[object Object], which is no Date: return ${instead}`,
      );
    }
  });

  it("is a RangeError where a schedule misbehaves, whatever wraps it", () => {
    const from = at("2026-01-01T00:00");
    const answers: [unknown, string][] = [
      [undefined, "undefined"],
      [at("2026-01-01T00:00"), "2026-01-01T00:00:00.000Z"],
      [at("2025-12-31T00:00"), "2025-12-31T00:00:00.000Z"],
      [invalid, "Invalid Date"],
      ["2027-01-01", "2027-01-01"],
      [1e15, "1000000000000000"],
      [Promise.resolve(null), "[object Promise]"],
      [{ getTime: () => 1e300 }, "[object Object]"],
    ];
    for (const [answer, shown] of answers) {
      const bad: Schedule = { nextRun: () => wrong(answer) };
      for (
        const schedule of [
          anyOf(bad, never),
          except(bad, () => false),
          except(some, bad),
          within(bad, {}),
          jitter(bad, 0),
          limit(bad, 5),
        ]
      ) {
        assertThrows(() => preview(schedule, { from }), RangeError, shown);
      }
      assertThrows(
        () => preview(bad, { from }),
        RangeError,
        "Cannot ask a schedule: 'nextRun()' must be null or a date after 2026-01-01T00:00:00.000Z: " +
          `current value is ${shown}`,
      );
    }
  });
});
