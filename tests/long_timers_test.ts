import { runTick, StartStop, Ticker, untilAborted } from "@golib/runner";
import { assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LONGEST, settle, timed } from "./_fake_clocks.ts";
import { gate, wait, watch } from "./_watch.ts";

// The clock of these tests fires at once what exceeds 2^31-1 ms, as engines do.
const LONG = [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 0.5, 2 ** 32 + 7, 2 ** 40];

/** A service that ends only when told so by the test. */
function stubborn(options: { stopTimeout?: number } = {}) {
  const work = gate();
  const service = new StartStop(() => work.promise, undefined, {
    printErrors: false,
    ...options,
  });
  return { work, service };
}

describe("Long durations", () => {
  for (const ms of LONG) {
    it(
      `an interval of ${ms} ms`,
      timed(async (clock) => {
        const { ticker, start, grid } = watch(ms);
        await start();
        await clock.pass(ms - 1);
        assertEquals(grid(), []);
        await clock.pass(ms + 2);
        await ticker.stop();
        assertEquals(
          grid().map(([scheduledAt, , missed]) => [scheduledAt, missed]),
          [[ms, 0], [2 * ms, 0]],
        );
        assertLessOrEqual(clock.longest, LONGEST);
        assertEquals(clock.pending, 0);
      }),
    );

    it(
      `a reset to ${ms} ms`,
      timed(async (clock) => {
        const { ticker, ticks } = watch(10, (_signal, { reset }) => reset(ms));
        await ticker.start();
        await clock.pass(10 + ms - 1);
        assertEquals(ticks.length, 1);
        await clock.pass(2);
        assertEquals(ticks.length, 2);
        await ticker.stop();
        assertLessOrEqual(clock.longest, LONGEST);
      }),
    );

    for (const kind of ["stop", "stopTimeout"]) {
      it(
        `a grace of ${ms} ms, given as ${kind}`,
        timed(async (clock) => {
          const { work, service } = stubborn(
            kind === "stop" ? {} : { stopTimeout: ms },
          );
          await service.start();
          const stopping = service.stop(kind === "stop" ? { timeout: ms } : {});
          let settled = false;
          stopping.catch(() => settled = true);
          await clock.pass(ms - 1);
          assertEquals(settled, false);
          await clock.pass(2);
          await assertRejects(() => stopping, DOMException, `${ms} ms`);
          work.open();
          await service.stop();
          assertLessOrEqual(clock.longest, LONGEST);
          assertEquals(clock.pending, 0);
        }),
      );
    }

    it(
      `a wait of ${ms} ms for readiness`,
      timed(async (clock) => {
        const service = new StartStop((signal) => untilAborted(signal), () => {
        }, { awaitReady: true, startTimeout: ms, printErrors: false });
        const started = service.start();
        await clock.pass(ms - 1);
        assertEquals(service.state, "starting");
        await clock.pass(2);
        await assertRejects(() => started, DOMException, `${ms} ms`);
        assertLessOrEqual(clock.longest, LONGEST);
      }),
    );

    it(
      `a tickTimeout of ${ms} ms`,
      timed(async (clock) => {
        const { ticker } = watch(10, untilAborted, { tickTimeout: ms });
        await ticker.start();
        await clock.pass(10 + ms - 1);
        assertEquals(ticker.errorsTotal(), 0);
        await clock.pass(2);
        assertEquals(ticker.errorsTotal(), 1);
        await ticker.stop();
        assertLessOrEqual(clock.longest, LONGEST);
        assertEquals(clock.pending, 0);
      }),
    );

    it(
      `runTick with an interval and a timeout of ${ms} ms`,
      timed(async (clock) => {
        let checks = 0;
        const result = runTick(() => {
          checks++;
          return false;
        }, { interval: ms, timeout: ms * 2 });
        await clock.pass(ms - 1);
        assertEquals(checks, 1);
        await clock.pass(2);
        assertEquals(checks, 2);
        await clock.pass(ms + 1);
        assertEquals([await result, checks], [false, 3]);
        assertLessOrEqual(clock.longest, LONGEST);
        assertEquals(clock.pending, 0);
      }),
    );

    it(
      `a stop in the midst of ${ms} ms leaves no timer`,
      timed(async (clock) => {
        const { ticker, ticks } = watch(ms);
        await ticker.start();
        await clock.pass(ms * 0.75);
        await ticker.stop();
        assertEquals(clock.pending, 0);
        await clock.pass(ms * 2);
        assertEquals(ticks.length, 0);
      }),
    );
  }

  it(
    "the largest interval there is never comes, and harms nothing",
    timed(async (clock) => {
      const { ticker, ticks } = watch(Number.MAX_VALUE);
      await ticker.start();
      await clock.pass(2 ** 40);
      await ticker.stop();
      assertEquals([ticks.length, ticker.errorsTotal()], [0, 0]);
      assertEquals(clock.pending, 0);
    }),
  );

  it("on the real clock a long interval does not tick at once", async () => {
    for (const interval of [2 ** 31, 2 ** 40, Number.MAX_VALUE]) {
      for (const persistent of [true, false]) {
        const { ticker, ticks } = watch(interval, () => {}, { persistent });
        const beside = watch(5, () => {}, { persistent });
        await ticker.start();
        await beside.start();
        await wait(25);
        await ticker.stop();
        await beside.ticker.stop();
        assertEquals(ticks.length, 0);
      }
    }
  });

  it("on the real clock one beyond 2^53 ms follows another that was stopped", async () => {
    for (const persistent of [true, false]) {
      const first = watch(2 ** 53 + 2, () => {}, { persistent });
      await first.ticker.start();
      await first.ticker.stop();
      const { ticker, ticks } = watch(2 ** 54, () => {}, { persistent });
      await ticker.start();
      await ticker.stop();
      assertEquals(ticks.length, 0);
    }
  });

  it("on the real clock a long grace does not pass at once", async () => {
    const { work, service } = stubborn();
    await service.start();
    const stopping = service.stop({ timeout: 2 ** 40 });
    await wait(15);
    assertEquals(service.state, "stopping");
    work.open();
    await stopping;
    assertEquals(service.errorsTotal(), 0);
  });
});

describe("Infinity as a timeout", () => {
  it(
    "is no limit of a stop, and one timer that keeps the process alive",
    timed(async (clock) => {
      for (const stopTimeout of [5, Infinity]) {
        const { work, service } = stubborn({ stopTimeout });
        await service.start();
        let settled = false;
        const stopping = service.stop(
          stopTimeout === 5 ? { timeout: Infinity } : {},
        ).then(() => settled = true);
        assertEquals(clock.pending, 1);
        await clock.pass(2 ** 33);
        assertEquals([settled, clock.pending], [false, 1]);
        work.open();
        await stopping;
        assertEquals(clock.pending, 0);
        assertEquals(service.errorsTotal(), 0);
      }
    }),
  );

  it(
    "is no limit of a restart",
    timed(async (clock) => {
      const { work, service } = stubborn();
      await service.start();
      const restarted = service.restart({ timeout: Infinity });
      await clock.pass(2 ** 33);
      assertEquals(service.state, "stopping");
      work.open();
      await restarted;
      await settle();
      assertEquals(service.errorsTotal(), 0);
    }),
  );

  it(
    "is no limit of a start, and one timer that keeps the process alive",
    timed(async (clock) => {
      for (const startTimeout of [5, Infinity]) {
        const ready = gate();
        const service = new StartStop(
          async (signal, control) => {
            await ready.promise;
            control.ready();
            await untilAborted(signal);
          },
          undefined,
          { awaitReady: true, startTimeout },
        );
        const started = service.start(
          startTimeout === 5 ? { timeout: Infinity } : {},
        );
        assertEquals(clock.pending, 1);
        await clock.pass(2 ** 33);
        assertEquals([service.state, clock.pending], ["starting", 1]);
        ready.open();
        await started;
        assertEquals(clock.pending, 0);
        await service.stop();
      }
    }),
  );
});

describe("0 as a timeout", () => {
  it(
    "of a stop waits one setTimeout(0): what ends in microtasks ends cleanly",
    timed(async (clock) => {
      for (const stopTimeout of [5, 0]) {
        const service = new StartStop(
          async (signal) => {
            await untilAborted(signal);
            for (let turn = 0; turn < 5; turn++) await undefined;
          },
          () => Promise.resolve(),
          { stopTimeout, printErrors: false },
        );
        await service.start();
        const stopping = service.stop(stopTimeout === 5 ? { timeout: 0 } : {});
        assertEquals(clock.pending, 1);
        await clock.pass(1);
        await stopping;
        assertEquals([service.state, service.errorsTotal()], ["stopped", 0]);
      }
    }),
  );

  it(
    "of a stop rejects what takes a timer",
    timed(async (clock) => {
      const { work, service } = stubborn();
      await service.start();
      const stopping = service.stop({ timeout: 0 });
      await clock.pass(1);
      await assertRejects(() => stopping, DOMException, "0 ms");
      work.open();
    }),
  );

  it(
    "of a Ticker's stop lets it end cleanly, idle or in a short tick",
    timed(async (clock) => {
      for (const body of [() => {}, () => Promise.resolve()]) {
        const { ticker } = watch(10, body, { immediate: true });
        await ticker.start();
        const stopping = ticker.stop({ timeout: 0 });
        await clock.pass(1);
        await stopping;
        await ticker.finished();
        assertEquals(ticker.errorsTotal(), 0);
      }
    }),
  );

  it(
    "of a start lets become ready what needs only microtasks",
    timed(async (clock) => {
      let slow = false;
      const service = new StartStop(
        async (signal, { ready }) => {
          await undefined;
          if (slow) await wait(5);
          ready();
          await untilAborted(signal);
        },
        undefined,
        { awaitReady: true, startTimeout: 0, printErrors: false },
      );
      const started = service.start();
      await clock.pass(1);
      await started;
      await service.stop();
      slow = true;
      const late = service.start();
      await clock.pass(10);
      await assertRejects(() => late, DOMException, "0 ms");
    }),
  );

  it("by the real clock it is the same", async () => {
    const ticker = new Ticker(60_000, () => Promise.resolve(), {
      immediate: true,
    });
    await ticker.start();
    await ticker.stop({ timeout: 0 });
    assertEquals(ticker.errorsTotal(), 0);
  });
});
