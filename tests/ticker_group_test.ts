import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type TickControl, Ticker } from "@golib/runner";
import { second } from "./_calendar.ts";
import { timed } from "./_fake_clocks.ts";
import { wait } from "./_watch.ts";

const quiet = { printErrors: false };

// In real time, as only the engine's own clock is shared.
function crowd(
  count: number,
  tick: (index: number, control: TickControl) => void,
): Ticker[] {
  return Array.from(
    { length: count },
    (_value, index) =>
      new Ticker(50, (_signal, control) => tick(index, control), quiet),
  );
}

function startAll(tickers: Ticker[]): void {
  for (const ticker of tickers) void ticker.start();
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("Tickers that ring together", () => {
  it("are each on their grid, and none ticks before its time", async () => {
    let early = 0;
    // To read their `ticks` would have the time read for each.
    const counts = new Array<number>(30).fill(0);
    const tickers = crowd(30, (index, control) => {
      counts[index]!++;
      if (performance.now() < control.scheduledAt - 0.1) early++;
    });
    startAll(tickers);
    while (counts.some((count) => count < 3)) await wait(5);
    for (const ticker of tickers) await ticker.stop();
    assertEquals(early, 0);
  });

  it("count what they have done, over several runs", async () => {
    const counts = new Array<number>(20).fill(0);
    const tickers = crowd(20, (index) => void counts[index]!++);
    for (let run = 1; run <= 2; run++) {
      startAll(tickers);
      while (counts.some((count) => count < 3 * run)) await wait(5);
      for (const ticker of tickers) await ticker.stop();
    }
    assertEquals(tickers.map(({ ticks }) => ticks.total), counts);
  });

  it("stop, reset, tick and tell one another at once", async () => {
    const done: string[] = [];
    let isDone = false;
    const tickers = crowd(4, (index) => {
      done.push(`tick ${index}`);
      if (index !== 3 || isDone) return;
      isDone = true;
      const [first, next, third] = tickers as [Ticker, Ticker, Ticker];
      const before = first.ticks.total;
      void first.stop().then(() => done.push("stopped"));
      assertEquals([first.state, first.ticks.total], ["stopping", before]);
      next.reset(60_000);
      assertEquals(next.tickingSince, undefined);
      assert(+next.nextRun! - Date.now() > 50_000);
      third.tick().then(() => done.push("ticked"), (error) => done.push(error));
    });
    startAll(tickers);
    while (!isDone || done.length < 7) await wait(5);
    assertEquals(done.slice(0, 5), [
      "tick 0",
      "tick 1",
      "tick 2",
      "tick 3",
      "tick 2",
    ]);
    assert(done.includes("stopped") && done.includes("ticked"));
    assertEquals(tickers[0]!.state, "stopped");
    for (const ticker of tickers) await ticker.stop();
    assertEquals(done.filter((each) => each === "tick 0").length, 1);
  });

  it("account for every point, whoever blocks", async () => {
    let blocks = 0;
    const points = new Array<number>(6).fill(0);
    const lasts = new Array<number>(6).fill(0);
    const begun = new Array<number>(6).fill(0);
    const tickers = crowd(6, (index, control) => {
      points[index]! += 1 + control.missed;
      lasts[index] = control.scheduledAt + control.missed * 50;
      begun[index] ||= control.scheduledAt;
      if (index === 1 && blocks++ < 3) block(130);
    });
    startAll(tickers);
    while (blocks < 6) await wait(5);
    for (const ticker of tickers) await ticker.stop();
    for (const [index, count] of points.entries()) {
      const span = Math.round((lasts[index]! - begun[index]!) / 50) + 1;
      assertEquals(count, span);
    }
  });

  it("tell those of a tick who begin to observe in it", async () => {
    const told: string[] = [];
    const tickers = crowd(3, (index) => {
      if (index !== 1 || told.length > 0) return;
      told.push("begun");
      tickers[1]!.observe(({ type }) => {
        if (type === "tick") told.push(type);
      });
      // Nothing that it does has ended: there is nothing to tell of it.
      tickers[0]!.observe(() => told.push("of another"));
    });
    startAll(tickers);
    while (told.length === 0) await wait(5);
    const first = told.slice(0, 2);
    for (const ticker of tickers) await ticker.stop();
    assertEquals(first, ["begun", "tick"]);
  });

  it("tick in the order of their starts, however many ring at once", async () => {
    const order: number[] = [];
    const tickers = crowd(100, (index) => {
      if (!order.includes(index)) order.push(index);
    });
    startAll(tickers);
    while (order.length < 100) await wait(5);
    for (const ticker of tickers) await ticker.stop();
    assertEquals(order, Array.from({ length: 100 }, (_value, index) => index));
  });

  it("leave out those that one of them has stopped", async () => {
    const ticked = new Set<number>();
    const stopped = [0, 4, 5, 6, 9, 17, 18, 30, 31];
    const tickers = crowd(32, (index) => {
      if (ticked.has(index)) return;
      ticked.add(index);
      if (index !== 3) return;
      for (const each of stopped) void tickers[each]!.stop();
    });
    startAll(tickers);
    while (ticked.size < 32 - stopped.length + 1) await wait(5);
    for (const ticker of tickers) await ticker.stop();
    const rest = stopped.filter((each) => each > 3);
    assertEquals(rest.filter((each) => ticked.has(each)), []);
  });

  it("end all where one of them aborts the signal of all", async () => {
    const life = new AbortController();
    const order: number[] = [];
    const tickers = crowd(40, (index) => {
      order.push(index);
      if (index === 20) life.abort();
    });
    for (const ticker of tickers) void ticker.start({ signal: life.signal });
    await Promise.all(tickers.map((each) => each.finished()));
    assertEquals(order.at(-1), 20);
    assertEquals(order.filter((index) => index > 20), []);
  });

  it("account for every point in a crowd of which some block", async () => {
    let blocks = 0;
    const firsts = new Array<number>(24).fill(0);
    // The last point that is accounted for, from 0 on.
    const lasts = new Array<number>(24).fill(-1);
    const wrong: unknown[] = [];
    const tickers = crowd(24, (index, { scheduledAt, missed }) => {
      firsts[index] ||= scheduledAt;
      const point = Math.round((scheduledAt - firsts[index]!) / 50);
      const next = lasts[index]! + 1;
      // What was missed lies before the point of a tick that was armed after a block,
      // behind that of one that is late, or on both sides.
      if (point < next || point > next + missed) {
        wrong.push([index, point, next, missed]);
      }
      lasts[index] = next + missed;
      if ((index === 7 || index === 16) && blocks++ < 4) block(120);
    });
    startAll(tickers);
    while (blocks < 8) await wait(5);
    for (const ticker of tickers) await ticker.stop();
    assertEquals(wrong, []);
  });

  it("that throw are recorded each, and the others go on", async () => {
    const tickers = crowd(10, (index) => {
      if (index % 3 === 0) throw new Error("no");
    });
    startAll(tickers);
    await wait(250);
    for (const ticker of tickers) await ticker.stop();
    for (const [index, { ticks }] of tickers.entries()) {
      assert(ticks.total > 0);
      assertEquals(ticks.failed, index % 3 === 0 ? ticks.total : 0);
    }
  });

  it("tell an observer that joins late of each tick", async () => {
    const told: string[] = [];
    const tickers = crowd(10, () => {});
    startAll(tickers);
    await wait(60);
    const leave = tickers[5]!.observe(({ type }) => void told.push(type));
    while (told.length < 2) await wait(5);
    leave();
    for (const ticker of tickers) await ticker.stop();
    assertEquals(new Set(told), new Set(["tick"]));
  });
});

describe("what a tick function is given", () => {
  const kinds: [string, (seen: unknown[]) => () => unknown][] = [
    ["a function", (seen) =>
      function () {
        seen.push(...arguments);
      }],
    ["an arrow with a rest", (seen) => (...values: unknown[]) => {
      seen.push(...values);
    }],
    ["an arrow with defaults", (seen) => (one?: unknown, two: unknown = 7) => {
      seen.push(one, two);
    }],
    [
      "a bound function",
      (seen) =>
        (function (this: unknown[], ...values: unknown[]) {
          this.push(...values);
        }).bind(seen),
    ],
    ["a method", (seen) =>
      ({
        "() =>"(...values: unknown[]) {
          seen.push(...values);
        },
      })["() =>"]],
  ];
  for (const [name, make] of kinds) {
    it(
      `is a signal and a control, to ${name}`,
      timed(async (clock) => {
        const seen: unknown[] = [];
        const ticker = new Ticker(second, make(seen), quiet);
        await ticker.start();
        await clock.pass(second);
        assertEquals((seen[0] as AbortSignal).aborted, false);
        const control = seen[1] as TickControl;
        assertEquals(control.missed, 0);
        await ticker.stop();
        assertEquals((seen[0] as AbortSignal).aborted, true);
      }),
    );
  }

  it(
    "is nothing to an arrow function that takes nothing",
    timed(async (clock) => {
      let made = 0;
      const { AbortController } = globalThis;
      globalThis.AbortController = class extends AbortController {
        constructor() {
          super();
          made++;
        }
      };
      try {
        let ticks = 0;
        const ticker = new Ticker(second, () => void ticks++, quiet);
        await ticker.start();
        const before = made;
        await clock.pass(3 * second);
        await ticker.stop();
        assertEquals([ticks, made - before], [3, 0]);
      } finally {
        globalThis.AbortController = AbortController;
      }
      assertStrictEquals(globalThis.AbortController, AbortController);
    }),
  );
});
