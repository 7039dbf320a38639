import type { TickControl } from "@golib/runner";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { effort } from "./_effort.ts";
import { type HandClock, timed } from "./_fake_clocks.ts";
import { wait, watch } from "./_watch.ts";

describe("control.reset", () => {
  it(
    "begins the grid where it is called, with the new interval",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, (_signal, { reset }) => {
        if (first) reset(25);
        first = false;
      });
      await start();
      await clock.pass(65);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [35, 35, 0], [60, 60, 0]]);
    }),
  );

  it(
    "in a tick in flight counts from there, not from the tick's end",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, async (_signal, control) => {
        if (!first) return;
        first = false;
        await wait(7);
        control.reset(20);
        await wait(5);
      });
      await start();
      await clock.pass(60);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [37, 37, 0], [57, 57, 0]]);
    }),
  );

  it(
    "drops what the old grid missed; what the new one misses counts",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, async (_signal, control) => {
        if (!first) return;
        first = false;
        await wait(35);
        control.reset(20);
        await wait(45);
      });
      await start();
      await clock.pass(105);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [105, 105, 2]]);
    }),
  );

  it(
    "at the end of an overrun drops all that was missed",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, async (_signal, control) => {
        if (!first) return;
        first = false;
        await wait(35);
        control.reset(10);
      });
      await start();
      await clock.pass(55);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [55, 55, 0]]);
    }),
  );

  it(
    "then an overrun that ends at a point of the new grid: the tick is then",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, async (_signal, control) => {
        if (!first) return;
        first = false;
        control.reset(15);
        await wait(30);
      });
      await start();
      await clock.pass(45);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [40, 40, 1]]);
    }),
  );

  it(
    "between two ticks moves the next one",
    timed(async (clock) => {
      let control: TickControl | undefined;
      const { ticker, start, grid } = watch(10, (_signal, given) => {
        control = given;
      });
      await start();
      await clock.pass(13);
      control?.reset(40);
      await clock.pass(40);
      control?.reset(5);
      await clock.pass(12);
      await ticker.stop();
      assertEquals(grid(), [
        [10, 10, 0],
        [53, 53, 0],
        [58, 58, 0],
        [63, 63, 0],
      ]);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "called late, when a point is overdue, drops that point",
    timed(async (clock) => {
      let control: TickControl | undefined;
      const { ticker, start, grid } = watch(10, (_signal, given) => {
        control = given;
      });
      await start();
      await clock.pass(10);
      clock.block(25);
      control?.reset(10);
      await clock.pass(10);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [45, 45, 0]]);
    }),
  );

  it(
    "called twice counts from the second",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, (_signal, { reset }) => {
        if (!first) return;
        first = false;
        reset(1);
        reset(30);
      });
      await start();
      await clock.pass(45);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [40, 40, 0]]);
    }),
  );

  it(
    "in each tick makes a heartbeat that pauses after the work",
    timed(async (clock) => {
      const { ticker, start, grid } = watch(10, async (_signal, { reset }) => {
        await wait(7);
        reset(10);
      });
      await start();
      await clock.pass(60);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [27, 27, 0], [44, 44, 0]]);
    }),
  );

  it(
    "in an immediate tick takes the place of the start's grid",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, (_signal, { reset }) => {
        if (first) reset(50);
        first = false;
      }, { immediate: true });
      await start();
      await clock.pass(55);
      await ticker.stop();
      assertEquals(grid(), [[0, 0, 0], [50, 50, 0]]);
    }),
  );

  it(
    "lasts until the run ends: the next has the constructor's interval",
    timed(async (clock) => {
      const { ticker, start, grid, ticks } = watch(10, (_signal, { reset }) => {
        if (ticks.length === 0) reset(50);
      });
      await start();
      await clock.pass(60);
      await ticker.restart();
      ticks.length = 1;
      await clock.pass(10);
      assertEquals(ticks.length, 2);
      await ticker.stop();
      await start();
      await clock.pass(10);
      assertEquals(grid().at(-1), [10, 10, 0]);
      await ticker.stop();
    }),
  );

  it(
    "after the run does nothing, to the next run either",
    timed(async (clock) => {
      const controls: TickControl[] = [];
      const { ticker, start, grid, ticks } = watch(10, (_signal, control) => {
        controls.push(control);
      });
      await start();
      await clock.pass(10);
      await ticker.stop();
      controls[0]?.reset(1);
      await clock.pass(20);
      assertEquals(clock.pending, 0);
      ticks.length = 0;
      await start();
      controls[0]?.reset(1);
      await clock.pass(25);
      controls[0]?.reset(1);
      await clock.pass(5);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [20, 20, 0], [30, 30, 0]]);
    }),
  );

  it(
    "in a run that stops does nothing",
    timed(async (clock) => {
      let count = 0;
      const { ticker } = watch(10, async (_signal, { reset }) => {
        count++;
        await wait(20);
        reset(1);
        await wait(20);
      });
      await ticker.start();
      await clock.pass(15);
      const stopping = ticker.stop();
      await clock.pass(100);
      await stopping;
      assertEquals([count, ticker.state, clock.pending], [1, "stopped", 0]);
    }),
  );

  it(
    "from an observer of a tick counts from there",
    timed(async (clock) => {
      let control: TickControl | undefined;
      let first = true;
      const { ticker, start, grid } = watch(10, (_signal, given) => {
        control = given;
      }, {
        observer({ type }) {
          if (type !== "tick" || !first) return;
          first = false;
          control?.reset(30);
        },
      });
      await start();
      await clock.pass(75);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [40, 40, 0], [70, 70, 0]]);
    }),
  );

  it("at any moment keeps to the definitions of missed and scheduledAt", async () => {
    const quarter = (min: number, max: number) =>
      fc.integer({ min, max }).map((quarters) => quarters / 4);
    await fc.assert(
      fc.asyncProperty(
        quarter(4, 120),
        fc.array(
          fc.record({
            work: quarter(0, 300),
            resetAfter: fc.option(quarter(0, 300), { nil: undefined }),
            interval: quarter(4, 120),
            blocked: quarter(0, 200),
            gap: quarter(0, 300),
            resetBetween: fc.boolean(),
          }),
          { minLength: 1, maxLength: 10 },
        ),
        (interval, plan) => timed((clock) => resets(clock, interval, plan))(),
      ),
      { numRuns: effort(30, 100) },
    );
  });

  for (const low of [0, -5, 0.5]) {
    it(
      `takes ${low} for the default, 30 seconds`,
      timed(async (clock) => {
        let first = true;
        const { ticker, start, grid } = watch(10, (_signal, { reset }) => {
          if (first) reset(low);
          first = false;
        });
        await start();
        await clock.pass(30_010);
        await ticker.stop();
        assertEquals(grid(), [[10, 10, 0], [30_010, 30_010, 0]]);
      }),
    );
  }

  it(
    "refuses what the constructor refuses, and the grid stays as it was",
    timed(async (clock) => {
      const { ticker, start, grid } = watch(10, (_signal, { reset }) => {
        for (const bad of [NaN, Infinity, -Infinity]) {
          assertThrows(
            () => reset(bad),
            RangeError,
            `Cannot reset "beat": 'interval' must be a finite number of milliseconds: current value is ${bad}`,
          );
        }
        for (const bad of [undefined, null, "5", 5n, {}, () => 5]) {
          assertThrows(() => reset(bad as number), TypeError, "'interval'");
        }
      }, { name: "beat" });
      await start();
      await clock.pass(25);
      await ticker.stop();
      assertEquals(ticker.errorsList(), []);
      assertEquals(grid(), [[10, 10, 0], [20, 20, 0]]);
    }),
  );

  it(
    "with a fraction makes a grid without drift",
    timed(async (clock) => {
      let first = true;
      const { ticker, start, grid } = watch(10, (_signal, { reset }) => {
        if (first) reset(3.3);
        first = false;
      });
      await start();
      await clock.pass(10 + 3_300);
      await ticker.stop();
      assertEquals(grid().length, 1_001);
      assertEquals(grid().at(-1), [3_310, 3_310, 0]);
    }),
  );
});

interface Step {
  readonly work: number;
  /** Milliseconds into the tick. */
  readonly resetAfter: number | undefined;
  readonly interval: number;
  readonly blocked: number;
  readonly gap: number;
  readonly resetBetween: boolean;
}

/** Resets in ticks and between them, each tick checked as it begins. */
async function resets(
  clock: HandClock,
  first: number,
  plan: Step[],
): Promise<void> {
  let interval = first;
  let origin = clock.now;
  let passed = 0;
  let ended = origin;
  let count = 0;
  let control: TickControl | undefined;
  const expected: number[] = [];
  const reset = (ms: number) => {
    control?.reset(ms);
    interval = ms;
    origin = clock.now;
    passed = 0;
  };
  const { ticker, ticks } = watch(first, async (_signal, given) => {
    control = given;
    const { now } = clock;
    const reached = Math.floor((now - origin) / interval);
    // The oldest point that was reached since the tick before ended.
    const oldest = Math.max(passed + 1, Math.ceil((ended - origin) / interval));
    expected.push(origin + oldest * interval);
    assert(now >= expected.at(-1)!, "too early");
    assertEquals(given.missed, reached - passed - 1);
    passed = reached;
    const { work, resetAfter, ...step } = plan[count++ % plan.length]!;
    clock.block(step.blocked);
    if (resetAfter !== undefined) {
      if (resetAfter > 0) await wait(resetAfter);
      reset(step.interval);
    }
    if (work > 0) await wait(work);
    ended = clock.now;
  });
  await ticker.start();
  for (const { gap, resetBetween, ...step } of plan) {
    await clock.pass(gap);
    if (resetBetween && control) reset(step.interval);
  }
  const stopping = ticker.stop({ timeout: Infinity });
  await clock.pass(1_000);
  await stopping;
  assertEquals(ticker.errorsList(), []);
  assertEquals(ticks.map(({ scheduledAt }) => scheduledAt), expected);
  assertEquals(clock.pending, 0);
}
