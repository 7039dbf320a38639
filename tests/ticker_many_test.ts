import { Ticker } from "@golib/runner";
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { delay } from "@std/async";
import { describe, it } from "@std/testing/bdd";
import { canKill, spawn } from "./_child.ts";
import { until } from "./_watch.ts";

describe("Many tickers", () => {
  for (const timers of ["fine", "coarse"]) {
    it(
      `keep their grids through starts, stops, resets and stalls, on ${timers} timers`,
      { ignore: !canKill },
      async () => {
        const child = await spawn("./_many_program.ts", timers);
        const { code, lines, errors } = await child.ended;
        assertEquals([code, errors, lines], [0, "", ["done"]]);
      },
    );
  }

  it("tick on their grids in a crowd, none early, and stop", async () => {
    let early = 0;
    let lost = 0;
    const last = new Map<Ticker, number>();
    const start = () => {
      const ticker: Ticker = new Ticker(500, (_signal, control) => {
        const { missed, scheduledAt } = control;
        if (performance.now() < scheduledAt - 0.1) early++;
        const before = last.get(ticker) ?? scheduledAt - 500 * (1 + missed);
        const points = (scheduledAt - before) / 500;
        if (Math.abs(points - 1 - missed) > 1e-6) lost++;
        last.set(ticker, scheduledAt);
      });
      void ticker.start();
      return ticker;
    };
    const tickers: Ticker[] = [];
    // They begin in many milliseconds.
    for (let batch = 0; batch < 20; batch++) {
      for (let index = 0; index < 100; index++) tickers.push(start());
      await delay(1);
    }
    let quick = 0;
    const single = new Ticker(5, () => void quick++);
    await single.start();
    await until(() => last.size === tickers.length && quick > 10);
    const half = tickers.filter((_, index) => index % 2 > 0);
    await Promise.all(half.map((each) => each.stop()));
    last.clear();
    await until(() => last.size >= tickers.length - half.length);
    assertEquals(half.filter((each) => last.has(each)), []);
    await Promise.all([...tickers, single].map((each) => each.stop()));
    assertEquals({ early, lost }, { early: 0, lost: 0 });
  });

  it("each tick on the real clock, whatever the others do", async () => {
    const counts = new Map<Ticker, number>();
    const tickers = Array.from({ length: 200 }, (_, index) => {
      const ticker: Ticker = new Ticker(1 + index % 7, () => {
        counts.set(ticker, (counts.get(ticker) ?? 0) + 1);
      }, { persistent: index % 2 === 0 });
      return ticker;
    });
    // The last to hold the process for the others.
    const holder = new Ticker(1_000, () => {});
    await Promise.all([...tickers, holder].map((each) => each.start()));
    await until(() => tickers.every((each) => (counts.get(each) ?? 0) >= 3));
    const half = tickers.filter((_, index) => index % 3 > 0);
    await Promise.all(half.map((each) => each.stop()));
    counts.clear();
    const rest = tickers.filter((each) => each.isRunning());
    await until(() => rest.every((each) => (counts.get(each) ?? 0) >= 3));
    assertEquals(half.filter((each) => counts.has(each)), []);
    await Promise.all([...rest, holder].map((each) => each.stop()));
    assertGreaterOrEqual(counts.size, rest.length);
  });

  it("may end each other as they ring", async () => {
    const tickers: Ticker[] = [];
    let ticks = 0;
    for (let index = 0; index < 20; index++) {
      tickers.push(
        new Ticker(10, () => {
          ticks++;
          tickers.forEach((each) => void each.stop());
        }),
      );
    }
    await Promise.all(tickers.map((each) => each.start()));
    await Promise.all(tickers.map((each) => each.finished()));
    assertEquals(ticks, 1);
  });

  it("keep apart at every millisecond, also where counting begins anew", async () => {
    // What is counted in powers of two begins anew at each multiple of 4,096.
    const now = performance.now();
    const next = (Math.floor(now / 4_096) + 1) * 4_096;
    const early = Array.from(
      { length: 40 },
      (_, index) => new Ticker(Math.max(1, next - now - 20 + index), () => {}),
    );
    let ticks = 0;
    const hourly = new Ticker(3_600_000, () => {});
    const quick = new Ticker(5, () => void ticks++);
    for (const each of [...early, hourly, quick]) await each.start();
    await Promise.all([...early, hourly].map((each) => each.stop()));
    ticks = 0;

    await until(() => ticks >= 3);
    await quick.stop();
  });

  it("tick by the thousand, as often as they are started", async () => {
    const counts: number[] = [];
    const tickers = Array.from(
      { length: 1_500 },
      (_, index) =>
        new Ticker(5 + index % 3, () => {
          counts[index] = (counts[index] ?? 0) + 1;
        }),
    );
    for (let round = 0; round < 3; round++) {
      tickers.forEach((_, index) => counts[index] = 0);
      for (const each of tickers) void each.start();
      await until(() => counts.every((count) => count >= 2));
      // Of some the place is given back while others stand after it.
      const some = tickers.filter((_, index) => index % 2 === round % 2);
      await Promise.all(some.map((each) => each.stop()));
      const before = [...counts];
      await until(() =>
        tickers.every((each, index) =>
          !each.isRunning() || counts[index]! > before[index]!
        )
      );
      assertEquals(
        some.map((each) => counts[tickers.indexOf(each)]),
        some.map((each) => before[tickers.indexOf(each)]),
      );
      await Promise.all(tickers.map((each) => each.stop()));
    }
  });
});
