import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { effort } from "./_effort.ts";
import { type HandClock, on, timed } from "./_fake_clocks.ts";
import { wait, watch } from "./_watch.ts";

describe("Ticker keeps the grid", () => {
  it(
    "when a tick outlasts its interval: those it covers are missed",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, () => {
        if (!first) return;
        first = false;
        return wait(25);
      });
      await start();
      await clock.pass(55);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [40, 40, 2], [50, 50, 0]]);
    }),
  );

  it(
    "when a tick blocks the loop beyond its interval",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, () => {
        if (first) clock.block(25);
        first = false;
      });
      await start();
      await clock.pass(55);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [40, 40, 2], [50, 50, 0]]);
    }),
  );

  it(
    "when every tick takes longer than its interval",
    timed(async (clock) => {
      const { ticker, start, grid } = watch(10, () => wait(15));
      await start();
      await clock.pass(69);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [30, 30, 1], [50, 50, 1]]);
    }),
  );

  it(
    "after a blocked loop: one tick, late, then the grid",
    timed(async (clock) => {
      const { ticker, start, grid } = watch(10);
      await start();
      await clock.pass(10);
      clock.block(37);
      await clock.pass(25);
      await ticker.stop();
      assertEquals(grid(), [
        [10, 10, 0],
        [20, 47, 2],
        [50, 50, 0],
        [60, 60, 0],
        [70, 70, 0],
      ]);
    }),
  );

  it(
    "after a loop that is blocked before the first tick",
    timed(async (clock) => {
      const { ticker, start, grid } = watch(10);
      await start();
      clock.block(34);
      await clock.pass(10);
      await ticker.stop();
      assertEquals(grid(), [[10, 34, 2], [40, 40, 0]]);
    }),
  );

  it(
    "when a tick overruns and a stall follows: all points since its start count",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, () => {
        if (!first) return;
        first = false;
        return wait(15);
      });
      await start();
      await clock.pass(26);
      clock.block(21);
      await clock.pass(5);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [30, 47, 2], [50, 50, 0]]);
    }),
  );

  it(
    "when a tick ends exactly at a point: the next tick is then",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, () => {
        if (!first) return;
        first = false;
        return wait(20);
      });
      await start();
      await clock.pass(45);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [30, 30, 1], [40, 40, 0]]);
    }),
  );

  it(
    "when a tick ends exactly at a point and a timer of 0 ms would come late",
    on({ least: 1 }, async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, () => {
        if (!first) return;
        first = false;
        return wait(20);
      });
      await start();
      await clock.pass(45);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [30, 30, 1], [40, 40, 0]]);
    }),
  );

  it(
    "when a tick takes exactly its interval: none is missed, none is twice",
    timed(async (clock) => {
      const { ticker, start, grid } = watch(10, () => wait(10));
      await start();
      await clock.pass(45);
      const stopping = ticker.stop();
      await clock.pass(10);
      await stopping;
      assertEquals(grid(), [[10, 10, 0], [20, 20, 0], [30, 30, 0], [
        40,
        40,
        0,
      ]]);
    }),
  );

  it(
    "when a tick blocks exactly until a point",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, () => {
        if (first) clock.block(20);
        first = false;
      });
      await start();
      await clock.pass(45);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [30, 30, 1], [40, 40, 0]]);
    }),
  );

  it(
    "with as many microtasks as one likes between the points",
    timed(async (clock) => {
      const { ticker, start, grid } = watch(10, async () => {
        for (let turn = 0; turn < 10; turn++) await undefined;
      });
      await start();
      await clock.pass(25);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [20, 20, 0]]);
    }),
  );

  it(
    "and tells the tick itself what it missed",
    timed(async (clock) => {
      const told: number[] = [];
      let first = true;
      const { ticker } = watch(10, (_signal, { missed }) => {
        told.push(missed);
        if (!first) return;
        first = false;
        return wait(25);
      });
      await ticker.start();
      await clock.pass(55);
      await ticker.stop();
      assertEquals(told, [0, 2, 0]);
    }),
  );

  it(
    "and says the same of missed at the start and at the end of a tick",
    timed(async (clock) => {
      const told: [number, number][] = [];
      const { ticker, ticks } = watch(10, async (_signal, control) => {
        const before = control.missed;
        await wait(25);
        told.push([before, control.missed]);
      });
      await ticker.start();
      await clock.pass(69);
      await ticker.stop();
      assertEquals(told, [[0, 0], [2, 2]]);
      assertEquals(ticks.map(({ missed }) => missed), [0, 2]);
    }),
  );

  it(
    "and a tick that fails late misses as one that ends",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, async () => {
        if (!first) return;
        first = false;
        await wait(25);
        throw new Error("late");
      });
      await start();
      await clock.pass(45);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [40, 40, 2]]);
    }),
  );

  for (const interval of [1.5, 3.3, 1.1, 16.666666666666668, 33.7, 1 + 1e-9]) {
    for (const begin of [5_000, 0, 1234.567, 86_400_000.123]) {
      it(
        `with an interval of ${interval} ms from ${begin}, point by point`,
        on({ start: begin }, async (clock) => {
          const { ticker, ticks } = watch(interval);
          await ticker.start();
          await clock.pass(interval * 1_000 + 1);
          await ticker.stop();
          assertEquals(ticks.slice(0, 1_000).length, 1_000);
          ticks.forEach(({ scheduledAt, startedAt, missed }, index) => {
            const point = begin + (index + 1) * interval;
            assertEquals(missed, 0);
            assertLess(Math.abs(scheduledAt - point), 1e-4);
            assertGreaterOrEqual(startedAt, point - 0.01);
            // Timers are good to a millisecond.
            assertLess(startedAt, point + 1.01);
          });
        }),
      );
    }
  }

  for (const interval of [10, 7, 1, 3.3, 1.5]) {
    it(
      `on a clock of whole milliseconds, with an interval of ${interval} ms`,
      on({ start: 1_000.7, resolution: 1 }, async (clock) => {
        const { ticker, ticks } = watch(interval);
        await ticker.start();
        await clock.pass(interval * 600);
        await ticker.stop();
        assertEquals(ticks.length, 600);
        ticks.forEach(({ startedAt, missed }, index) => {
          const due = Math.ceil((index + 1) * interval - 1e-6);
          assertEquals([startedAt, missed], [1_000 + due, 0]);
        });
      }),
    );
  }

  for (const begin of [5_000.3, 5_000.7, 5_000.999]) {
    it(
      `when timers are cut to whole milliseconds and fire early, from ${begin}`,
      on({ start: begin, coarse: true }, async (clock) => {
        const { ticker, ticks } = watch(10);
        await ticker.start();
        await clock.pass(1_005);
        await ticker.stop();
        assertEquals(ticks.length, 100);
        for (const { startedAt, scheduledAt, missed } of ticks) {
          assertEquals(missed, 0);
          assertGreaterOrEqual(startedAt, scheduledAt - 0.01);
          assertLess(startedAt - scheduledAt, 1.01);
        }
      }),
    );
  }

  it(
    "when timers that are cut to whole milliseconds are served a little late",
    on({ start: 5_000.9, coarse: true }, async (clock) => {
      let count = 0;
      const set = globalThis.setTimeout;
      const late = (call: () => void, ms: number) =>
        set(() => {
          clock.block(0.9 - (count++ * 0.2) % 0.9);
          call();
        }, ms);
      globalThis.setTimeout = late as typeof set;
      let point = 0;
      const early: number[] = [];
      const { ticker } = watch(10.25, (_signal, { missed }) => {
        point += 1 + missed;
        const due = before + point * 10.25;
        if (performance.now() < due - 0.01) early.push(due);
      });
      const before = performance.now();
      await ticker.start();
      globalThis.setTimeout = set;
      await clock.pass(5_000);
      await ticker.stop();
      assertGreaterOrEqual(point, 480);
      assertEquals(early, []);
    }),
  );

  it(
    "over ten thousand ticks, to the point",
    timed(async (clock) => {
      const { ticker, ticks } = watch(10);
      await ticker.start();
      const before = performance.now();
      for (let round = 0; round < 100; round++) {
        await clock.pass(990);
        clock.block(10);
      }
      await clock.pass(10);
      await ticker.stop();
      const { scheduledAt, startedAt } = ticks.at(-1)!;
      assertEquals(startedAt - before, 100_010);
      assertEquals(scheduledAt - before, 100_010);
      assertEquals(ticks.length, 10_001);
    }),
  );

  it("whatever ticks take and wherever the loop is blocked", async () => {
    await fc.assert(
      fc.asyncProperty(
        // Quarters: what lies between two of them is no matter of rounding.
        fc.integer({ min: 4, max: 200 }).map((quarters) => quarters / 4),
        fc.integer({ min: 0, max: 1e6 }).map((quarters) => quarters / 4),
        fc.array(
          fc.record({
            work: fc.integer({ min: 0, max: 150 }),
            blocked: fc.integer({ min: 0, max: 150 }),
            stall: fc.integer({ min: 0, max: 150 }),
            gap: fc.integer({ min: 0, max: 100 }),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        (interval, begin, plan) =>
          on({ start: begin }, (clock) => keepsTo(clock, interval, plan))(),
      ),
      { numRuns: effort(30, 100) },
    );
  });

  it("by the real clock, with a loop that is really blocked", async () => {
    let count = 0;
    const { ticker, ticks } = watch(10, (_signal, control) => {
      if (++count === 2) {
        for (const end = performance.now() + 35; performance.now() < end;);
      }
      if (count === 6) control.stop();
    });
    const before = performance.now();
    await ticker.start();
    const after = performance.now();
    await ticker.finished();
    assertEquals(ticks.length, 6);
    let point = 0;
    for (const { scheduledAt, startedAt, missed } of ticks) {
      point += 1 + missed;
      assertGreaterOrEqual(startedAt, scheduledAt - 0.01);
      assertGreaterOrEqual(scheduledAt, before + (point - missed) * 10 - 0.01);
      assert(scheduledAt <= after + point * 10 + 0.01);
      assertGreaterOrEqual(startedAt, before + point * 10 - 0.01);
    }
    assertGreaterOrEqual(ticks[2]!.missed, 3);
  });

  it("by the real clock, with a tick that really outlasts its interval", async () => {
    let count = 0;
    const { ticker, ticks } = watch(20, async (_signal, control) => {
      if (++count === 1) await wait(50);
      if (count === 3) control.stop();
    });
    const before = performance.now();
    await ticker.start();
    await ticker.finished();
    assertGreaterOrEqual(ticks[1]!.missed, 2);
    assertGreater(ticks[2]!.startedAt - before, 99);
  });
});

interface Step {
  readonly work: number;
  readonly blocked: number;
  readonly stall: number;
  readonly gap: number;
}

/** Checks each tick against the contract's own definitions. */
async function keepsTo(
  clock: HandClock,
  interval: number,
  plan: Step[],
): Promise<void> {
  let count = 0;
  let inside = 0;
  const { ticker, ticks } = watch(interval, async () => {
    assertEquals(++inside, 1);
    const { work, blocked } = plan[count++ % plan.length]!;
    clock.block(blocked);
    if (work > 0) await wait(work);
    inside--;
  });
  const origin = performance.now();
  await ticker.start();
  for (const { stall, gap } of plan) {
    await clock.pass(gap);
    clock.block(stall);
  }
  const stopping = ticker.stop({ timeout: Infinity });
  await clock.pass(1_000);
  await stopping;
  assertEquals(ticker.errorsList(), []);
  assertEquals(clock.pending, 0);

  const slack = 0.01;
  const pointsUntil = (time: number) =>
    Math.floor((time - origin + slack) / interval);
  let before = 0;
  let ended = origin;
  for (const { scheduledAt, startedAt, duration, missed } of ticks) {
    const index = Math.round((scheduledAt - origin) / interval);
    assertLess(Math.abs(scheduledAt - origin - index * interval), 1e-3);
    // The oldest point since the tick before ended, that very moment included.
    assertGreaterOrEqual(scheduledAt, ended - slack);
    assert(index === before + 1 || scheduledAt - interval < ended + slack);
    assertGreaterOrEqual(startedAt, scheduledAt - slack);
    const reached = pointsUntil(startedAt);
    assertEquals(missed, reached - before - 1);
    before = reached;
    ended = startedAt + duration;
  }
}
