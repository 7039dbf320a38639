// No listener on a caller's signal and no timer is left behind.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { install } from "@sinonjs/fake-timers";
import {
  type Runner,
  StartStop,
  type StartStopOptions,
  Ticker,
  untilAborted,
} from "@golib/runner";
import {
  type Behaviour,
  CountingController,
  serve,
  type Service,
  turns,
} from "./_helpers.ts";

describe("a caller's signal has no listener left", () => {
  /** Each way through a life; `life` is the signal's, to be left by all. */
  const WAYS: [
    string,
    (service: Service, life: CountingController) => Promise<unknown>,
    (StartStopOptions & Behaviour)?,
  ][] = [
    ["after a start and a stop", async ({ runner }, { signal }) => {
      await runner.start({ signal });
      await runner.stop({ signal });
    }],
    ["after the run's own end", async ({ runner, run }, { signal }) => {
      await runner.start({ signal });
      run().end.open();
      await runner.finished({ signal });
    }],
    ["after the run's failure", async ({ runner, run }, { signal }) => {
      await runner.start({ signal });
      run().end.fail(new Error("broken"));
      await runner.finished({ signal }).catch(() => {});
    }],
    ["after a failure before it was ready", async (service, { signal }) => {
      const started = service.runner.start({ signal });
      service.run().end.fail(new Error("broken"));
      await started.catch(() => {});
      await service.runner.finished().catch(() => {});
    }, { awaitReady: true }],
    ["after a startTimeout", async ({ runner }, { signal }) => {
      await runner.start({ signal, timeout: 0 }).catch(() => {});
      await runner.finished({ signal }).catch(() => {});
    }, { awaitReady: true }],
    ["after a grace that passed", async ({ runner, run }, { signal }) => {
      await runner.start({ signal });
      await runner.stop({ signal, timeout: 0 }).catch(() => {});
      await runner.restart({ signal, timeout: 0 }).catch(() => {});
      run().end.open();
      await runner.finished({ signal });
    }, { stubborn: true }],
    [
      "after calls that were called off",
      async ({ runner, run }, { signal }) => {
        runner.start({ signal });
        runner.restart({ signal });
        runner.restart();
        runner.start({ signal });
        runner.stop({ signal });
        run().end.open();
        await runner.finished({ signal });
      },
      { awaitReady: true, stubborn: true },
    ],
    ["after restarts that carry it over", async ({ runner }, { signal }) => {
      await runner.start({ signal });
      await runner.restart();
      await Promise.all([runner.restart(), runner.restart()]);
      await runner.stop();
    }],
    ["after its abort while running", async ({ runner }, life) => {
      await runner.start({ signal: life.signal });
      life.abort();
      await runner.finished();
    }],
    ["after its abort while starting", async ({ runner }, life) => {
      const started = runner.start({ signal: life.signal });
      life.abort();
      await started.catch(() => {});
      await runner.finished();
    }, { awaitReady: true }],
    ["after its abort while in the queue", async ({ runner, run }, life) => {
      const { signal } = life;
      await runner.start();
      const calls = [
        runner.start({ signal }),
        runner.restart({ signal }),
        runner.finished({ signal }),
      ];
      life.abort();
      run().end.open();
      await Promise.allSettled(calls);
      await runner.finished();
    }, { stubborn: true }],
    ["after its abort while a stop waits", async ({ runner, run }, life) => {
      await runner.start({ signal: life.signal });
      const stopped = runner.stop({ signal: life.signal });
      life.abort();
      await stopped.catch(() => {});
      run().end.open();
      await runner.finished();
    }, { stubborn: true }],
    ["which had aborted before", async ({ runner }, life) => {
      life.abort();
      const { signal } = life;
      await Promise.allSettled([
        runner.start({ signal }),
        runner.restart({ signal }),
        runner.finished({ signal }),
      ]);
      await runner.start();
      await runner.stop({ signal }).catch(() => {});
      await runner.finished();
    }],
  ];

  for (const [name, way, options = {}] of WAYS) {
    it(name, async () => {
      const life = new CountingController();
      const clock = install({ toFake: ["setTimeout", "clearTimeout"] });
      try {
        const { stubborn = false, ...rest } = options;
        const service = serve(rest, { stubborn });
        const done = way(service, life);
        await turns();
        await clock.tickAsync(1);
        await done;
        await turns();
        assertEquals(service.runner.state, "stopped");
        assertEquals([life.count, clock.countTimers()], [0, 0]);
      } finally {
        clock.uninstall();
      }
    });
  }

  it("nor while a run stops: it has been told", async () => {
    const life = new CountingController();
    const service = serve({}, { stubborn: true });
    await service.runner.start({ signal: life.signal });
    assertEquals(life.count, 1);
    const stopped = service.runner.stop();
    assertEquals(life.count, 0);
    service.run().end.open();
    await stopped;
  });

  it("after a thousand cycles, and after a thousand calls that were refused", async () => {
    const life = new CountingController();
    const service = serve();
    for (let cycle = 0; cycle < 1_000; cycle++) {
      await service.runner.start({ signal: life.signal });
      await service.runner.stop({ signal: life.signal });
    }
    assertEquals(life.count, 0);
    for (let call = 0; call < 1_000; call++) {
      const { signal } = life;
      await service.runner.start({ signal, timeout: NaN }).catch(() => {});
      await service.runner.stop({ signal, timeout: -1 }).catch(() => {});
    }
    assertEquals(life.count, 0);
  });
});

describe("one signal", () => {
  it("costs one listener, however many runners live on it", async () => {
    const life = new CountingController();
    const runners: Runner[] = [];
    for (let index = 0; index < 100; index++) {
      runners.push(
        new StartStop((signal) => untilAborted(signal)),
        new Ticker(3_600_000, () => {}),
      );
    }
    for (const runner of runners) await runner.start({ signal: life.signal });
    assertEquals([life.count, life.added], [1, 1]);
    for (const runner of runners.slice(1)) await runner.stop();
    assertEquals(life.count, 1);
    await runners[0]!.stop();
    assertEquals(life.count, 0);
  });

  it("costs one listener, however many calls wait with it", async () => {
    const life = new CountingController();
    const { signal } = life;
    const service = serve({}, { stubborn: true });
    const { runner, run } = service;
    await runner.start({ signal });
    const calls = [];
    for (let call = 0; call < 50; call++) {
      calls.push(
        runner.restart({ signal }),
        runner.stop({ signal }),
        runner.finished({ signal }),
      );
    }
    assertEquals(life.count, 1);
    run().end.open();
    await Promise.allSettled(calls);
    assertEquals(life.count, 0);
  });

  it("stops all that live on it, with one abort", async () => {
    const life = new AbortController();
    const runners = Array.from(
      { length: 10 },
      () => new StartStop((signal) => untilAborted(signal)),
    );
    for (const runner of runners) await runner.start({ signal: life.signal });
    life.abort();
    assertEquals(
      runners.map(({ state }) => state),
      runners.map(() => "stopping" as const),
    );
    await Promise.all(runners.map((runner) => runner.finished()));
  });

  for (const call of ["stop", "start"] as const) {
    it(`stops no run again whose end a ${call}() asked for within the abort`, async () => {
      const life = new AbortController();
      const { signal } = life;
      const later = serve();
      const calls: Promise<void>[] = [];
      const sooner = new StartStop((signal) => {
        signal.addEventListener("abort", () => {
          calls.push(later.runner[call]());
        });
        return untilAborted(signal);
      });
      await sooner.start({ signal });
      await later.runner.start({ signal });
      life.abort(new Error("the end"));
      await Promise.all(calls);
      await sooner.finished();
      assertEquals([calls.length, later.stops], [1, 1]);
      assertEquals(later.runs[0]!.signal.reason.name, "AbortError");
      assertEquals(later.runner.isRunning(), call === "start");
      await later.runner.stop();
    });
  }
});

describe("no timer is left", () => {
  it("by a stop that ends in time, under a clock that was wrapped", async () => {
    // As tools that trace a program wrap it, which is no fake clock.
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const armed = new Set<unknown>();
    Object.assign(globalThis, {
      setTimeout(callback: () => void, ms: number) {
        const timer = set(callback, ms);
        armed.add(timer);
        return timer;
      },
      clearTimeout(timer: ReturnType<typeof set>) {
        armed.delete(timer);
        clear(timer);
      },
    });
    try {
      const service = serve({}, { stubborn: true });
      await service.runner.start();
      const stopped = service.runner.stop({ timeout: 60_000 });
      assertEquals(armed.size, 1);
      service.run().end.open();
      await stopped;
      assertEquals(armed.size, 0);
    } finally {
      Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    }
  });

  it("by a start whose readiness came in time", async () => {
    const clock = install({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const service = serve({ awaitReady: true });
      const started = service.runner.start();
      assertEquals(clock.countTimers(), 1);
      service.run().control.ready();
      await started;
      assertEquals(clock.countTimers(), 0);
      await service.runner.stop();
    } finally {
      clock.uninstall();
    }
  });
});
