import { assertEquals } from "@std/assert";
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
import fc from "fast-check";
import { Printed } from "./_helpers.ts";
import { effort } from "./_effort.ts";

const end = Date.UTC(2100, 0, 1);
const moment = fc.integer({ min: 0, max: end });
const moments = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), {
  maxLength: 30,
});

function listed(times: number[]): Schedule {
  const sorted = [...times].sort((a, b) => a - b);
  return {
    nextRun(after) {
      const time = sorted.find((each) => each > after.getTime());
      return time === undefined ? null : new Date(time);
    },
  };
}

function timesOf(schedule: Schedule, from = 0, count = 10_000): number[] {
  return preview(schedule, { from: new Date(from), count })
    .map((run) => run.getTime());
}

/** A schedule that may do anything a caller can be met with. */
const anything: fc.Arbitrary<Schedule> = fc.record({
  answers: fc.array(
    fc.oneof(
      fc.constant("throw" as const),
      fc.constant(null),
      fc.date({ noInvalidDate: false }),
      fc.integer({ min: -1_000, max: 1_000 }),
      fc.anything(),
    ),
    { minLength: 1, maxLength: 20 },
  ),
}).map(({ answers }) => {
  let asked = 0;
  return {
    nextRun(after: Date): Date | null {
      const answer = answers[asked++ % answers.length];
      if (answer === "throw") throw new Error("no schedule");
      return typeof answer === "number"
        ? new Date(after.getTime() + answer)
        : answer as Date | null;
    },
  };
});

/** Any schedule within any other of this module. */
const nested = fc.letrec<{ schedule: Schedule }>((tie) => {
  const inner = tie("schedule");
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const dates = fc.date({ noInvalidDate: true });
  const window = fc.tuple(dates, dates)
    .filter(([a, b]) => a.getTime() !== b.getTime())
    .map(([a, b]) => a < b ? { from: a, until: b } : { from: b, until: a });
  return {
    schedule: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      anything,
      fc.tuple(fc.integer({ min: 1, max: end }), dates)
        .map(([ms, from]) => every(ms, { from })),
      fc.array(inner, { maxLength: 4 }).map((all) => anyOf(...all)),
      fc.tuple(inner, window).map(([some, range]) => within(some, range)),
      fc.tuple(inner, window).map(([some, range]) => except(some, range)),
      fc.tuple(inner, fc.integer({ min: 1, max: 4 }))
        .map(([some, n]) => except(some, (run) => run.getTime() % n === 0)),
      fc.tuple(inner, inner).map(([some, other]) => except(some, other)),
      fc.tuple(inner, fc.integer({ min: 0, max: end }), share)
        .map(([some, ms, at]) => jitter(some, ms, { random: () => at })),
      fc.tuple(inner, fc.integer({ min: 0, max: 100 }))
        .map(([some, count]) => limit(some, count)),
    ),
  };
}).schedule;

describe("properties of schedules", () => {
  it("anyOf is sorted, complete and without doubles", () => {
    fc.assert(fc.property(fc.array(moments, { maxLength: 8 }), (lists) => {
      assertEquals(
        timesOf(anyOf(...lists.map(listed))),
        [...new Set(lists.flat())].sort((a, b) => a - b),
      );
    }));
  });

  it("jitter keeps order, count and distances, and stays below its limit", () => {
    fc.assert(
      fc.property(moments, fc.nat(500), fc.nat(99), (times, ms, share) => {
        const schedule = jitter(listed(times), ms, {
          random: () => share / 100,
        });
        const sorted = [...times].sort((a, b) => a - b);
        const late = timesOf(schedule, -1_000)
          .map((time, index) => time - sorted[index]!);
        assertEquals(late, sorted.map(() => late[0]!));
        if (late.length > 0) {
          assertEquals(late[0], Math.floor(ms * (share / 100)));
        }
      }),
    );
  });

  it("within and except with one window split a schedule in two", () => {
    fc.assert(
      fc.property(moments, fc.nat(100), fc.nat(100), (times, from, length) => {
        const window = {
          from: new Date(from),
          until: new Date(from + length + 1),
        };
        const schedule = listed(times);
        const inside = timesOf(within(schedule, window));
        const outside = timesOf(except(schedule, window));
        assertEquals(
          [...inside, ...outside].sort((a, b) => a - b),
          timesOf(schedule),
        );
        assertEquals(
          inside.filter((time) => time < from || time > from + length),
          [],
        );
        assertEquals(
          outside.filter((time) => time >= from && time <= from + length),
          [],
        );
      }),
    );
  });

  it("except leaves out the same runs for a function and a schedule", () => {
    fc.assert(fc.property(moments, moments, (times, blocked) => {
      const expected = timesOf(listed(times))
        .filter((time) => !blocked.includes(time));
      const said = (run: Date) => blocked.includes(run.getTime());
      assertEquals(timesOf(except(listed(times), said)), expected);
      assertEquals(timesOf(except(listed(times), listed(blocked))), expected);
    }));
  });

  it("limit gives the first runs", () => {
    fc.assert(fc.property(moments, fc.nat(40), (times, count) => {
      const all = timesOf(listed(times));
      assertEquals(
        timesOf(limit(listed(times), count)),
        all.slice(0, count),
      );
    }));
  });

  it("every is the same wherever it is asked from", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e10 }),
        moment,
        moment,
        (ms, from, after) => {
          const time = every(ms, { from: new Date(from) })
            .nextRun(new Date(after))!.getTime();
          assertEquals(time > after, true);
          assertEquals((time - from) % ms, 0);
          assertEquals(time === from || time - after <= ms, true);
        },
      ),
    );
  });

  it("nothing spins, and runs only ever go forward, for any schedule", () => {
    // A member of anyOf that throws is named there.
    using _printed = new Printed();
    fc.assert(
      fc.property(
        nested,
        fc.date({ noInvalidDate: true }),
        (schedule, from) => {
          let runs: Date[] = [];
          try {
            runs = preview(schedule, { from, count: 50 });
          } catch (error) {
            assertEquals(error instanceof Error, true);
          }
          let last = from.getTime();
          for (const run of runs) {
            assertEquals(run.getTime() > last, true);
            last = run.getTime();
          }
        },
      ),
      { numRuns: effort(100, 500) },
    );
  });
});
