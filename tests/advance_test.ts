import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { advance, type SteppedClock } from "../testing/mod.ts";
import { Ticker } from "../ticker/mod.ts";
import { isNode } from "./_child.ts";

/** What is used of the mock of `node:test`. */
interface NodeTest {
  readonly mock: {
    readonly timers: {
      enable(options: { apis: string[] }): void;
      tick(ms: number): void;
      reset(): void;
    };
  };
}

/** What is used of the fake timers of `bun:test`. */
interface BunTest {
  readonly jest: {
    useFakeTimers(): void;
    advanceTimersByTime(ms: number): void;
    useRealTimers(): void;
  };
}

// Engines without the module must not find its name in the graph.
function load<T>(name: string): Promise<T> {
  return import(name);
}

/** Counts the ticks of an hour, each of which waits for a while. */
async function hour(clock: SteppedClock): Promise<unknown> {
  let ticks = 0;
  let missed = 0;
  const ticker = new Ticker(60_000, async (_signal, control) => {
    ticks++;
    missed += control.missed;
    await new Promise<void>((resolve) => setTimeout(resolve, 5_000));
  });
  await ticker.start();
  await advance(3_600_000, clock, { step: 1_000 });
  const stop = ticker.stop({ timeout: Infinity });
  await advance(5_000, clock, { step: 1_000 });
  await stop;
  return [ticks, missed];
}

describe("advance()", () => {
  it("has no tick missed under the mock of node:test", {
    ignore: !isNode,
  }, async () => {
    const { mock: { timers } } = await load<NodeTest>("node:test");
    timers.enable({ apis: ["setTimeout", "Date"] });
    try {
      assertEquals(await hour(timers), [60, 0]);
    } finally {
      timers.reset();
    }
  });

  it("has none missed under the fake timers of bun:test", {
    ignore: !("Bun" in globalThis),
  }, async () => {
    const { jest } = await load<BunTest>("bun:test");
    jest.useFakeTimers();
    try {
      assertEquals(await hour(jest), [60, 0]);
    } finally {
      jest.useRealTimers();
    }
  });

  it("has none missed under FakeTime", async () => {
    const time = new FakeTime();
    try {
      assertEquals(await hour(time), [60, 0]);
    } finally {
      time.restore();
    }
  });

  it("takes a clock by the name that Vitest, Jest and Bun give it", async () => {
    const steps: number[] = [];
    const clock = {
      advanceTimersByTime: (ms: number) => steps.push(ms),
    };
    await advance(2.5, clock);
    await advance(0, clock);
    assertEquals(steps, [1, 1, 0.5]);
  });

  it("refuses what makes no sense", async () => {
    const clock = () => {};
    const cases: [unknown[], ErrorConstructor, string][] = [
      [["1", clock], TypeError, "'ms' must be"],
      [[-1, clock], RangeError, "'ms' must be"],
      [[Infinity, clock], RangeError, "'ms' must be"],
      [[1, {}], TypeError, "'clock' must be a function, or have 'tick'"],
      [[1, undefined], TypeError, "'clock' must be"],
      [[1, clock, { step: 0 }], RangeError, "'step' must be"],
      [[1, clock, null], TypeError, "'options' must be"],
    ];
    for (const [values, kind, text] of cases) {
      await assertRejects(
        () => Reflect.apply(advance, undefined, values),
        kind,
        text,
      );
    }
    const failing = () => {
      throw new Error("the clock is gone");
    };
    await assertRejects(() => advance(1, failing), Error, "the clock is gone");
  });
});
