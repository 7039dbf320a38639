import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { TickControl } from "@golib/runner";
import { every } from "@golib/runner/schedule";
import { at, dated, from, hour, minute, second } from "./_calendar.ts";
import { timed } from "./_fake_clocks.ts";
import { gate } from "./_helpers.ts";

describe("the facts of a Ticker's ticks", () => {
  it(
    "are counted since it was made, the failures in a row since the launch",
    timed(async (clock) => {
      let fails = true;
      const { ticker } = dated(second, () => {
        if (fails) throw new Error("no");
      });
      await ticker.start();
      await clock.pass(3 * second);
      const { total, failed, failedInARow, missed } = ticker.ticks;
      assertEquals([total, failed, failedInARow, missed], [3, 3, 3, 0]);
      await ticker.restart();
      assertEquals([ticker.ticks.failed, ticker.ticks.failedInARow], [3, 0]);
      await clock.pass(second);
      assertEquals(ticker.ticks.failedInARow, 1);
      fails = false;
      await clock.pass(second);
      await ticker.stop();
      const after = ticker.ticks;
      assertEquals([after.total, after.failed, after.failedInARow], [5, 4, 0]);
    }),
  );

  it(
    "count what is missed",
    timed(async (clock) => {
      const { ticker } = dated(second);
      await ticker.start();
      clock.block(3_500);
      await clock.pass(second);
      await ticker.stop();
      assertEquals([ticker.ticks.total, ticker.ticks.missed], [2, 2]);
    }),
  );

  it(
    "have the times of the last from the first reading on",
    from("2026-01-01T10:30", async (clock) => {
      let fails = false;
      const { ticker } = dated(second, () => {
        clock.block(10);
        if (fails) throw new Error("no");
      });
      await ticker.start();
      await clock.pass(second);
      const before = ticker.ticks;
      assertEquals(
        [before.lastStart, before.lastSuccess, before.lastDuration],
        [undefined, undefined, undefined],
      );
      assert(before !== ticker.ticks);
      await clock.pass(second - 10);
      fails = true;
      await clock.pass(second - 10);
      const { lastStart, lastSuccess, lastDuration } = ticker.ticks;
      assertEquals(lastStart, new Date(at("2026-01-01T10:30:03")));
      assertEquals(lastSuccess, new Date(at("2026-01-01T10:30:02.010")));
      assertEquals(lastDuration, 10);
      await ticker.stop();
    }),
  );

  it(
    "show since when a tick hangs, also while it is asked to stop",
    timed(async (clock) => {
      const end = gate();
      const { ticker } = dated(second, () => end.promise);
      assertEquals(ticker.tickingSince, undefined);
      await ticker.start();
      assertEquals(ticker.tickingSince, undefined);
      await clock.pass(second);
      const since = performance.now();
      await clock.pass(minute);
      assertEquals(ticker.tickingSince, since);
      const stopped = ticker.stop();
      assertEquals(ticker.tickingSince, since);
      end.open();
      await stopped;
      assertEquals(ticker.tickingSince, undefined);
    }),
  );

  it(
    "say when the next point of the grid is",
    from("2026-01-01T10:30", async (clock) => {
      const end = gate();
      const { ticker } = dated(minute, () => end.promise);
      assertEquals(ticker.nextRun, undefined);
      await ticker.start();
      assertEquals(ticker.nextRun, new Date(at("2026-01-01T10:31")));
      await clock.pass(150 * second);
      // The tick is in flight since 10:31, and covers 10:32.
      assertEquals(ticker.nextRun, new Date(at("2026-01-01T10:33")));
      const stopped = ticker.stop();
      assertEquals(ticker.nextRun, undefined);
      end.open();
      await stopped;
    }),
  );

  it(
    "say when the next run of the schedule is",
    from("2026-01-01T10:30", async (clock) => {
      const { ticker } = dated(every(hour));
      await ticker.start();
      assertEquals(ticker.nextRun, new Date(at("2026-01-01T11:00")));
      await clock.pass(hour);
      assertEquals(ticker.nextRun, new Date(at("2026-01-01T12:00")));
      await ticker.stop();
      assertEquals(ticker.nextRun, undefined);
    }),
  );
});

describe("control.scheduledAt of a Ticker", () => {
  it(
    "is the point of the grid, also where a tick is late",
    timed(async (clock) => {
      const due: number[] = [];
      const { ticker, events } = dated(
        second,
        (_signal, control) => void due.push(control.scheduledAt),
      );
      await ticker.start();
      clock.block(2_500);
      await clock.pass(second);
      await ticker.stop();
      assertEquals(due, events.map(({ scheduledAt }) => scheduledAt));
      assertEquals(due.length, 2);
    }),
  );

  it(
    "is the run of the schedule, in epoch milliseconds",
    from("2026-01-01T10:30", async (clock) => {
      let due = 0;
      const { ticker } = dated(
        every(hour),
        (_signal, control) => void (due = control.scheduledAt),
      );
      await ticker.start();
      await clock.pass(hour);
      await ticker.stop();
      assertEquals(due, at("2026-01-01T11:00"));
    }),
  );

  it(
    "is what the host says",
    from("2026-01-01T10:30", async () => {
      const due: number[] = [];
      const tick = (_signal: AbortSignal, control: TickControl) =>
        void due.push(control.scheduledAt);
      const dates = dated(every(hour), tick);
      await dates.ticker.tick({ scheduledAt: at("2026-01-01T10:00") });
      const points = dated(hour, tick);
      await points.ticker.tick({ scheduledAt: 7 });
      assertEquals(due, [at("2026-01-01T10:00"), 7]);
      assertEquals(
        [...dates.events, ...points.events].map((event) => event.scheduledAt),
        due,
      );
    }),
  );

  it("is a finite number, if a host says so", async () => {
    const { ticker } = dated(hour, () => {}, { name: "backup" });
    await assertRejects(
      () => ticker.tick({ scheduledAt: NaN }),
      RangeError,
      `Cannot tick "backup": 'scheduledAt' must be a finite number`,
    );
    await assertRejects(
      () => ticker.tick({ scheduledAt: "now" as unknown as number }),
      TypeError,
      "'scheduledAt'",
    );
    assertEquals(ticker.ticks.total, 0);
  });
});

describe("control.skip of a Ticker", () => {
  it(
    "ends the tick as neither a success nor a failure",
    timed(async (clock) => {
      const does = ["fail", "skip", "skip later", "fail"];
      const { ticker, events } = dated(second, async (_signal, control) => {
        const { skip } = control;
        const now = does.shift();
        if (now === "fail") throw new Error("no");
        if (now === "skip later") await Promise.resolve();
        skip();
      });
      void ticker.ticks;
      await ticker.start();
      await clock.pass(4 * second);
      await ticker.stop();
      assertEquals(
        events.map(({ skipped, error }) => [skipped, error?.message]),
        [
          [undefined, "no"],
          [true, undefined],
          [true, undefined],
          [undefined, "no"],
        ],
      );
      const { total, failed, failedInARow, skipped, lastSuccess } =
        ticker.ticks;
      assertEquals([total, failed, failedInARow, skipped], [4, 2, 2, 2]);
      assertEquals(lastSuccess, undefined);
    }),
  );

  it(
    "does not hide a failure, and does nothing between two ticks",
    timed(async (clock) => {
      let control: TickControl | undefined;
      let fails = true;
      const { ticker, events } = dated(second, (_signal, given) => {
        control = given;
        if (!fails) return;
        given.skip();
        throw new Error("no");
      });
      await ticker.start();
      await clock.pass(second);
      control!.skip();
      fails = false;
      await clock.pass(second);
      await ticker.stop();
      control!.skip();
      assertEquals(
        events.map(({ skipped, error }) => [skipped, error?.message]),
        [[undefined, "no"], [undefined, undefined]],
      );
    }),
  );
});

describe("ticker.reset", () => {
  it(
    "begins the grid anew from outside, until the run ends",
    timed(async (clock) => {
      const { ticker, events } = dated(minute);
      await ticker.start();
      await clock.pass(30 * second);
      ticker.reset(10 * second);
      await clock.pass(20 * second);
      assertEquals(events.length, 2);
      await ticker.restart();
      await clock.pass(30 * second);
      assertEquals(events.length, 2);
      await ticker.stop();
    }),
  );

  it(
    "takes a schedule",
    from("2026-01-01T10:30:10", async (clock) => {
      const { ticker, ticks } = dated(hour);
      await ticker.start();
      ticker.reset(every(minute));
      await clock.pass(minute);
      await ticker.stop();
      assertEquals(ticks().map(([due]) => due), ["2026-01-01T10:31"]);
    }),
  );

  it("throws without a run, and where that is about to end", async () => {
    const end = gate();
    const { ticker } = dated(hour, () => end.promise, { name: "backup" });
    const reset = () => ticker.reset(second);
    assertThrows(reset, Error, `Cannot reset "backup": there is no run`);
    const ticked = ticker.tick();
    assertThrows(reset, Error, "the run is about to end");
    const stopped = ticker.stop();
    assertThrows(reset, Error, "the run is about to end");
    end.open();
    await Promise.all([ticked, stopped]);
    assertThrows(() => ticker.reset(NaN), RangeError, "'interval' must be");
  });
});
