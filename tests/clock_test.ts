import {
  runTick,
  StartStop,
  type TickControl,
  Ticker,
  untilAborted,
} from "@golib/runner";
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertRejects,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { type ClockKind, clocks, type Installed } from "./_clocks.ts";
import { HandClock } from "./_fake_clocks.ts";
import { gate, until, wait, watch } from "./_watch.ts";

// As it was before any clock was faked.
const { performance: realPerformance } = globalThis;
const { now } = realPerformance;
const realNow = () => now.call(realPerformance);

function under(
  kind: ClockKind,
  body: (clock: Installed) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const clock = await kind.install();
    try {
      await body(clock);
    } finally {
      clock.restore();
    }
  };
}

for (const kind of clocks) {
  const ignore = kind.missing === true;
  describe(`Under ${kind.name}`, { ignore }, () => {
    it(
      "a ticker ticks when the clock says so",
      under(kind, async (clock) => {
        const { ticker, ticks } = watch(100);
        await ticker.start();
        await clock.pass(99);
        assertEquals(ticks.length, 0);
        await clock.pass(1);
        assertEquals(ticks.length, 1);
        await clock.pass(250);
        assertEquals(ticks.length, 3);
        await ticker.stop();
        await clock.pass(250);
        assertEquals(ticks.length, 3);
        ticks.reduce((previous, tick) => {
          assert(
            Math.abs(tick.scheduledAt - previous.scheduledAt - 100) < 0.01,
            `${previous.scheduledAt} ${tick.scheduledAt}`,
          );
          assertEquals(tick.missed, 0);
          return tick;
        });
      }),
    );

    it(
      "a ticker that is not persistent ticks as well",
      under(kind, async (clock) => {
        const { ticker, ticks } = watch(100, () => {}, { persistent: false });
        await ticker.start();
        await clock.pass(250);
        assertEquals(ticks.length, 2);
        await ticker.stop();
      }),
    );

    it(
      "a ticker runs for a thousand intervals without drift",
      under(kind, async (clock) => {
        const { ticker, ticks } = watch(kind.tells ? 3.5 : 4);
        const before = performance.now();
        await ticker.start();
        await clock.pass(kind.tells ? 3_500 : 4_000);
        await ticker.stop();
        // Where nothing that can be read is faked, real time goes on as well.
        const real = kind.tells ? 0 : performance.now() - before + 40;
        assertGreaterOrEqual(ticks.length, 1_000 - real / 4);
        assertLessOrEqual(ticks.length, 1_000 + real / 4);
      }),
    );

    it(
      "a tick that overruns makes those it covers missed",
      { ignore: !kind.tells },
      under(kind, async (clock) => {
        let first = true;
        const { ticker, ticks } = watch(100, () => {
          if (!first) return;
          first = false;
          return wait(250);
        });
        await ticker.start();
        await clock.pass(520);
        await ticker.stop();
        assertEquals(ticks.map(({ missed }) => missed), [0, 2, 0]);
        assertEquals(
          ticks.map(({ duration }) => Math.round(duration / 50) * 50),
          [250, 0, 0],
        );
        // The real time that a test takes is no time of the fake clock.
        assertEquals(
          ticks.map(({ scheduledAt }) =>
            Math.round((scheduledAt - ticks[0]!.scheduledAt) / 50) * 50
          ),
          [0, 300, 400],
        );
      }),
    );

    it(
      "the real time that a test takes is no time of the clock's",
      { ignore: kind.within === true },
      under(kind, async (clock) => {
        const { ticker, ticks } = watch(10);
        await ticker.start();
        await clock.pass(15);
        const until = realNow() + 40;
        while (realNow() < until);
        await clock.pass(30);
        assertEquals(ticks.map(({ missed }) => missed), [0, 0, 0, 0]);
        await ticker.stop();
      }),
    );

    it(
      "a tick that overruns is never doubled, and the ticker goes on",
      under(kind, async (clock) => {
        let inside = 0;
        let most = 0;
        const { ticker, ticks } = watch(10, async () => {
          most = Math.max(most, ++inside);
          await wait(15);
          inside--;
        });
        await ticker.start();
        await clock.pass(199);
        assertEquals(most, 1);
        assertGreaterOrEqual(ticks.length, 7);
        const stopping = ticker.stop();
        await clock.pass(15);
        await stopping;
      }),
    );

    it(
      "reset, tickTimeout and the grace go by the clock",
      under(kind, async (clock) => {
        let count = 0;
        const { ticker, ticks } = watch(100, (_signal, { reset }) => {
          if (++count === 1) return reset(30);
          if (count === 2) return wait(60);
          return new Promise(() => {});
        }, { tickTimeout: 50 });
        await ticker.start();
        await clock.pass(100);
        await clock.pass(30);
        assertEquals([count, ticker.errorsTotal()], [2, 0]);
        await clock.pass(50);
        assertEquals(ticker.errorsTotal(), 1);
        await clock.pass(45);
        assertEquals([count, ticks.length], [3, 2]);
        const stopping = ticker.stop({ timeout: 500 });
        let settled = false;
        stopping.catch(() => settled = true);
        await clock.pass(499);
        assertEquals(settled, false);
        await clock.pass(1);
        await assertRejects(() => stopping, DOMException, "500 ms");
      }),
    );

    it(
      "runTick checks when the clock says so",
      under(kind, async (clock) => {
        let checks = 0;
        const result = runTick(() => ++checks === 4, {
          interval: 100,
          timeout: 1_000,
        });
        await clock.pass(299);
        assertEquals(checks, 3);
        await clock.pass(1);
        assertEquals([await result, checks], [true, 4]);
        const late = runTick(() => false, { interval: 100, timeout: 250 });
        await clock.pass(250);
        assertEquals(await late, false);
      }),
    );

    it(
      "a wait for readiness goes by the clock",
      under(kind, async (clock) => {
        const service = new StartStop((signal) => untilAborted(signal), () => {
        }, { awaitReady: true, startTimeout: 1_000, printErrors: false });
        const started = service.start();
        await clock.pass(999);
        assertEquals(service.state, "starting");
        await clock.pass(1);
        await assertRejects(() => started, DOMException, "1000 ms");
        assertEquals(service.state, "stopped");
      }),
    );

    it(
      "a ticker of before goes on by the real clock",
      { ignore: kind.within === true },
      async () => {
        let count = 0;
        const ticker = new Ticker(2, () => count++);
        await ticker.start();
        const clock = await kind.install();
        try {
          await until(() => count >= 10);
        } finally {
          clock.restore();
        }
        await ticker.stop();
      },
    );

    it(
      "the uptime is by whatever performance.now() says",
      under(kind, async (clock) => {
        const { performance } = globalThis;
        const { ticker } = watch(100);
        const before = performance.now();
        await ticker.start();
        const after = performance.now();
        await clock.pass(500);
        const least = performance.now() - after;
        const uptime = ticker.uptime();
        const most = performance.now() - before;
        assertGreaterOrEqual(uptime, least);
        assertLessOrEqual(uptime, most);
        await ticker.stop();
        assertEquals(ticker.uptime(), 0);
      }),
    );

    it("a ticker of before goes on when the clock is gone", async () => {
      const { ticker, ticks } = watch(5);
      await ticker.start();
      const clock = await kind.install();
      await clock.pass(1_000);
      clock.restore();
      // Whatever it was that the fake clock kept from it.
      await ticker.restart();
      const before = ticks.length;
      await until(() => ticks.length > before + 2);
      await ticker.stop();
    });

    it("a ticker that is leaked disturbs nobody when it is gone", async () => {
      const first = await kind.install();
      const leaked = watch(100);
      await leaked.start();
      await first.pass(150);
      first.restore();
      assertEquals(leaked.ticks.length, 1);

      // On the real clock it is silent, and stops, and starts again.
      await wait(120);
      assertEquals(leaked.ticks.length, 1);
      assertGreaterOrEqual(leaked.ticker.uptime(), 0);
      await leaked.ticker.stop();
      await leaked.ticker.start();
      leaked.ticks.length = 0;
      await until(() => leaked.ticks.length >= 1);
      await leaked.ticker.stop();
    });

    for (const next of [kind, ...clocks.filter((each) => each !== kind)]) {
      it(`a ticker that is leaked does not disturb a test under ${next.name}`, {
        ignore: ignore || next.missing === true,
      }, async () => {
        const first = await kind.install();
        const leaked = watch(100);
        const other = watch(100);
        await leaked.start();
        await other.start();
        await first.pass(150);
        first.restore();

        const second = await next.install();
        try {
          // The ids of these may be those of the timers that were left behind.
          const fired: number[] = [];
          for (let id = 0; id < 5; id++) {
            setTimeout(() => fired.push(id), 500);
          }
          const fresh = watch(100);
          await fresh.start();
          await leaked.ticker.stop();
          await second.pass(350);
          assertEquals(fresh.ticks.length, 3);
          await second.pass(200);
          assertEquals(fired, [0, 1, 2, 3, 4]);
          assertEquals(fresh.ticks.length, 5);
          await fresh.ticker.stop();
          assertEquals([leaked.ticks.length, other.ticks.length], [1, 1]);

          // Stopped there, it can run there.
          await leaked.ticker.start();
          await second.pass(250);
          assertEquals(leaked.ticks.length, 3);
          await leaked.ticker.stop();
        } finally {
          second.restore();
        }
        await other.ticker.stop();
        assertEquals([leaked.ticker.state, other.ticker.state], [
          "stopped",
          "stopped",
        ]);
      });
    }

    it("a ticker that is leaked within a tick can be stopped later", async () => {
      const first = await kind.install();
      const work = gate();
      const leaked = watch(100, () => work.promise, { tickTimeout: 10_000 });
      await leaked.start();
      await first.pass(150);
      const graced = leaked.ticker.stop({ timeout: 5_000 });
      first.restore();

      const second = await kind.install();
      try {
        let fired = 0;
        for (let id = 0; id < 5; id++) setTimeout(() => fired++, 500);
        const stopping = leaked.ticker.stop();
        await second.pass(200);
        work.open();
        await second.pass(200);
        await stopping;
        await graced;
        assertEquals(leaked.ticker.state, "stopped");
        await second.pass(200);
        assertEquals(fired, 5);
      } finally {
        second.restore();
      }
    });

    it("a tick that ends when the clock is gone harms nobody", async () => {
      const clock = await kind.install();
      const work = gate();
      const leaked = watch(10, () => work.promise);
      await leaked.start();
      await clock.pass(15);
      clock.restore();
      work.open();
      await wait(15);
      assertEquals(leaked.ticks.length, 1);
      await leaked.ticker.stop();
      assertEquals(leaked.ticker.state, "stopped");
      await leaked.ticker.start();
      await until(() => leaked.ticks.length >= 3);
      await leaked.ticker.stop();
    });

    it("a ticker that was made under it runs by the real clock later", async () => {
      const clock = await kind.install();
      const { ticker, ticks } = watch(5);
      clock.restore();
      await ticker.start();
      await until(() => ticks.length >= 2);
      await ticker.stop();
    });
  });
}

describe("A fake clock", () => {
  it("of Date and the timers, as FakeTime, moves all but the uptime", async () => {
    using time = new FakeTime();
    const { ticker, ticks } = watch(1_000);
    const before = performance.now();
    await ticker.start();
    time.tick(3_600_000);
    const { uptime, passed } = {
      uptime: ticker.uptime(),
      passed: performance.now() - before,
    };
    await ticker.stop();
    assertEquals(ticks.length, 3_600);
    const [first, last] = [ticks[0]!, ticks.at(-1)!];
    for (const at of ["scheduledAt", "startedAt"] as const) {
      assertEquals(Math.round(last[at] - first[at]), 3_599_000);
    }
    assertLessOrEqual(uptime, passed);
  });

  // No browser has such a clock; in Firefox a mark was once not seen at once.
  const marks = "document" in globalThis ? it.skip : it;
  marks(
    "that marks the engine's own functions, as Bun's does, hands no ticker on to them",
    async () => {
      const { setTimeout } = globalThis;
      const work = gate();
      const { ticker, ticks } = watch(5, () => work.promise, {
        immediate: true,
      });
      Object.assign(setTimeout, { clock: {} });
      try {
        await ticker.start();
      } finally {
        Reflect.deleteProperty(setTimeout, "clock");
      }
      work.open();
      await wait(20);
      assertEquals([ticks.length, ticker.state], [1, "running"]);
      await ticker.restart();
      await until(() => ticks.length >= 4);
      await ticker.stop();
    },
  );

  it("that is set back in time does not stop a ticker", async () => {
    const { ticker, ticks } = watch(5);
    await ticker.start();
    const RealDate = Date;
    try {
      // The wall clock may do so at any time: it is not what a grid goes by.
      globalThis.Date = class extends RealDate {
        static override now(): number {
          return 0;
        }
      } as DateConstructor;
      await until(() => ticks.length >= 3);
    } finally {
      globalThis.Date = RealDate;
    }
    assertEquals(ticker.errorsTotal(), 0);
    await ticker.stop();
  });

  it("of timers that replaces only Date.now is followed", async () => {
    const clock = new HandClock({ date: false, performance: false });
    const { now } = Date;
    Date.now = () => 1_000_000 + clock.now;
    try {
      let first = true;
      const { ticker, ticks } = watch(100, () => {
        if (!first) return;
        first = false;
        return wait(250);
      });
      await ticker.start();
      await clock.pass(520);
      await ticker.stop();
      assertEquals(ticks.map(({ missed }) => missed), [0, 2, 0]);
    } finally {
      Date.now = now;
      clock.restore();
    }
  });

  it("that looks like the engine's, and moves its timers alone, is counted by", async () => {
    const clock = new HandClock({
      engine: true,
      date: false,
      performance: false,
    });
    try {
      const { ticker, ticks } = watch(1);
      await ticker.start();
      await clock.pass(100);
      await ticker.stop();
      assertGreaterOrEqual(ticks.length, 45);
    } finally {
      clock.restore();
    }
  });

  /** Timers that are moved by hand, and a reading that is set by hand. */
  async function disguised(
    body: (clock: HandClock, show: (ms: number) => void) => Promise<void>,
  ): Promise<void> {
    const clock = new HandClock({
      engine: true,
      date: false,
      performance: false,
    });
    const { now } = performance;
    let reading = 0;
    performance.now = () => reading;
    try {
      await body(clock, (ms) => reading = ms);
    } finally {
      performance.now = now;
      clock.restore();
    }
  }

  it("that moves its timers alone is counted by also after a pause", () =>
    disguised(async (clock, show) => {
      const { ticker, ticks } = watch(10);
      await ticker.start();
      show(30);
      await clock.pass(10);
      assertEquals(ticks.length, 1);
      await clock.pass(10);
      assertEquals(ticks.length, 2);
      await ticker.stop();
    }));

  it("whose timer comes a millisecond early, as engines' may, is not counted by", () =>
    disguised(async (clock, show) => {
      const { ticker, ticks } = watch(10);
      await ticker.start();
      show(9);
      await clock.pass(10);
      assertEquals(ticks.length, 0);
      show(10);
      await clock.pass(1);
      assertEquals(ticks.length, 1);
      await ticker.stop();
    }));

  it("whose timers come a little early over and over is not counted by", () =>
    disguised(async (clock, show) => {
      let passed = 0;
      // What a tick takes is not in the engine's own idea of the time, from which
      // its next timer counts.
      const { ticker, ticks } = watch(7.3, () => show(passed + 0.3));
      await ticker.start();
      while (passed < 2_190) {
        show(++passed);
        await clock.pass(1);
      }
      assertEquals(ticks.length, 300);
      await ticker.stop();
    }));

  // As tools that trace a program do, and as Bun's clock that was left on.
  const { setTimeout: engines } = globalThis;
  const guises: [string, () => void, () => void][] = [
    [
      "wraps",
      () =>
        globalThis.setTimeout = ((call: () => void, ms?: number) =>
          engines(call, ms)) as typeof setTimeout,
      () => globalThis.setTimeout = engines,
    ],
    [
      "marks",
      () => Object.assign(engines, { clock: {} }),
      () => void Reflect.deleteProperty(engines, "clock"),
    ],
  ];
  for (const [verb, begin, end] of guises) {
    it(`that only ${verb} the engine's functions leaves a ticker on the real time`, async () => {
      begin();
      try {
        let first = true;
        const { ticker, ticks } = watch(10, () => {
          if (!first) return;
          first = false;
          return wait(45);
        });
        await ticker.start();
        await until(() => ticks.length >= 2);
        assertGreaterOrEqual(ticks[1]!.missed, 2);
        await ticker.stop();
      } finally {
        end();
      }
    });
  }

  it("of Date alone leaves a ticker that starts on the real timers", async () => {
    const RealDate = Date;
    globalThis.Date = class extends RealDate {
      static override now(): number {
        return 0;
      }
    } as DateConstructor;
    try {
      const { ticker, ticks } = watch(5);
      await ticker.start();
      await until(() => ticks.length >= 3);
      await ticker.stop();
    } finally {
      globalThis.Date = RealDate;
    }
  });

  for (const shared of [true, false]) {
    const whose = shared ? "all instances" : "each instance";
    it(`that refuses to clear once it is gone does not fail a stop, with functions of ${whose}`, async () => {
      const clock = new HandClock({ shared, refuses: true });
      const { ticker } = watch(10, () => {}, { immediate: true });
      await ticker.start();
      clock.restore();
      await ticker.stop();
      await ticker.finished();
      assertEquals([ticker.state, ticker.errorsTotal()], ["stopped", 0]);
    });
  }

  for (
    const name of ["unbound setTimeout", "_fakeSetTimeout", "fakeSetTimeouts"]
  ) {
    it(`whose function is named ${name} has its timers cleared`, async () => {
      const { setTimeout, clearTimeout } = globalThis;
      const cleared: unknown[] = [];
      const set = (call: () => void, ms?: number) => setTimeout(call, ms);
      globalThis.setTimeout = Object.defineProperty(set, "name", {
        value: name,
      }) as typeof setTimeout;
      globalThis.clearTimeout = (id) => {
        cleared.push(id);
        clearTimeout(id);
      };
      try {
        const ticker = new Ticker(60_000, () => {});
        await ticker.start();
        await ticker.stop();
        assertEquals(cleared.length, 1);
      } finally {
        Object.assign(globalThis, { setTimeout, clearTimeout });
      }
    });
  }

  it("that is gone as a tick ends is the end of that run, and no more", async () => {
    const clock = new HandClock({ shared: true, performance: false });
    const work = gate();
    let control: TickControl | undefined;
    const { ticker, ticks } = watch(1, (_signal, given) => {
      control = given;
      return work.promise;
    }, { immediate: true });
    await ticker.start();
    clock.block(5);
    clock.restore();
    work.open();
    await until(() => ticker.state === "stopped");
    assertEquals([ticks.length, ticker.errorsTotal()], [1, 1]);
    control?.reset(1);
    await wait(5);
    assertEquals([ticks.length, ticker.state], [1, "stopped"]);
  });

  it("by @sinonjs/fake-timers is left without a timer by whatever has ended", async () => {
    const { install } = await import("@sinonjs/fake-timers");
    const clock = install({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    try {
      const { ticker } = watch(10, () => wait(5), { tickTimeout: 50 });
      const service = new StartStop(
        async (signal, { ready }) => {
          ready();
          await untilAborted(signal);
        },
        () => {},
        { awaitReady: true },
      );
      await ticker.start();
      await service.start();
      const life = new AbortController();
      const { signal } = life;
      const check = runTick(() => false, { interval: 9, timeout: 90, signal });
      await clock.tickAsync(27);
      life.abort();
      await Promise.all([ticker.stop(), service.stop(), check]);
      assertEquals(clock.countTimers(), 0);
    } finally {
      clock.uninstall();
    }
  });

  it("hands nothing on: each run asks anew which clock is in force", async () => {
    const { ticker, ticks } = watch(1_000);
    for (let round = 1; round <= 3; round++) {
      {
        using time = new FakeTime();
        await ticker.start();
        time.tick(1_000);
        await ticker.stop();
        assertEquals(ticks.length, round);
      }
      await ticker.start();
      await wait(1);
      await ticker.stop();
      assertEquals(ticks.length, round);
    }
  });
});
