import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Ticker } from "@golib/runner";
import { every } from "@golib/runner/schedule";
import { dated, from, hour, minute, second } from "./_calendar.ts";
import { timed } from "./_fake_clocks.ts";
import { reasonOf } from "./_helpers.ts";

describe("Ticker with failAfter", () => {
  it(
    "ends with the last of so many failures in a row",
    timed(async (clock) => {
      for (const isAsync of [false, true]) {
        let count = 0;
        const states: string[] = [];
        const { ticker, events } = dated(second, () => {
          const error = new Error(`no ${++count}`);
          if (count === 2) return;
          if (isAsync) return Promise.reject(error);
          throw error;
        }, {
          failAfter: 3,
          observer: (event) => {
            if (event.type === "state") states.push(event.to);
          },
        });
        await ticker.start();
        await clock.pass(minute);
        assertEquals([events.length, ticker.state], [5, "stopped"]);
        const last = ticker.errorsLast();
        assertEquals(last?.message, "no 5");
        assertStrictEquals(await reasonOf(ticker.finished()), last);
        assertEquals(ticker.errorsTotal(), 4);
        assertEquals(states, ["running", "stopped"]);
        assertEquals(clock.pending, 0);
      }
    }),
  );

  it(
    "begins to count anew with each run",
    timed(async (clock) => {
      const { ticker, events } = dated(second, () => {
        throw new Error("no");
      }, { failAfter: 2 });
      for (const ticks of [2, 4]) {
        await ticker.start();
        await clock.pass(minute);
        assertEquals([events.length, ticker.state], [ticks, "stopped"]);
      }
    }),
  );

  it(
    "counts a time-out, and one that a schedule has asked for",
    from("2026-01-01T10:30", async (clock) => {
      const { ticker, events } = dated(
        every(minute),
        (signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
        { failAfter: 2, tickTimeout: second },
      );
      await ticker.start();
      await clock.pass(hour);
      assertEquals([events.length, ticker.state], [2, "stopped"]);
      assertEquals(
        (await reasonOf(ticker.finished()) as Error).name,
        "TimeoutError",
      );
    }),
  );

  it("never fails the run of a host's tick", async () => {
    const { ticker } = dated(hour, () => {
      throw new Error("no");
    }, { failAfter: 1 });
    await ticker.tick();
    assertEquals([ticker.ticks.failed, ticker.errorsTotal()], [1, 1]);
    await ticker.finished();
    await ticker.start();
    await ticker.tick();
    assertEquals([ticker.state, ticker.ticks.failed], ["stopped", 2]);
    assertEquals((await reasonOf(ticker.finished()) as Error).message, "no");
  });

  it("is a whole number from 1, or Infinity", () => {
    const make = (failAfter: unknown) => () =>
      new Ticker(hour, () => {}, { failAfter: failAfter as number });
    for (const wrong of [0, 1.5, NaN]) {
      assertThrows(make(wrong), RangeError, "'failAfter' must be");
    }
    assertThrows(make("3"), TypeError, "'failAfter' must be");
    make(Infinity)();
  });
});
