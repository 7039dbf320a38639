import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertMatch,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { type Schedule, Ticker } from "@golib/runner";
import { anyOf, every, jitter, limit, preview } from "@golib/runner/schedule";
import { Cron } from "croner";
import fc from "fast-check";
import {
  at,
  dated,
  day,
  from,
  hour,
  listed,
  minute,
  second,
  set,
  short,
} from "./_calendar.ts";
import { effort } from "./_effort.ts";
import { Printed, reasonOf } from "./_helpers.ts";
import { wait } from "./_watch.ts";

describe("Ticker goes by a schedule", () => {
  it(
    "and ticks at its runs, in epoch milliseconds",
    from("2026-01-01T10:30:00.250", async (clock) => {
      const { ticker, ticks } = dated(every(hour));
      await ticker.start();
      await clock.pass(3 * hour);
      await ticker.stop();
      assertEquals(ticks(), [
        ["2026-01-01T11:00", 0, 0],
        ["2026-01-01T12:00", 0, 0],
        ["2026-01-01T13:00", 0, 0],
      ]);
    }),
  );

  it(
    "also croner's, as it is",
    from("2026-01-01T10:30", async (clock) => {
      const { ticker, ticks } = dated(new Cron("*/20 * * * *"));
      await ticker.start();
      await clock.pass(hour);
      await ticker.stop();
      assertEquals(ticks(), [
        ["2026-01-01T10:40", 0, 0],
        ["2026-01-01T11:00", 0, 0],
        ["2026-01-01T11:20", 0, 0],
      ]);
    }),
  );

  it("under FakeTime, which leaves performance alone", async () => {
    using time = new FakeTime(at("2026-01-01T10:30"));
    const { ticker, ticks } = dated(every(hour));
    await ticker.start();
    for (let count = 0; count < 120; count++) await time.tickAsync(minute);
    await ticker.stop();
    assertEquals(ticks(), [
      ["2026-01-01T11:00", 0, 0],
      ["2026-01-01T12:00", 0, 0],
    ]);
  });

  it("on the real clock, never before its run", async () => {
    const { ticker, events } = dated(every(20));
    await ticker.start();
    while (events.length < 5) await wait(5);
    await ticker.stop();
    for (const { scheduledAt, startedAt, duration } of events) {
      assertEquals(scheduledAt % 20, 0);
      assert(startedAt >= scheduledAt);
      assert(duration >= 0);
    }
    assertLess(Math.abs(events[0]!.startedAt - Date.now()), 60_000);
  });

  it(
    "and looks at the clock at least every 30 s, of which nothing is told",
    from("2026-01-01T00:00:01", async (clock) => {
      const { ticker, events } = dated(every(day));
      await ticker.start();
      await clock.pass(23 * hour);
      assertEquals(clock.longest <= 30 * second, true);
      assertEquals(events, []);
      assertEquals(clock.pending, 1);
      await ticker.stop();
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "and ends cleanly where there is no further run",
    from("2026-01-01T10:30", async (clock) => {
      const { ticker, ticks } = dated(
        listed("2026-01-01T10:40", "2026-01-01T10:50"),
      );
      await ticker.start();
      await clock.pass(19 * minute);
      assertEquals(ticker.state, "running");
      await clock.pass(hour);
      assertEquals(ticker.state, "stopped");
      await ticker.finished();
      assertEquals(ticks().map(([due]) => due), [
        "2026-01-01T10:40",
        "2026-01-01T10:50",
      ]);
      assertEquals(ticker.errorsTotal(), 0);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "and ends at once where there is no run at all",
    from("2026-01-01T10:30", async () => {
      using printed = new Printed();
      const told: string[] = [];
      const { ticker, events } = dated({ nextRun: () => null }, () => {}, {
        name: "backup",
        printErrors: true,
        observer: (event) => {
          told.push(event.type === "notice" ? event.message : event.type);
        },
      });
      await ticker.start();
      await ticker.finished();
      assertEquals([ticker.state, events.length], ["stopped", 0]);
      const why =
        "the schedule has no run after 2026-01-01T10:30:00.000Z, so that the ticker ends";
      assertEquals(told, ["state", why, "state"]);
      assertEquals(printed.texts, [`"backup": ${why}`]);
      assertEquals(ticker.errorsTotal(), 0);
    }),
  );

  it(
    "and says no more where it has run, or is quiet",
    from("2026-01-01T10:30", async (clock) => {
      using printed = new Printed();
      const quiet = dated({ nextRun: () => null });
      const once = dated(listed("2026-01-01T10:31"), () => {}, {
        printErrors: true,
      });
      for (const { ticker } of [quiet, once]) await ticker.start();
      await clock.pass(hour);
      assertEquals([quiet.ticker.state, once.ticker.state], [
        "stopped",
        "stopped",
      ]);
      assertEquals(printed.texts, []);
    }),
  );

  it(
    "and says the same of a reset to one without a run",
    from("2026-01-01T10:30", async () => {
      using printed = new Printed();
      const { ticker } = dated(every(hour), () => {}, { printErrors: true });
      await ticker.start();
      ticker.reset({ nextRun: () => null });
      assertEquals(ticker.state, "stopped");
      await ticker.finished();
      assertEquals(printed.texts.length, 1);
    }),
  );

  it(
    "with immediate, first inside the launch",
    from("2026-01-01T10:30", async (clock) => {
      const { ticker, ticks } = dated(every(hour), () => {}, {
        immediate: true,
      });
      await ticker.start();
      assertEquals(ticks(), [["2026-01-01T10:30", 0, 0]]);
      await clock.pass(hour);
      await ticker.stop();
      assertEquals(ticks().slice(1), [["2026-01-01T11:00", 0, 0]]);
    }),
  );

  it(
    "and a tick that throws does not stop it",
    from("2026-01-01T10:30", async (clock) => {
      const { ticker, events } = dated(every(minute), () => {
        throw new Error("no");
      });
      await ticker.start();
      await clock.pass(3 * minute);
      assertEquals([ticker.errorsTotal(), ticker.state], [3, "running"]);
      await ticker.stop();
      assertEquals(events.map(({ error }) => error?.message), [
        "no",
        "no",
        "no",
      ]);
    }),
  );

  it(
    "and a tick that outlasts runs makes them missed",
    from("2026-01-01T10:30", async (clock) => {
      let first = true;
      const { ticker, ticks } = dated(every(minute), () => {
        if (!first) return;
        first = false;
        return wait(150 * second);
      });
      await ticker.start();
      await clock.pass(5 * minute);
      await ticker.stop();
      assertEquals(ticks(), [
        ["2026-01-01T10:31", 0, 0],
        ["2026-01-01T10:34", 0, 2],
        ["2026-01-01T10:35", 0, 0],
      ]);
    }),
  );

  it(
    "and a run that is reached as a tick ends is not missed",
    from("2026-01-01T10:30", async (clock) => {
      let first = true;
      const { ticker, ticks } = dated(every(minute), () => {
        if (!first) return;
        first = false;
        return wait(2 * minute);
      });
      await ticker.start();
      await clock.pass(4 * minute);
      await ticker.stop();
      assertEquals(ticks(), [
        ["2026-01-01T10:31", 0, 0],
        ["2026-01-01T10:33", 0, 1],
        ["2026-01-01T10:34", 0, 0],
      ]);
    }),
  );

  it(
    "and an immediate tick that outlasts runs makes them missed",
    from("2026-01-01T10:30", async (clock) => {
      let first = true;
      const { ticker, ticks } = dated(every(minute), () => {
        if (!first) return;
        first = false;
        return wait(150 * second);
      }, { immediate: true });
      await ticker.start();
      await clock.pass(3 * minute);
      await ticker.stop();
      assertEquals(ticks().slice(1), [["2026-01-01T10:33", 0, 2]]);
    }),
  );

  it(
    "and begins anew with each start",
    from("2026-01-01T10:30", async (clock) => {
      const { ticker, ticks } = dated(every(hour));
      await ticker.start();
      await ticker.stop();
      await clock.pass(5 * hour);
      await ticker.start();
      await clock.pass(hour);
      await ticker.stop();
      assertEquals(ticks(), [["2026-01-01T16:00", 0, 0]]);
    }),
  );
});

describe("Ticker on a machine that slept", () => {
  it(
    "runs what is due once, late, and says by how much",
    from("2026-01-01T02:00", async (clock) => {
      const { ticker, ticks } = dated(new Cron("0 3 * * *"));
      await ticker.start();
      clock.ahead += 7 * hour;
      await clock.pass(minute);
      assertEquals(ticks().length, 1);
      const [due, late, missed] = ticks()[0]!;
      assertEquals([due, missed], ["2026-01-01T03:00", 0]);
      assert(late >= 6 * hour && late <= 6 * hour + 30 * second, `${late}`);
      await clock.pass(day);
      await ticker.stop();
      assertEquals(ticks().slice(1), [["2026-01-02T03:00", 0, 0]]);
    }),
  );

  it(
    "runs the latest of several, and counts the others as missed",
    from("2026-01-01T02:00", async (clock) => {
      const { ticker, ticks } = dated(new Cron("0 3 * * *"));
      await ticker.start();
      clock.ahead += 3 * day;
      await clock.pass(minute);
      await ticker.stop();
      assertEquals(ticks().map(([due, , missed]) => [due, missed]), [
        ["2026-01-03T03:00", 2],
      ]);
    }),
  );

  it(
    "does the same after a loop that was blocked",
    from("2026-01-01T02:00", async (clock) => {
      const { ticker, ticks } = dated(every(hour));
      await ticker.start();
      clock.block(150 * minute);
      await clock.pass(hour);
      await ticker.stop();
      assertEquals(ticks(), [
        ["2026-01-01T04:00", 30 * minute, 1],
        ["2026-01-01T05:00", 0, 0],
      ]);
    }),
  );

  it(
    "misses what is later than 'lateness', and goes on",
    from("2026-01-01T02:00", async (clock) => {
      const { ticker, ticks } = dated(every(hour), () => {}, {
        lateness: 10 * minute,
      });
      await ticker.start();
      clock.block(150 * minute);
      await clock.pass(29 * minute);
      assertEquals(ticks(), []);
      await clock.pass(minute);
      assertEquals(ticks(), [["2026-01-01T05:00", 0, 2]]);
      clock.block(70 * minute);
      await clock.pass(0);
      assertEquals(ticks().slice(1), [
        ["2026-01-01T06:00", 10 * minute, 0],
      ]);
      await ticker.stop();
    }),
  );

  it(
    "finds the latest of any number in some 40 questions, and runs that",
    from("2026-01-01T00:00", async (clock) => {
      for (const [period, late] of [[1, 0], [minute, 17 * second]] as const) {
        let asked = 0;
        const inner = every(period);
        const { ticker, events } = dated(
          { nextRun: (after) => (asked++, inner.nextRun(after)) },
          () => {},
          { lateness: minute },
        );
        await ticker.start();
        asked = 0;
        clock.block(365 * day + late);
        await clock.pass(0);
        const now = Date.now();
        await ticker.stop();
        assertEquals(events.length, 1);
        const { scheduledAt, missed } = events[0]!;
        assertEquals(scheduledAt, Math.floor(now / period) * period);
        assert(asked < 60, `${asked}`);
        assertEquals(missed, (365 * day) / period - 1);
      }
    }),
  );

  it(
    "holds 'lateness' against the latest run, not the first",
    from("2026-01-01T00:00", async (clock) => {
      const { ticker, ticks } = dated(new Cron("* * * * *"), () => {}, {
        lateness: minute,
      });
      await ticker.start();
      set(clock, "2026-01-09T01:00:20");
      await clock.pass(30 * second);
      await ticker.stop();
      assertEquals(ticks()[0]!.slice(0, 1), ["2026-01-09T01:00"]);
    }),
  );

  it("finds the latest of uneven runs as one by one would", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), {
          minLength: 12,
          maxLength: 200,
        }),
        fc.integer({ min: 0, max: 100_000 }),
        (offsets, slept) =>
          from("2026-01-01T00:00", async (clock) => {
            const start = Date.now();
            const times = offsets.map((each) => start + each)
              .sort((a, b) => a - b);
            const { ticker, events } = dated({
              nextRun(after) {
                const time = times.find((each) => each > +after);
                return time === undefined ? null : new Date(time);
              },
            });
            await ticker.start();
            clock.block(slept);
            await clock.pass(0);
            const latest = times.filter((each) => each <= Date.now()).at(-1);
            assertEquals(events[0]?.scheduledAt, latest);
            await ticker.stop();
          })(),
      ),
      { numRuns: 100 },
    );
  });
});

describe("Ticker when the clock is set", () => {
  it(
    "back: runs nothing twice",
    from("2026-01-01T09:30", async (clock) => {
      const { ticker, ticks } = dated(every(hour));
      await ticker.start();
      await clock.pass(hour);
      assertEquals(ticks().length, 1);
      set(clock, "2026-01-01T09:30");
      await clock.pass(2 * hour);
      await ticker.stop();
      assertEquals(ticks().map(([due]) => due), [
        "2026-01-01T10:00",
        "2026-01-01T11:00",
      ]);
    }),
  );

  it(
    "back, and the run comes when the clock says so, not before",
    from("2026-01-01T09:59", async (clock) => {
      const { ticker, ticks } = dated(every(hour));
      await ticker.start();
      set(clock, "2026-01-01T09:00");
      await clock.pass(59 * minute);
      assertEquals(ticks(), []);
      await clock.pass(minute);
      await ticker.stop();
      assertEquals(ticks(), [["2026-01-01T10:00", 0, 0]]);
    }),
  );

  it(
    "forward: within 30 s the run comes, late, once",
    from("2026-01-01T08:30", async (clock) => {
      const { ticker, ticks } = dated(every(hour));
      await ticker.start();
      set(clock, "2026-01-01T09:15");
      await clock.pass(30 * second);
      assertEquals(ticks().map(([due, , missed]) => [due, missed]), [
        ["2026-01-01T09:00", 0],
      ]);
      await clock.pass(hour);
      await ticker.stop();
      assertEquals(ticks().slice(1), [["2026-01-01T10:00", 0, 0]]);
    }),
  );

  it(
    "to and fro, back by less than its last two runs lie apart: only ever forward, never twice, never early",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.tuple(
              fc.integer({ min: -3 * hour, max: 3 * hour }),
              fc.integer({ min: 0, max: hour }),
            ),
            { maxLength: 8 },
          ),
          fc.integer({ min: minute, max: 2 * hour }),
          (jumps, period) =>
            from("2026-01-01T00:00", async (clock) => {
              const first = { from: new Date(Date.now()) };
              const { ticker, events } = dated(every(period, first));
              let latest = Date.now();
              await ticker.start();
              for (const [jump, pause] of jumps) {
                latest = Math.max(latest, Date.now());
                const earliest = latest - Math.min(period, 3 * hour);
                clock.ahead += Math.max(jump, earliest - Date.now());
                await clock.pass(pause);
              }
              await ticker.stop();
              let last = at("2026-01-01T00:00");
              for (const { scheduledAt, startedAt, missed } of events) {
                assertEquals((scheduledAt - last) / period, missed + 1);
                assert(startedAt >= scheduledAt);
                assert(startedAt < scheduledAt + period);
                last = scheduledAt;
              }
            })(),
        ),
        { numRuns: effort(20, 50) },
      );
    },
  );

  it(
    "back by days: the next run is found from it, and one line says so",
    from("2026-01-05T09:30", async (clock) => {
      using printed = new Printed();
      const messages: string[] = [];
      const { ticker, ticks } = dated(every(hour), () => {}, {
        name: "backup",
        printErrors: true,
        observer: (event) => {
          if (event.type === "notice") messages.push(event.message);
        },
      });
      await ticker.start();
      await clock.pass(hour);
      set(clock, "2026-01-03T09:30");
      await clock.pass(2 * hour);
      await ticker.stop();
      assertEquals(ticks().map(([due, , missed]) => [due, missed]), [
        ["2026-01-05T10:00", 0],
        ["2026-01-03T10:00", 0],
        ["2026-01-03T11:00", 0],
      ]);
      assertEquals(messages.length, 1);
      assertMatch(
        messages[0]!,
        /^the clock was put back by 17\d{7} ms: the next run is found from it: 2026-01-03T10:00:00.000Z$/,
      );
      assertEquals(printed.texts, [`"backup": ${messages[0]}`]);
    }),
  );

  it(
    "back by more than the last two runs lie apart: the same",
    from("2026-01-01T09:30", async (clock) => {
      const { ticker, ticks } = dated(every(minute));
      await ticker.start();
      await clock.pass(2 * minute);
      set(clock, "2026-01-01T09:31");
      await clock.pass(30 * second);
      assertEquals(ticks().length, 2);
      set(clock, "2026-01-01T09:28:30");
      await clock.pass(2 * minute);
      await ticker.stop();
      // It looks at the clock every 30 s.
      assertEquals(ticks().slice(2).map(([due]) => due), ["2026-01-01T09:30"]);
    }),
  );

  it(
    "back by up to three hours, before two runs have passed: runs nothing twice",
    from("2026-01-01T09:59", async (clock) => {
      for (
        const [back, expected] of [[3 * hour, []], [3 * hour + minute, [1]]]
      ) {
        const { ticker, events } = dated(every(minute));
        await ticker.start();
        clock.ahead -= back as number;
        await clock.pass(90 * second);
        await ticker.stop();
        assertEquals(events.map(() => 1), expected as number[]);
      }
    }),
  );
});

describe("Ticker across the calendar's edges", () => {
  function runs(
    name: string,
    pattern: string,
    timezone: string,
    start: string,
    days: number,
    expected: string[],
  ): void {
    it(
      name,
      from(start, async (clock) => {
        const { ticker, ticks } = dated(new Cron(pattern, { timezone }));
        await ticker.start();
        await clock.pass(days * day);
        await ticker.stop();
        assertEquals(ticks(), expected.map((due) => [due, 0, 0]));
      }),
    );
  }

  runs(
    "3 a.m. in Paris comes once a day, in winter and in summer",
    "0 3 * * *",
    "Europe/Paris",
    "2026-03-28T00:00",
    3,
    ["2026-03-28T02:00", "2026-03-29T01:00", "2026-03-30T01:00"],
  );
  runs(
    "a local time that is left out runs as the gap ends",
    "30 2 * * *",
    "Europe/Paris",
    "2026-03-28T00:00",
    3,
    ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
  );
  runs(
    "a local time that comes twice runs once",
    "30 2 * * *",
    "Europe/Paris",
    "2026-10-24T00:00",
    3,
    ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"],
  );
  runs(
    "half an hour is left out on Lord Howe",
    "15 2 * * *",
    "Australia/Lord_Howe",
    "2026-10-02T16:00",
    3,
    ["2026-10-03T15:30", "2026-10-04T15:15", "2026-10-05T15:15"],
  );
  runs(
    "a leap day",
    "0 12 28,29 2 *",
    "UTC",
    "2028-02-27T13:00",
    3,
    ["2028-02-28T12:00", "2028-02-29T12:00"],
  );
  runs(
    "no leap day",
    "0 12 28,29 2 *",
    "UTC",
    "2027-02-27T13:00",
    3,
    ["2027-02-28T12:00"],
  );
  runs(
    "the end of a year",
    "0 0 1 1 *",
    "Asia/Tokyo",
    "2026-12-30T00:00",
    3,
    ["2026-12-31T15:00"],
  );
});

describe("control.reset of a Ticker", () => {
  it(
    "takes a schedule where there was an interval, until the run ends",
    from("2026-01-01T10:30:30", async (clock) => {
      const { ticker, events } = dated(10 * second, (_signal, control) => {
        if (events.length === 0) control.reset(every(minute));
      });
      const origin = performance.now();
      await ticker.start();
      await clock.pass(2 * minute);
      assertEquals(events[0]!.scheduledAt, origin + 10 * second);
      assertEquals(events[0]!.startedAt, origin + 10 * second);
      assertEquals(events.slice(1).map((event) => short(event.scheduledAt)), [
        "2026-01-01T10:31",
        "2026-01-01T10:32",
      ]);
      const before = events.length;
      await ticker.restart();
      await clock.pass(10 * second);
      await ticker.stop();
      assertEquals(events.length, before + 1);
    }),
  );

  it(
    "takes an interval where there was a schedule",
    from("2026-01-01T10:30:30", async (clock) => {
      const { ticker, events } = dated(every(minute), (_signal, control) => {
        if (events.length === 0) control.reset(10 * second);
      });
      const origin = performance.now();
      await ticker.start();
      await clock.pass(minute);
      await ticker.stop();
      const [first, ...rest] = events;
      assertEquals(short(first!.scheduledAt), "2026-01-01T10:31");
      assertEquals(first!.startedAt, first!.scheduledAt);
      assertEquals(
        rest.map(({ startedAt, missed }) => [startedAt - origin, missed]),
        [[40 * second, 0], [50 * second, 0], [60 * second, 0]],
      );
    }),
  );

  it(
    "takes another schedule between two ticks",
    from("2026-01-01T10:30", async (clock) => {
      let reset: ((schedule: Schedule) => void) | undefined;
      const { ticker, ticks } = dated(every(hour), (_signal, control) => {
        reset = control.reset;
      }, { immediate: true });
      await ticker.start();
      reset!(listed("2026-01-01T10:35"));
      await clock.pass(hour);
      await ticker.finished();
      assertEquals(ticks().map(([due]) => due), [
        "2026-01-01T10:30",
        "2026-01-01T10:35",
      ]);
      reset!(every(minute));
      await clock.pass(hour);
      assertEquals([ticks().length, clock.pending], [2, 0]);
    }),
  );
});

describe("Ticker with a schedule that misbehaves", () => {
  const wrong: [string, () => unknown, string][] = [
    ["throws", () => {
      throw new TypeError("no time zones here");
    }, "no time zones here"],
    ["gives an invalid date", () => new Date(NaN), "Invalid Date"],
    ["gives what is no date", () => "tomorrow", "value is tomorrow"],
    ["gives nothing", () => undefined, "undefined"],
    ["gives a promise", () => Promise.resolve(null), "[object Promise]"],
    ["gives the past", () => new Date(0), "1970-01-01T00:00:00.000Z"],
    [
      "gives the moment it was asked about",
      () => new Date(Date.now()),
      "current value is 2026-01-01T10:30:00.000Z",
    ],
  ];

  for (const [name, answer, message] of wrong) {
    it(
      `that ${name}: one error of the run, and its end`,
      from("2026-01-01T10:30", async (clock) => {
        let asked = 0;
        const { ticker, events } = dated({
          nextRun: () => (asked++, answer() as Date),
        });
        await ticker.start();
        await clock.pass(hour);
        assertEquals([ticker.state, asked, events.length], ["stopped", 1, 0]);
        assertEquals(ticker.errorsTotal(), 1);
        const error = ticker.errorsLast()!;
        assert(error.message.includes(message), error.message);
        assertStrictEquals(await reasonOf(ticker.finished()), error);
        assertEquals(clock.pending, 0);
      }),
    );
  }

  it(
    "says what it was asked",
    from("2026-01-01T10:30", async () => {
      const { ticker } = dated({ nextRun: () => new Date(0) }, () => {}, {
        name: "backup",
      });
      await ticker.start();
      const error = ticker.errorsLast();
      assertInstanceOf(error, RangeError);
      assertEquals(
        error.message,
        `Cannot tick "backup": 'nextRun()' must be null or a date after ` +
          "2026-01-01T10:30:00.000Z: current value is 1970-01-01T00:00:00.000Z",
      );
    }),
  );

  it(
    "later on: the run that was due is run, then it ends",
    from("2026-01-01T10:30", async (clock) => {
      const inner = listed("2026-01-01T10:40");
      const { ticker, ticks } = dated({
        nextRun: (after) => inner.nextRun(after) ?? new Date(0),
      });
      await ticker.start();
      await clock.pass(hour);
      assertEquals(ticks(), [["2026-01-01T10:40", 0, 0]]);
      assertEquals([ticker.state, ticker.errorsTotal()], ["stopped", 1]);
    }),
  );

  it(
    "is told, printed and forgotten like every error",
    from("2026-01-01T10:30", async (clock) => {
      using printed = new Printed();
      const phases: string[] = [];
      let isSane = false;
      const { ticker, ticks } = dated(
        {
          nextRun: (after) =>
            isSane ? every(hour).nextRun(after) : new Date(NaN),
        },
        () => {},
        {
          printErrors: true,
          observer(event) {
            if (event.type === "error") phases.push(event.phase);
          },
        },
      );
      await ticker.start();
      assertEquals([phases, printed.texts.length], [["tick"], 1]);
      isSane = true;
      await ticker.start();
      assertEquals(ticker.errorsTotal(), 0);
      await clock.pass(hour);
      await ticker.stop();
      assertEquals(ticks().length, 1);
    }),
  );

  it(
    "and one that stops the ticker from within: no tick comes after",
    from("2026-01-01T10:30", async (clock) => {
      for (const calls of [1, 2]) {
        let asked = 0;
        const { ticker, events } = dated({
          nextRun(after) {
            if (++asked === calls) ticker.stop();
            return every(minute).nextRun(after);
          },
        });
        await ticker.start();
        await clock.pass((calls - 1) * minute);
        assertEquals(clock.pending, 0);
        await clock.pass(hour);
        assertEquals([ticker.state, events.length], ["stopped", 0]);
      }
    }),
  );

  it("whatever it does, does not spin, burst or overlap", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.integer({ min: 1, max: hour }),
            fc.integer({ min: -hour, max: 0 }),
            fc.constantFrom(null, undefined, NaN, "x"),
          ),
          { minLength: 1, maxLength: 30 },
        ),
        (answers) =>
          from("2026-01-01T00:00", async (clock) => {
            let asked = 0;
            const { ticker, events } = dated({
              nextRun(after) {
                const answer = answers[asked++ % answers.length];
                return typeof answer === "number"
                  ? new Date(after.getTime() + answer)
                  : answer as null;
              },
            });
            await ticker.start();
            await clock.pass(second);
            clock.block(hour);
            await clock.pass(second);
            await ticker.stop();
            assert(asked <= 2 * second + 20_000);
            assert(ticker.errorsTotal() <= 1);
            let last = 0;
            for (const { scheduledAt, startedAt } of events) {
              assert(scheduledAt > last);
              assert(startedAt >= scheduledAt);
              last = scheduledAt;
            }
          })(),
      ),
      { numRuns: effort(30, 100) },
    );
  });
});

describe("Bad input of a Ticker on a schedule", () => {
  it("is an error of the constructor", () => {
    const make = (interval: unknown, options?: object) => () =>
      new Ticker(interval as Schedule, () => {}, options);
    assertThrows(
      make({ next: () => null }),
      TypeError,
      "Cannot create a Ticker: 'interval' must be",
    );
    assertThrows(make("0 3 * * *"), TypeError, `current value is "0 3 * * *"`);
    assertThrows(
      make(every(5), { lateness: -1 }),
      RangeError,
      "Cannot create a Ticker: 'lateness' must be a number of milliseconds of at least 0: current value is -1",
    );
    assertThrows(make(every(5), { lateness: "1" }), TypeError, "'lateness'");
  });

  it(
    "is an error of reset, and nothing has changed",
    from("2026-01-01T10:30", async (clock) => {
      const { ticker, ticks } = dated(every(minute), (_signal, control) => {
        control.reset({} as Schedule);
      }, { name: "backup" });
      await ticker.start();
      await clock.pass(2 * minute);
      assertEquals(ticks().length, 2);
      assert(
        ticker.errorsLast()!.message.startsWith(
          `Cannot reset "backup": 'interval' must be`,
        ),
      );
      await ticker.stop();
    }),
  );
});

describe("Ticker and what combines", () => {
  it(
    "limit: three runs, then the end",
    from("2026-01-01T10:30", async (clock) => {
      const { ticker, ticks } = dated(limit(every(minute), 3));
      await ticker.start();
      await clock.pass(hour);
      assertEquals([ticker.state, ticks().length], ["stopped", 3]);
    }),
  );

  it(
    "limit: counts what has run, through restarts, sleep, previews and set clocks",
    from("2026-01-05T10:30", async (clock) => {
      const campaign = anyOf(limit(jitter(every(minute), 0), 6));
      const { ticker, ticks } = dated(campaign);
      await ticker.start();
      await clock.pass(minute);
      preview(campaign, { from: new Date(0), count: 100 });
      await ticker.restart();
      clock.block(10 * minute);
      await clock.pass(minute);
      set(clock, "2026-01-03T10:30");
      await clock.pass(hour);
      assertEquals([ticker.state, ticks().length], ["stopped", 6]);
      const other = dated(campaign);
      await other.ticker.start();
      await clock.pass(hour);
      assertEquals(other.ticks().length, 6);
    }),
  );
});
