import { type TickControl, Ticker } from "@golib/runner";
import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { timed } from "./_fake_clocks.ts";
import { gate, wait, watch } from "./_watch.ts";

describe("control.stop", () => {
  it(
    "asks for a stop without waiting for it",
    timed(async (clock) => {
      const states: string[] = [];
      const { ticker, ticks } = watch(10, async (signal, { stop }) => {
        assertStrictEquals(stop(), undefined);
        states.push(ticker.state, String(signal.aborted));
        await wait(5);
        states.push(ticker.state);
      });
      await ticker.start();
      await clock.pass(50);
      await ticker.finished();
      assertEquals(states, ["stopping", "true", "stopping"]);
      assertEquals([ticker.state, ticks.length], ["stopped", 1]);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "in a synchronous tick ends the run as that tick returns",
    timed(async (clock) => {
      const { ticker, ticks } = watch(10, (_signal, { stop }) => stop());
      await ticker.start();
      await clock.pass(100);
      assertEquals([ticker.state, ticks.length], ["stopped", 1]);
      await ticker.finished();
    }),
  );

  it("in an immediate tick ends the run; start() resolves", async () => {
    const { ticker, ticks } = watch(60_000, (_signal, { stop }) => stop(), {
      immediate: true,
    });
    await ticker.start();
    await ticker.finished();
    assertEquals([ticker.state, ticks.length], ["stopped", 1]);
  });

  it(
    "between two ticks stops as well",
    timed(async (clock) => {
      let control: TickControl | undefined;
      const { ticker, ticks } = watch(10, (_signal, given) => {
        control = given;
      });
      await ticker.start();
      await clock.pass(15);
      control?.stop();
      assertEquals(ticker.state, "stopping");
      await ticker.finished();
      assertEquals([ticker.state, ticks.length], ["stopped", 1]);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "does nothing after the run, to the next run either",
    timed(async (clock) => {
      let control: TickControl | undefined;
      const { ticker } = watch(10, (_signal, given) => {
        control ??= given;
      });
      await ticker.start();
      await clock.pass(15);
      await ticker.stop();
      control?.stop();
      assertEquals(ticker.state, "stopped");
      await ticker.start();
      control?.stop();
      assert(ticker.isRunning());
      await ticker.stop();
    }),
  );

  it(
    "does nothing in a run that is stopped already",
    timed(async (clock) => {
      const { ticker } = watch(10, async (_signal, { stop }) => {
        await wait(20);
        stop();
        stop();
      });
      await ticker.start();
      await clock.pass(10);
      const stopping = ticker.stop();
      await clock.pass(20);
      await stopping;
      assertEquals(ticker.errorsList(), []);
    }),
  );

  it(
    "waits for stopTimeout, then the end of the run is forced and recorded",
    timed(async (clock) => {
      let force: AbortSignal | undefined;
      const { ticker } = watch(10, (_signal, control) => {
        ({ force } = control);
        control.stop();
        return wait(1_000);
      }, { stopTimeout: 100 });
      await ticker.start();
      await clock.pass(109);
      assertEquals([force?.aborted, ticker.errorsTotal()], [false, 0]);
      await clock.pass(1);
      assertEquals([force?.aborted, ticker.errorsTotal()], [true, 1]);
      assertEquals(ticker.errorsLast()?.name, "TimeoutError");
      await clock.pass(900);
      assertEquals(ticker.state, "stopped");
    }),
  );

  it(
    "calls off a restart that is in the queue",
    timed(async (clock) => {
      const work = gate();
      const { ticker } = watch(10, async (_signal, { stop }) => {
        await work.promise;
        stop();
      });
      await ticker.start();
      await clock.pass(10);
      const restarted = ticker.restart();
      work.open();
      const error = await assertRejects(() => restarted, DOMException);
      assertEquals(error.name, "AbortError");
      await ticker.finished();
      assertEquals(ticker.state, "stopped");
    }),
  );

  it(
    "called by an observer of a tick stops before the next",
    timed(async (clock) => {
      let control: TickControl | undefined;
      const { ticker, ticks } = watch(10, (_signal, given) => {
        control = given;
      }, {
        observer: ({ type }) => type === "tick" && control?.stop(),
      });
      await ticker.start();
      await clock.pass(100);
      assertEquals([ticker.state, ticks.length], ["stopped", 1]);
      assertEquals(clock.pending, 0);
    }),
  );
});

describe("stop at every moment of a Ticker", () => {
  it(
    "awaited inside the tick it can only end by its grace, and says so",
    timed(async (clock) => {
      let error: DOMException | undefined;
      const { ticker } = watch(10, async () => {
        error = await assertRejects(
          () => ticker.stop({ timeout: 50 }),
          DOMException,
          "awaits its own stop",
        );
      }, { name: "deadlock" });
      await ticker.start();
      await clock.pass(60);
      assertEquals([error?.name, ticker.state], ["TimeoutError", "stopped"]);
      assert(error?.message.includes("deadlock"));
      assert(error?.message.includes("50 ms"));
    }),
  );

  it(
    "not awaited inside the tick it is safe",
    timed(async (clock) => {
      const { ticker, ticks } = watch(10, () => void ticker.stop());
      await ticker.start();
      await clock.pass(50);
      assertEquals([ticker.state, ticks.length], ["stopped", 1]);
    }),
  );

  it(
    "in the same turn as the start, before the first tick",
    timed(async (clock) => {
      const { ticker, ticks } = watch(10);
      const starting = ticker.start();
      const stopping = ticker.stop();
      await starting;
      await stopping;
      await clock.pass(50);
      assertEquals([ticks.length, clock.pending], [0, 0]);
    }),
  );

  it(
    "from an observer of the launch, before the first tick",
    timed(async (clock) => {
      const { ticker, ticks } = watch(10, () => {}, {
        observer: (event) => {
          if (event.type === "state" && event.to === "running") ticker.stop();
        },
      });
      await ticker.start();
      await clock.pass(50);
      assertEquals([ticker.state, ticks.length], ["stopped", 0]);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "from an observer of an error",
    timed(async (clock) => {
      const { ticker, ticks } = watch(10, () => {
        throw new Error("enough");
      }, {
        observer: (event) => {
          if (event.type === "error") ticker.stop();
        },
      });
      await ticker.start();
      await clock.pass(50);
      assertEquals([ticker.state, ticks.length], ["stopped", 1]);
    }),
  );

  it(
    "from a listener of the tick's own signal",
    timed(async (clock) => {
      const { ticker } = watch(10, (signal) => {
        signal.addEventListener("abort", () => void ticker.stop());
        return wait(20);
      });
      await ticker.start();
      await clock.pass(15);
      const stopping = ticker.stop();
      await clock.pass(50);
      await stopping;
      assertEquals([ticker.state, clock.pending], ["stopped", 0]);
    }),
  );

  it(
    "and a start from within a tick: one run after the other",
    timed(async (clock) => {
      let inside = 0;
      let most = 0;
      let count = 0;
      const { ticker } = watch(10, async () => {
        most = Math.max(most, ++inside);
        if (++count === 1) void ticker.start();
        await wait(5);
        inside--;
      });
      await ticker.start();
      await clock.pass(15);
      assert(ticker.isRunning());
      assertEquals(count, 1);
      await clock.pass(10);
      assertEquals([count, most], [2, 1]);
      const stopping = ticker.stop();
      await clock.pass(10);
      await stopping;
    }),
  );

  it(
    "and a restart from within a tick: a fresh grid from its end",
    timed(async (clock) => {
      let count = 0;
      const times: number[] = [];
      const ticker = new Ticker(10, async () => {
        times.push(performance.now() - 5_000);
        if (++count === 1) void ticker.restart();
        await wait(7);
      });
      await ticker.start();
      await clock.pass(28);
      await clock.pass(6);
      await ticker.stop();
      assertEquals(times, [10, 27]);
      assertFalse(ticker.isRunning());
    }),
  );
});

describe("a TickControl", () => {
  it(
    "needs no this",
    timed(async (clock) => {
      const { ticker, ticks } = watch(10, (_signal, control) => {
        const { reset, stop } = control;
        reset(20);
        if (ticks.length === 1) stop();
      });
      await ticker.start();
      await clock.pass(100);
      assertEquals(ticks.length, 2);
      assertEquals(ticker.errorsList(), []);
    }),
  );

  it(
    "has a force that aborts when the last that waited has given up",
    timed(async (clock) => {
      let force: AbortSignal | undefined;
      const { ticker } = watch(10, (_signal, control) => {
        ({ force } = control);
        return wait(500);
      });
      await ticker.start();
      await clock.pass(10);
      const short = ticker.stop({ timeout: 50 });
      const long = ticker.stop({ timeout: 100 });
      await clock.pass(50);
      await assertRejects(() => short);
      assertEquals(force?.aborted, false);
      await clock.pass(50);
      await assertRejects(() => long);
      assert(force?.aborted);
      assertEquals(force.reason.name, "AbortError");
      await clock.pass(400);
      assertEquals(ticker.state, "stopped");
    }),
  );

  it(
    "has a force that stays quiet when the run ends in time",
    timed(async (clock) => {
      let force: AbortSignal | undefined;
      const { ticker } = watch(10, (_signal, control) => {
        ({ force } = control);
        return wait(5);
      });
      await ticker.start();
      await clock.pass(12);
      const stopping = ticker.stop();
      await clock.pass(5);
      await stopping;
      assertEquals(force?.aborted, false);
    }),
  );
});
