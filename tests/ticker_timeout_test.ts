import type { RunnerEvent } from "@golib/runner";
import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { timed } from "./_fake_clocks.ts";
import { gate, until, wait, watch } from "./_watch.ts";

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

describe("tickTimeout", () => {
  it(
    "aborts the signal of the tick that takes longer, and records a TimeoutError",
    timed(async (clock) => {
      let reason: unknown;
      const phases: unknown[] = [];
      const { ticker, ticks } = watch(100, async (signal) => {
        await wait(21);
        reason = signal.reason;
      }, {
        tickTimeout: 20,
        name: "poll",
        observer: (event: RunnerEvent) =>
          event.type === "error" && phases.push(event.phase),
      });
      await ticker.start();
      await clock.pass(150);
      const [error] = ticker.errorsList();
      assertEquals([error?.name, ticker.errorsTotal()], ["TimeoutError", 1]);
      const message = 'Cannot tick "poll": the tick did not end within 20 ms';
      assertEquals(error!.message, message);
      assertStrictEquals(reason, error);
      assertStrictEquals(ticks[0]?.error, error);
      assertEquals(phases, ["tick"]);
      await ticker.stop();
      await ticker.finished();
    }),
  );

  it(
    "is none by default",
    timed(async (clock) => {
      const { ticker, ticks } = watch(10, () => wait(10_000_000));
      await ticker.start();
      await clock.pass(10_000_010);
      assertEquals([ticks.length, ticker.errorsTotal()], [1, 0]);
      const stopping = ticker.stop({ timeout: Infinity });
      await clock.pass(10_000_000);
      await stopping;
    }),
  );

  it(
    "lets a tick in peace that ends just in time",
    timed(async (clock) => {
      const { ticker, ticks } = watch(100, () => wait(19), { tickTimeout: 20 });
      await ticker.start();
      await clock.pass(350);
      await ticker.stop();
      assertEquals([ticks.length, ticker.errorsTotal()], [3, 0]);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "does not let the next tick begin before the late one has ended",
    timed(async (clock) => {
      let inside = 0;
      let most = 0;
      const { ticker, start, grid } = watch(10, async () => {
        most = Math.max(most, ++inside);
        await wait(35);
        inside--;
      }, { tickTimeout: 5 });
      await start();
      await clock.pass(48);
      await clock.pass(40);
      assertEquals(most, 1);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [50, 50, 3]]);
    }),
  );

  for (
    const [how, reject] of [
      ["with that reason", (signal: AbortSignal) => signal.reason],
      [
        "with an AbortError",
        () => new DOMException("aborted", "AbortError"),
      ],
      [
        "with an error caused by that reason",
        ({ reason }: AbortSignal) => new Error("fetch", { cause: reason }),
      ],
      [
        "with nothing but such errors",
        ({ reason }: AbortSignal) => new AggregateError([reason, reason]),
      ],
    ] as [string, (signal: AbortSignal) => unknown][]
  ) {
    it(
      `does not record a tick again that then rejects ${how}`,
      timed(async (clock) => {
        const { ticker, ticks } = watch(100, async (signal) => {
          await untilAborted(signal).catch(() => {});
          throw reject(signal);
        }, { tickTimeout: 20 });
        await ticker.start();
        await clock.pass(350);
        await ticker.stop();
        assertEquals(
          ticker.errorsList().map(({ name }) => name),
          ["TimeoutError", "TimeoutError", "TimeoutError"],
        );
        assertEquals(ticks.length, 3);
      }),
    );
  }

  it(
    "records as well what a tick throws that is no matter of the abort",
    timed(async (clock) => {
      const { ticker, ticks } = watch(100, async (signal) => {
        await untilAborted(signal).catch(() => {});
        throw new Error("disk full");
      }, { tickTimeout: 20 });
      await ticker.start();
      await clock.pass(150);
      await ticker.stop();
      assertEquals(
        ticker.errorsList().map(({ name }) => name),
        ["TimeoutError", "Error"],
      );
      // The first thing that went wrong.
      assertEquals(ticks[0]?.error?.name, "TimeoutError");
    }),
  );

  it(
    "records another TimeoutError of the tick",
    timed(async (clock) => {
      const { ticker } = watch(100, async (signal) => {
        await untilAborted(signal).catch(() => {});
        throw new DOMException("of the database", "TimeoutError");
      }, { tickTimeout: 20 });
      await ticker.start();
      await clock.pass(150);
      await ticker.stop();
      assertEquals(ticker.errorsTotal(), 2);
    }),
  );

  it(
    "gives each tick a signal of its own, that is not aborted",
    timed(async (clock) => {
      const signals: AbortSignal[] = [];
      const { ticker } = watch(100, (signal) => {
        assertEquals(signal.aborted, false);
        signals.push(signal);
        return wait(30);
      }, { tickTimeout: 20 });
      await ticker.start();
      await clock.pass(250);
      await ticker.stop();
      assertEquals(ticker.errorsTotal(), 2);
      assertNotStrictEquals(signals[0], signals[1]);
    }),
  );

  it(
    "does not stop the ticker, nor abort its run",
    timed(async (clock) => {
      let force: AbortSignal | undefined;
      const { ticker } = watch(100, (_signal, control) => {
        ({ force } = control);
        return wait(30);
      }, { tickTimeout: 20 });
      await ticker.start();
      await clock.pass(150);
      assert(ticker.isRunning());
      assertEquals(force?.aborted, false);
      await ticker.stop();
    }),
  );

  it(
    "gives way to a stop: the tick's signal has the reason of the run",
    timed(async (clock) => {
      const life = new AbortController();
      const reason = new Error("enough");
      let seen: unknown;
      const { ticker } = watch(100, async (signal) => {
        await untilAborted(signal).catch((error) => seen = error);
        throw seen;
      }, { tickTimeout: 50 });
      await ticker.start({ signal: life.signal });
      await clock.pass(110);
      life.abort(reason);
      await ticker.finished();
      assertStrictEquals(seen, reason);
      assertEquals(ticker.errorsTotal(), 0);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "that passes while the run stops records nothing more",
    timed(async (clock) => {
      const { ticker } = watch(100, () => wait(60), { tickTimeout: 50 });
      await ticker.start();
      await clock.pass(110);
      const stopping = ticker.stop();
      await clock.pass(60);
      await stopping;
      assertEquals(ticker.errorsTotal(), 0);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "and a stop after it: the late tick is still awaited",
    timed(async (clock) => {
      const work = gate();
      const { ticker } = watch(100, () => work.promise, { tickTimeout: 10 });
      await ticker.start();
      await clock.pass(120);
      let stopped = false;
      const stopping = ticker.stop().then(() => stopped = true);
      await clock.pass(100);
      assertEquals(stopped, false);
      work.open();
      await stopping;
      assertEquals(ticker.errorsTotal(), 1);
    }),
  );

  it(
    "of 0 lets a tick end that needs only microtasks",
    timed(async (clock) => {
      let length = 0;
      const { ticker, ticks } = watch(100, async () => {
        await undefined;
        if (length > 0) await wait(length);
      }, { tickTimeout: 0 });
      await ticker.start();
      await clock.pass(150);
      assertEquals([ticks.length, ticker.errorsTotal()], [1, 0]);
      length = 5;
      await clock.pass(100);
      assertEquals([ticks.length, ticker.errorsTotal()], [2, 1]);
      await ticker.stop();
    }),
  );

  it(
    "of Infinity is no limit",
    timed(async (clock) => {
      const { ticker, ticks } = watch(100, () => wait(10_000), {
        tickTimeout: Infinity,
      });
      await ticker.start();
      await clock.pass(10_100);
      assertEquals([ticks.length, ticker.errorsTotal()], [1, 0]);
      const stopping = ticker.stop({ timeout: Infinity });
      await clock.pass(10_000);
      await stopping;
    }),
  );

  it(
    "leaves no timer behind when the tick ends first",
    timed(async (clock) => {
      const { ticker } = watch(100, (_signal, { stop }) => {
        stop();
        return Promise.resolve();
      }, { tickTimeout: 60_000 });
      await ticker.start();
      await clock.pass(100);
      await ticker.finished();
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "is recorded for a tick that blocked for longer and returned",
    timed(async (clock) => {
      const signals: AbortSignal[] = [];
      const { ticker, ticks } = watch(100, (signal) => {
        signals.push(signal);
        clock.block(21);
      }, { tickTimeout: 20 });
      await ticker.start();
      await clock.pass(150);
      const [error] = ticker.errorsList();
      assertEquals([error?.name, ticker.errorsTotal()], ["TimeoutError", 1]);
      assertStrictEquals(signals[0]?.reason, error);
      assertStrictEquals(ticks[0]?.error, error);
      await ticker.stop();
    }),
  );

  it(
    "is recorded for a tick that blocked for longer and ended in microtasks",
    timed(async (clock) => {
      const { ticker } = watch(100, async () => {
        clock.block(15);
        await undefined;
        clock.block(15);
      }, { tickTimeout: 20 });
      await ticker.start();
      await clock.pass(150);
      assertEquals(
        ticker.errorsList().map(({ name }) => name),
        ["TimeoutError"],
      );
      await ticker.stop();
    }),
  );

  it(
    "comes before what a tick throws that blocked for longer",
    timed(async (clock) => {
      const { ticker } = watch(100, () => {
        clock.block(21);
        throw new Error("disk full");
      }, { tickTimeout: 20 });
      await ticker.start();
      await clock.pass(150);
      assertEquals(
        ticker.errorsList().map(({ name }) => name),
        ["TimeoutError", "Error"],
      );
      await ticker.stop();
    }),
  );

  it(
    "lets a tick in peace that blocked no longer than it may",
    timed(async (clock) => {
      const { ticker, ticks } = watch(100, () => clock.block(20), {
        tickTimeout: 20,
      });
      await ticker.start();
      await clock.pass(350);
      await ticker.stop();
      assertEquals([ticks.length, ticker.errorsTotal()], [3, 0]);
    }),
  );

  it(
    "counts from the beginning of the tick, also what that blocks",
    timed(async (clock) => {
      let abortedAt: number | undefined;
      const { ticker, start } = watch(100, async (signal) => {
        const startedAt = clock.now;
        clock.block(15);
        await untilAborted(signal).catch(() => {});
        abortedAt ??= clock.now - startedAt;
      }, { tickTimeout: 20 });
      await start();
      await clock.pass(150);
      assertEquals(abortedAt, 20);
      await ticker.stop();
    }),
  );

  it(
    "of a tick that asks for a stop and then blocks records nothing",
    timed(async (clock) => {
      const { ticker } = watch(100, (_signal, { stop }) => {
        stop();
        clock.block(21);
      }, { tickTimeout: 20 });
      await ticker.start();
      await clock.pass(150);
      await ticker.finished();
      assertEquals(ticker.errorsTotal(), 0);
    }),
  );

  it("does not count what other tickers blocked before", async () => {
    const block = (ms: number) => {
      for (const end = performance.now() + ms; performance.now() < end;);
    };
    const blocker = watch(40, () => {
      block(60);
      return Promise.resolve();
    });
    const quick = watch(40, () => {}, { tickTimeout: 30 });
    void blocker.start();
    void quick.start();
    await until(() => quick.ticks.length >= 2);
    await Promise.all([blocker.ticker.stop(), quick.ticker.stop()]);
    assertEquals(quick.ticker.errorsTotal(), 0);
    assert(quick.ticks.every(({ duration }) => duration < 30));
  });

  it(
    "is noticed of a tick that blocked after a wait, so that no timer could come",
    timed(async (clock) => {
      const { ticker } = watch(100, async () => {
        await undefined;
        clock.block(60);
      }, { tickTimeout: 50 });
      await ticker.start();
      await clock.pass(150);
      assertEquals(ticker.errorsLast()?.name, "TimeoutError");
      assertEquals(ticker.errorsTotal(), 1);
      await ticker.stop();
    }),
  );

  it(
    "of 0 is none for a tick that never waits, however long it takes",
    timed(async (clock) => {
      const { ticker, ticks } = watch(100, () => clock.block(60), {
        tickTimeout: 0,
      });
      await ticker.start();
      await clock.pass(150);
      assertEquals([ticks.length, ticker.errorsTotal()], [1, 0]);
      await ticker.stop();
    }),
  );
});
