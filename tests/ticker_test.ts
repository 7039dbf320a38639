import { type RunnerEvent, Ticker } from "@golib/runner";
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreaterOrEqual,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { timed } from "./_fake_clocks.ts";
import { gate, wait, watch } from "./_watch.ts";

describe("Ticker", () => {
  for (const interval of [0, -0, -5, 0.5, 0.999, -(2 ** 40)]) {
    it(
      `takes an interval of ${interval} for the default, 30 seconds`,
      timed(async (clock) => {
        const { ticker, start, grid } = watch(interval);
        await start();
        await clock.pass(29_999);
        assertEquals(grid(), []);
        await clock.pass(30_001);
        await ticker.stop();
        assertEquals(grid(), [[30_000, 30_000, 0], [60_000, 60_000, 0]]);
      }),
    );
  }

  for (const interval of [NaN, Infinity, -Infinity]) {
    it(`refuses an interval of ${interval}`, () => {
      assertThrows(
        () => new Ticker(interval, () => {}),
        RangeError,
        `Cannot create a Ticker: 'interval' must be a finite number of milliseconds: current value is ${interval}`,
      );
    });
  }

  it("takes an interval of 1 ms as it is", async () => {
    using time = new FakeTime();
    const { ticker, ticks } = watch(1);
    await ticker.start();
    await time.tickAsync(5);
    await ticker.stop();
    assertEquals(ticks.length, 5);
  });

  it("ticks for the first time one interval after the start", async () => {
    using time = new FakeTime();
    const { ticker, ticks } = watch(100);
    await ticker.start();
    await time.tickAsync(99);
    assertEquals(ticks.length, 0);
    await time.tickAsync(1);
    assertEquals(ticks.length, 1);
    await ticker.stop();
  });

  it(
    "with immediate ticks inside the launch, with the state running",
    timed(async (clock) => {
      const seen: unknown[] = [];
      const { ticker, start, grid } = watch(100, (signal, control) => {
        seen.push(ticker.state, signal.aborted, control.missed);
      }, { immediate: true });
      const started = start();
      assertEquals(seen, ["running", false, 0]);
      await started;
      await clock.pass(100);
      await ticker.stop();
      assertEquals(grid(), [[0, 0, 0], [100, 100, 0]]);
    }),
  );

  it("with immediate resolves the start before a slow first tick ends", async () => {
    const work = gate();
    const { ticker, ticks } = watch(60_000, () => work.promise, {
      immediate: true,
    });
    await ticker.start();
    assertEquals(ticks.length, 0);
    work.open();
    await ticker.stop();
    assertEquals(ticks.length, 1);
  });

  it(
    "with immediate keeps the grid of the start after a slow first tick",
    timed(async (clock) => {
      const { ticker, start, grid } = watch(100, () => wait(150), {
        immediate: true,
      });
      await start();
      await clock.pass(399);
      await ticker.stop();
      assertEquals(grid(), [[0, 0, 0], [200, 200, 1]]);
    }),
  );

  it(
    "is immediate in every run",
    timed(async () => {
      let ticks = 0;
      const ticker = new Ticker(100, () => ticks++, { immediate: true });
      await ticker.start();
      await ticker.restart();
      await ticker.stop();
      assertEquals(ticks, 2);
    }),
  );

  it("survives a stop in an immediate tick that throws", async () => {
    const { ticker } = watch(100, (_signal, control) => {
      control.stop();
      throw new Error("at once");
    }, { immediate: true });
    await ticker.start();
    await ticker.finished();
    assertEquals([ticker.state, ticker.errorsTotal()], ["stopped", 1]);
  });

  for (const way of ["throws", "rejects"]) {
    it(`goes on when a tick ${way}, and records the error`, async () => {
      using time = new FakeTime();
      const failure = new Error("one of many");
      const errors: RunnerEvent[] = [];
      const { ticker, ticks } = watch(10, () => {
        if (way === "throws") throw failure;
        return Promise.reject(failure);
      }, {
        observer: (event) => event.type === "error" && errors.push(event),
      });
      await ticker.start();
      for (let round = 0; round < 3; round++) await time.tickAsync(10);
      await time.runMicrotasks();
      assert(ticker.isRunning());
      assertEquals(ticker.errorsList(), [failure, failure, failure]);
      assertEquals(ticks.map(({ error }) => error === failure), [
        true,
        true,
        true,
      ]);
      assertEquals(
        errors.map((event) => event.type === "error" && event.phase),
        ["tick", "tick", "tick"],
      );
      await ticker.stop();
      await ticker.finished();
    });
  }

  it("wraps what is thrown and is no Error, with the value as cause", async () => {
    using time = new FakeTime();
    const values = [undefined, null, 0, "text", { code: 5 }];
    let count = 0;
    const { ticker } = watch(10, () => {
      throw values[count++];
    });
    await ticker.start();
    await time.tickAsync(50);
    await ticker.stop();
    assertEquals(ticker.errorsList().map(({ cause }) => cause), values);
  });

  it("awaits what a tick returns, a thenable as well", async () => {
    using time = new FakeTime();
    let finish = () => {};
    const { ticker, ticks } = watch(10, () => ({
      then(resolve: () => void) {
        finish = resolve;
      },
    }));
    await ticker.start();
    await time.tickAsync(15);
    await time.runMicrotasks();
    assertEquals(ticks.length, 0);
    finish();
    await time.runMicrotasks();
    assertEquals(ticks.length, 1);
    await ticker.stop();
  });

  it("records what the then of a returned value throws", async () => {
    using time = new FakeTime();
    const { ticker } = watch(10, () => ({
      get then() {
        throw new Error("no then");
      },
    }));
    await ticker.start();
    await time.tickAsync(30);
    await time.runMicrotasks();
    assertEquals(ticker.errorsTotal(), 3);
    await ticker.stop();
  });

  it("trusts no method of a promise that a tick returns, nor do others suffer", async () => {
    const { ticker, ticks } = watch(
      5,
      () =>
        Object.assign(Promise.reject(new Error("mine")), {
          then() {
            throw new Error("no then");
          },
        }),
    );
    const beside = watch(5);
    await ticker.start();
    await beside.ticker.start();
    for (let turn = 0; turn < 200 && beside.ticks.length < 2; turn++) {
      await wait(5);
    }
    await ticker.stop();
    await beside.ticker.stop();
    assertEquals(ticker.errorsLast()?.message, "mine");
    assertEquals([ticker.errorsTotal(), beside.ticks.length > 1], [
      ticks.length,
      true,
    ]);
  });

  it("never has two ticks at once, however long each takes", async () => {
    using time = new FakeTime();
    let inside = 0;
    let most = 0;
    let count = 0;
    const lengths = [0, 1, 9, 10, 11, 19, 20, 21, 35, 100];
    const { ticker } = watch(10, async () => {
      most = Math.max(most, ++inside);
      await wait(lengths[count++ % lengths.length]!);
      inside--;
    });
    await ticker.start();
    for (let ms = 0; ms < 300; ms++) await time.tickAsync(1);
    assertEquals(most, 1);
    assertGreaterOrEqual(count, 10);
    const stopped = ticker.stop();
    await time.tickAsync(100);
    await stopped;
  });

  it("gives a tick the signal of the run where no tickTimeout is set", async () => {
    using time = new FakeTime();
    const signals = new Set<AbortSignal>();
    const { ticker } = watch(10, (signal) => signals.add(signal));
    await ticker.start();
    await time.tickAsync(30);
    assertEquals(signals.size, 1);
    await ticker.stop();
    assert([...signals][0]?.aborted);
  });

  it("waits in stop() for a tick in flight", async () => {
    const work = gate();
    const { ticker, ticks } = watch(60_000, () => work.promise, {
      immediate: true,
    });
    await ticker.start();
    let stopped = false;
    const stopping = ticker.stop().then(() => stopped = true);
    await wait(1);
    assertEquals([stopped, ticker.state], [false, "stopping"]);
    work.open();
    await stopping;
    assertEquals([ticker.state, ticks.length], ["stopped", 1]);
  });

  it("rejects a stop() that a tick in flight outlasts, and is stopped after", async () => {
    using time = new FakeTime();
    const work = gate();
    const { ticker, ticks } = watch(10, () => work.promise);
    await ticker.start();
    await time.tickAsync(10);
    const stopping = ticker.stop({ timeout: 100 });
    await time.tickAsync(100);
    const error = await assertRejects(() => stopping, DOMException);
    assertEquals([error.name, ticker.state], ["TimeoutError", "stopping"]);
    await time.tickAsync(1_000);
    work.open();
    await time.runMicrotasks();
    assertEquals([ticker.state, ticks.length], ["stopped", 1]);
  });

  it(
    "starts no tick after the call of stop(), though one is due",
    timed(
      async (clock) => {
        const { ticker, ticks } = watch(10);
        await ticker.start();
        clock.block(25);
        const stopping = ticker.stop();
        await clock.pass(100);
        await stopping;
        assertEquals(ticks.length, 0);
        assertEquals(clock.pending, 0);
      },
    ),
  );

  it(
    "starts no further tick when stopped while one is in flight",
    timed(
      async (clock) => {
        let count = 0;
        const { ticker } = watch(10, () => {
          count++;
          return wait(30);
        });
        await ticker.start();
        await clock.pass(10);
        const stopping = ticker.stop();
        await clock.pass(200);
        await stopping;
        assertEquals([count, clock.pending], [1, 0]);
      },
    ),
  );

  it("resolves stop() between two ticks without any timer", async () => {
    using time = new FakeTime();
    const { ticker } = watch(10);
    await ticker.start();
    await time.tickAsync(15);
    await ticker.stop();
    assertEquals(ticker.state, "stopped");
  });

  it("calls a tick that ends by the abort of a stop a clean end", async () => {
    using time = new FakeTime();
    const { ticker, ticks } = watch(
      10,
      (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    );
    await ticker.start();
    await time.tickAsync(10);
    await ticker.stop();
    await ticker.finished();
    assertEquals(ticker.errorsTotal(), 0);
    assertEquals(ticks.map((tick) => "error" in tick), [false]);
  });

  it("records what a tick throws after the stop, and stops all the same", async () => {
    const work = gate();
    const { ticker } = watch(60_000, () => work.promise, { immediate: true });
    await ticker.start();
    const stopping = ticker.stop();
    work.fail(new Error("lost the connection"));
    await stopping;
    await ticker.finished();
    assertEquals(ticker.errorsLast()?.message, "lost the connection");
  });

  it("calls an AbortError without an abort an error", async () => {
    using time = new FakeTime();
    const { ticker } = watch(10, () => {
      throw new DOMException("of something else", "AbortError");
    });
    await ticker.start();
    await time.tickAsync(10);
    assertEquals(ticker.errorsLast()?.name, "AbortError");
    await ticker.stop();
  });

  it("ends with the signal it was started with", async () => {
    using time = new FakeTime();
    const life = new AbortController();
    const { ticker, ticks } = watch(10);
    await ticker.start({ signal: life.signal });
    await time.tickAsync(25);
    life.abort();
    await ticker.finished();
    await time.tickAsync(100);
    assertEquals([ticker.state, ticks.length], ["stopped", 2]);
  });

  it(
    "begins a new grid with each run",
    timed(async (clock) => {
      const { ticker, start, grid, ticks } = watch(10);
      await start();
      await clock.pass(14);
      await ticker.stop();
      await clock.pass(3);
      ticks.length = 0;
      await start();
      await clock.pass(20);
      await ticker.stop();
      assertEquals(grid(), [[10, 10, 0], [20, 20, 0]]);
    }),
  );

  it(
    "tells of each tick when it was due, began, and how long it took",
    timed(
      async (clock) => {
        const { ticker, start, ticks } = watch(100, () => wait(30));
        const before = performance.now();
        await start();
        await clock.pass(250);
        await ticker.stop();
        assertEquals(
          ticks.map(({ type, scheduledAt, startedAt, duration }) => [
            type,
            scheduledAt - before,
            startedAt - before,
            duration,
          ]),
          [["tick", 100, 100, 30], ["tick", 200, 200, 30]],
        );
        assertStrictEquals(ticks[0]?.runner, ticker);
        assertFalse("error" in ticks[0]!);
      },
    ),
  );

  it(
    "tells of a tick when it has ended, in order with the error and the end",
    timed(
      async (clock) => {
        const seen: string[] = [];
        const { ticker } = watch(10, (_signal, control) => {
          control.stop();
          throw new Error("last");
        }, {
          observer: (event) =>
            void seen.push(
              event.type === "state" ? `${event.from} ${event.to}` : event.type,
            ),
        });
        await ticker.start();
        await clock.pass(10);
        assertEquals(seen, [
          "stopped running",
          "running stopping",
          "error",
          "tick",
          "stopping stopped",
        ]);
      },
    ),
  );

  it("counts its times on the scale of performance.now()", async () => {
    const { ticker, ticks } = watch(5, (_signal, control) => control.stop());
    const before = performance.now();
    await ticker.start();
    const launched = performance.now();
    await ticker.finished();
    const { scheduledAt, startedAt, duration } = ticks[0]!;
    assert(scheduledAt >= before + 5 && scheduledAt <= launched + 5);
    assert(startedAt >= scheduledAt - 0.01);
    assert(startedAt + duration <= performance.now() + 0.01);
  });

  it("ends with an error where the engine refuses a timer", async () => {
    const { setTimeout } = globalThis;
    const failure = new Error("no timers outside of a request");
    globalThis.setTimeout = (() => {
      throw failure;
    }) as unknown as typeof setTimeout;
    const { ticker } = watch(10);
    try {
      await ticker.start();
      assertEquals(ticker.state, "stopped");
      assertStrictEquals(
        await assertRejects(() => ticker.finished()),
        failure,
      );
    } finally {
      globalThis.setTimeout = setTimeout;
    }
    await ticker.start();
    assert(ticker.isRunning());
    await ticker.stop();
    await ticker.finished();
  });

  it("is named ticker unless it is told otherwise", () => {
    assertEquals(new Ticker(1, () => {}).name, "ticker");
    assertEquals(new Ticker(1, () => {}, { name: "beat" }).name, "beat");
  });
});

describe("what a tick returns", () => {
  it("is awaited where it is a function with a then", async () => {
    let settle = () => {};
    const thenable = Object.assign(() => {}, {
      then: (resolve: () => void) => void (settle = resolve),
    });
    const ticker = new Ticker(60_000, () => thenable, { immediate: true });
    await ticker.start();
    let stopped = false;
    const stopping = ticker.stop().then(() => stopped = true);
    await wait(5);
    assertFalse(stopped);
    settle();
    await stopping;
    assertEquals(ticker.errorsTotal(), 0);
  });

  it("is ignored where it is no promise", async () => {
    const values = [null, undefined, 0, "then", {}, { then: 1 }, () => {}];
    for (const value of values) {
      const ticker = new Ticker(60_000, () => value, {
        immediate: true,
        printErrors: false,
      });
      await ticker.start();
      await ticker.stop();
      assertEquals(ticker.errorsList(), []);
    }
  });

  it(
    "and the time that it takes to print an error moves no tick after it",
    timed(async (clock) => {
      const at: number[] = [];
      const print = console.error;
      console.error = () => clock.block(5);
      try {
        const start = clock.now;
        const ticker = new Ticker(10, () => {
          at.push(clock.now - start);
          throw new Error("broken");
        });
        await ticker.start();
        await clock.pass(40);
        await ticker.stop();
        assertEquals(at, [10, 20, 30, 40]);
      } finally {
        console.error = print;
      }
    }),
  );

  it(
    "by the host's call arms no timer where no tickTimeout limits it",
    timed(async (clock) => {
      const work = gate();
      const ticker = new Ticker(60_000, () => work.promise);
      const ticked = ticker.tick();
      assertEquals(clock.pending, 0);
      work.open();
      await ticked;
    }),
  );
});
