import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type RunnerEvent, Ticker } from "@golib/runner";
import type { RetryOptions, TickerOptions } from "@golib/runner/ticker";
import { every } from "@golib/runner/schedule";
import fc from "fast-check";
import { dated, from, minute, second } from "./_calendar.ts";
import { timed } from "./_fake_clocks.ts";
import { Printed, watch } from "./_helpers.ts";
import { wait } from "./_watch.ts";

const longest = () => 1;

/** A ticker that fails as often as it is told, and when it was tried. */
function failing(
  interval: number,
  times: number,
  retry: RetryOptions,
  options: TickerOptions = {},
) {
  const starts: number[] = [];
  const told: RunnerEvent[] = [];
  const origin = performance.now();
  const all = dated(interval, async () => {
    starts.push(performance.now() - origin);
    if (starts.length > times) return;
    await Promise.resolve();
    throw new Error(`no ${starts.length}`);
  }, {
    retry: { random: longest, ...retry },
    ...options,
    observer: (event) => void told.push(event),
  });
  return { ...all, starts, told };
}

describe("Ticker with retry", () => {
  it(
    "tries again after growing pauses: one tick, one event, one count",
    timed(async (clock) => {
      const { ticker, starts, events, told } = failing(minute, 3, {
        times: 5,
        max: 300,
      });
      await ticker.start();
      await clock.pass(minute + 10 * second);
      await ticker.stop();
      assertEquals(
        starts.map((each) => each - minute),
        [0, 100, 300, 600],
      );
      assertEquals(events.length, 1);
      const { attempts, error, missed, duration, scheduledAt, startedAt } =
        events[0]!;
      assertEquals([attempts, error, missed, duration], [4, undefined, 0, 600]);
      assertEquals(startedAt, scheduledAt);
      const { total, failed } = ticker.ticks;
      assertEquals([total, failed, ticker.errorsTotal()], [1, 0, 0]);
      assertEquals(
        told.flatMap((event) =>
          event.type === "error" ? [event.error.message] : []
        ),
        ["no 1", "no 2", "no 3"],
      );
    }),
  );

  it(
    "records, prints and counts what the last attempt fails with",
    timed(async (clock) => {
      using printed = new Printed();
      const { ticker, starts, events } = failing(minute, 9, { times: 2 }, {
        printErrors: true,
        failAfter: 1,
      });
      await ticker.start();
      await clock.pass(2 * minute);
      assertEquals([starts.length, ticker.state], [3, "stopped"]);
      assertEquals(ticker.errorsList().map(({ message }) => message), ["no 3"]);
      assertEquals([events[0]!.error?.message, events[0]!.attempts], [
        "no 3",
        3,
      ]);
      assertEquals([ticker.ticks.total, ticker.ticks.failed], [1, 1]);
      assertEquals(printed.texts.length, 1);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "tries again where a tick that is not async throws",
    timed(async (clock) => {
      let count = 0;
      const { ticker, events } = dated(second, () => {
        if (++count % 2) throw new Error("no");
      }, { retry: { times: 1, random: longest } });
      await ticker.start();
      await clock.pass(2_500);
      await ticker.stop();
      assertEquals(events.map(({ attempts }) => attempts), [2, 2]);
    }),
  );

  it(
    "makes no attempt that would not begin before the next point",
    timed(async (clock) => {
      const { ticker, starts, events } = failing(1_000, 99, { times: 99 });
      await ticker.start();
      await clock.pass(2_999);
      await ticker.stop();
      assertEquals(starts, [
        1_000,
        1_100,
        1_300,
        1_700,
        2_000,
        2_100,
        2_300,
        2_700,
      ]);
      assertEquals(events.map(({ missed }) => missed), [0, 0]);
    }),
  );

  it(
    "nor before the next run of the schedule",
    from("2026-01-01T10:30", async (clock) => {
      let tried = 0;
      const { ticker, ticks } = dated(every(second), () => {
        tried++;
        throw new Error("no");
      }, { retry: { times: 99, random: longest } });
      await ticker.start();
      await clock.pass(2 * second - 1);
      await ticker.stop();
      assertEquals([ticks().length, tried], [1, 4]);
    }),
  );

  it(
    "nor beyond the tickTimeout, which all attempts share",
    timed(async (clock) => {
      const signals = new Set<AbortSignal>();
      const starts: number[] = [];
      const origin = performance.now();
      const { ticker, events } = dated(minute, async (signal) => {
        signals.add(signal);
        starts.push(performance.now() - origin - minute);
        await wait(100);
        throw new Error("no");
      }, { retry: { times: 99, random: longest }, tickTimeout: 550 });
      await ticker.start();
      await clock.pass(minute + 10 * second);
      await ticker.stop();
      assertEquals(starts, [0, 200, 500]);
      assertEquals([signals.size, events.length], [1, 1]);
      assertEquals(events[0]!.error?.name, "TimeoutError");
      assertEquals([ticker.errorsTotal(), clock.pending], [2, 0]);
    }),
  );

  it(
    "ends the pause at a stop, and records what had failed",
    timed(async (clock) => {
      const { ticker, starts, events } = failing(minute, 9, {
        times: 9,
        initial: 20_000,
      });
      await ticker.start();
      await clock.pass(minute + second);
      const stopped = watch(ticker.stop());
      await clock.pass(0);
      assertEquals([stopped.status, ticker.state], ["resolved", "stopped"]);
      assertEquals([starts.length, events.length], [1, 1]);
      assertEquals(ticker.errorsLast()?.message, "no 1");
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "ends the pause where the host's signal aborts",
    timed(async (clock) => {
      const { ticker, starts } = failing(minute, 9, {
        times: 9,
        initial: second,
      });
      const controller = new AbortController();
      const ticked = watch(ticker.tick({ signal: controller.signal }));
      await clock.pass(500);
      assertEquals([ticked.status, starts.length], ["pending", 1]);
      controller.abort();
      await clock.pass(0);
      assertEquals([ticked.status, starts.length], ["resolved", 1]);
      assertEquals([ticker.state, clock.pending], ["stopped", 0]);
      assertEquals(ticker.errorsTotal(), 1);
    }),
  );

  it(
    "ends with what has failed where an observer of the attempt stops it",
    timed(async (clock) => {
      const { ticker, starts, events } = failing(minute, 9, { times: 5 });
      ticker.observe((event) => {
        if (event.type === "error") void ticker.stop();
      });
      await ticker.start();
      await clock.pass(minute + second);
      assertEquals([starts.length, events.length], [1, 1]);
      assertEquals(events[0]!.error?.message, "no 1");
      assertEquals([ticker.state, clock.pending], ["stopped", 0]);
    }),
  );

  it(
    "makes no attempt that a blocked loop has made too late",
    timed(async (clock) => {
      const { ticker, starts, events } = failing(second, 1, { times: 5 });
      await ticker.start();
      await clock.pass(second);
      assertEquals(starts.length, 1);
      clock.block(second);
      await clock.pass(0);
      assertEquals(events[0]!.error?.message, "no 1");
      assertEquals([events[0]!.attempts, events.length], [1, 2]);
      await ticker.stop();
    }),
  );

  it(
    "needs neither a context nor a process to stay up for its pauses",
    timed(async (clock) => {
      const { ticker, events } = failing(minute, 2, { times: 5 }, {
        context: "none",
        persistent: false,
        gate: { run: (work: () => unknown) => Promise.resolve(work()) },
      });
      await ticker.start();
      await clock.pass(minute + second);
      assertEquals([events[0]!.attempts, events[0]!.error], [3, undefined]);
      await ticker.stop();
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "tries the only tick of a run again too",
    timed(async (clock) => {
      const { ticker, starts } = failing(10, 3, { times: 3 });
      const ticked = watch(ticker.tick());
      await clock.pass(second);
      assertEquals([ticked.status, starts], ["resolved", [0, 100, 300, 700]]);
      assertEquals([ticker.errorsTotal(), ticker.state], [0, "stopped"]);
    }),
  );

  it(
    "whatever fails and however long: on the grid, none beside another, no more missed than without",
    async () => {
      const tick = fc.record({
        ms: fc.integer({ min: 0, max: 40 }),
        fails: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(tick, { minLength: 1, maxLength: 12 }),
          fc.integer({ min: 10, max: 60 }),
          fc.integer({ min: 0, max: 4 }),
          fc.integer({ min: 0, max: 50 }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          (ticks, interval, times, initial, share) =>
            timed(async (clock) => {
              const origin = performance.now();
              let count = 0;
              let atOnce = 0;
              const starts: number[] = [];
              const { ticker, events } = dated(interval, async () => {
                assertEquals(++atOnce, 1);
                starts.push(performance.now() - origin);
                const { ms, fails } = ticks[count++ % ticks.length]!;
                if (ms) await wait(ms);
                atOnce--;
                if (fails) throw new Error("no");
              }, { retry: { times, initial, random: () => share } });
              await ticker.start();
              await clock.pass(1_000);
              const stopped = ticker.stop();
              await clock.pass(100);
              await stopped;
              let tried = 0;
              let last = 0;
              for (const { startedAt, missed, attempts, duration } of events) {
                const point = Math.floor(
                  (startedAt - origin) / interval + 1e-9,
                );
                assertEquals(point, last + missed + 1);
                last = point;
                assert(attempts! >= 1 && attempts! <= times + 1);
                const next = (point + 1) * interval;
                for (let index = 1; index < attempts!; index++) {
                  assert(starts[tried + index]! < next);
                }
                tried += attempts!;
                assert(duration >= 0);
              }
              assertEquals(tried, starts.length);
              assertEquals(clock.pending, 0);
            })(),
        ),
        { numRuns: 100 },
      );
    },
  );

  it("is a bag of numbers that make sense", () => {
    const make = (retry: unknown) => () =>
      new Ticker(second, () => {}, { retry: retry as RetryOptions });
    assertThrows(make(3), TypeError, "'retry' must be an object");
    assertThrows(make({}), TypeError, "'retry.times' must be");
    assertThrows(make({ times: -1 }), RangeError, "'retry.times' must be");
    assertThrows(make({ times: 1, factor: 0.5 }), RangeError, "'retry.factor'");
    assertThrows(make({ times: 1, max: -1 }), RangeError, "'retry.max'");
    assertThrows(
      make({ times: 1, initial_: 5 }),
      TypeError,
      "did you mean 'initial'",
    );
    make({ times: 0 })();
    make({ times: Infinity })();
  });
});
