import { Ticker } from "@golib/runner";
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
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
});
