import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { RunnerEvent } from "@golib/runner";
import type { TickOptions } from "@golib/runner/ticker";
import { every } from "@golib/runner/schedule";
import { dated, from, hour, minute, second } from "./_calendar.ts";
import { timed } from "./_fake_clocks.ts";
import {
  CountingController,
  gate,
  reasonOf,
  turns,
  watch,
} from "./_helpers.ts";

describe("ticker.tick() of a stopped Ticker", () => {
  it(
    "runs one tick, and leaves nothing behind",
    timed(async (clock) => {
      let ticks = 0;
      const { ticker } = dated(minute, () => void ticks++);
      await ticker.tick();
      assertEquals([ticks, ticker.state, clock.pending], [1, "stopped", 0]);
      await ticker.tick();
      assertEquals(ticks, 2);
      await ticker.finished();
    }),
  );

  it("begins the tick inside the call, as a run of its own", async () => {
    const end = gate();
    const { ticker } = dated(minute, () => end.promise);
    const ticked = watch(ticker.tick());
    assertEquals(ticker.state, "running");
    await turns();
    assertEquals(ticked.status, "pending");
    end.open();
    await turns();
    assertEquals([ticked.status, ticker.state], ["resolved", "stopped"]);
  });

  it("tells its observers what any run tells", async () => {
    const told: string[] = [];
    const { ticker } = dated(minute, () => {}, {
      observer(event: RunnerEvent) {
        told.push(event.type === "state" ? event.to : event.type);
      },
    });
    await ticker.tick();
    assertEquals(told, ["running", "tick", "stopped"]);
  });

  it("resolves when the tick fails too, and records why", async () => {
    for (
      const fail of [
        () => {
          throw new Error("no");
        },
        () => Promise.reject(new Error("no")),
      ]
    ) {
      const { ticker, events } = dated(minute, fail);
      await ticker.tick();
      assertEquals(ticker.errorsLast()?.message, "no");
      assertStrictEquals(events[0]!.error, ticker.errorsLast());
      await ticker.tick();
      assertEquals(ticker.errorsTotal(), 1);
    }
  });

  it(
    "asks no schedule, and goes by epoch milliseconds where there is one",
    from("2026-01-01T10:30", async () => {
      let asked = 0;
      const { ticker, ticks } = dated({ nextRun: () => (asked++, null) });
      await ticker.tick();
      assertEquals([ticks(), asked], [[["2026-01-01T10:30", 0, 0]], 0]);
    }),
  );

  it(
    "goes by performance.now() where there is an interval",
    timed(async (clock) => {
      const { ticker, events } = dated(minute);
      await clock.pass(7 * second);
      await ticker.tick();
      const { scheduledAt, startedAt, missed, duration } = events[0]!;
      assertEquals(
        [scheduledAt, startedAt, missed, duration],
        [performance.now(), performance.now(), 0, 0],
      );
    }),
  );

  it(
    "has the time limit of any tick",
    timed(async (clock) => {
      const { ticker } = dated(
        minute,
        (signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
        { tickTimeout: second },
      );
      const ticked = watch(ticker.tick());
      await clock.pass(second);
      assertEquals(ticked.status, "resolved");
      assertEquals(
        [ticker.errorsTotal(), ticker.errorsLast()!.name],
        [1, "TimeoutError"],
      );
    }),
  );

  it("leaves control.reset and control.stop without effect", async () => {
    const { ticker, events } = dated(minute, (_signal, control) => {
      control.reset(1);
      control.stop();
    });
    await ticker.tick();
    assertEquals([ticker.state, events.length], ["stopped", 1]);
    assertEquals(ticker.errorsTotal(), 0);
  });

  it("is asked to stop by a stop, and by a start, which waits for it", async () => {
    for (const replace of ["stop", "start"] as const) {
      let ticks = 0;
      let atOnce = 0;
      const { ticker } = dated(minute, async (signal) => {
        assertEquals(++atOnce, 1);
        ticks++;
        await new Promise((resolve) =>
          signal.addEventListener("abort", resolve)
        );
        await Promise.resolve();
        atOnce--;
      });
      const ticked = ticker.tick();
      const replaced = ticker[replace]();
      await Promise.all([ticked, replaced]);
      assertEquals(
        [ticks, ticker.state],
        [1, replace === "stop" ? "stopped" : "running"],
      );
      await ticker.stop();
    }
  });
});

describe("ticker.tick() of a running Ticker", () => {
  it(
    "ticks beside the grid, which stays",
    timed(async (clock) => {
      const { ticker, events } = dated(10 * second);
      const origin = performance.now();
      await ticker.start();
      await clock.pass(14 * second);
      await ticker.tick();
      await clock.pass(16 * second);
      await ticker.stop();
      assertEquals(
        events.map(({ scheduledAt, startedAt, missed }) => [
          scheduledAt - origin,
          startedAt - origin,
          missed,
        ]),
        [[10, 10, 0], [14, 14, 0], [20, 20, 0], [30, 30, 0]].map(
          ([due, start, missed]) => [due! * second, start! * second, missed],
        ),
      );
    }),
  );

  it(
    "ticks beside the schedule, which stays",
    from("2026-01-01T10:30", async (clock) => {
      const { ticker, ticks } = dated(every(hour));
      await ticker.start();
      await ticker.tick();
      await clock.pass(hour);
      await ticker.tick();
      await clock.pass(hour);
      await ticker.stop();
      assertEquals(ticks(), [
        ["2026-01-01T10:30", 0, 0],
        ["2026-01-01T11:00", 0, 0],
        ["2026-01-01T11:30", 0, 0],
        ["2026-01-01T12:00", 0, 0],
      ]);
    }),
  );

  it(
    "makes those that it covers missed",
    timed(async (clock) => {
      const end = gate();
      let first = true;
      const { ticker, events } = dated(10 * second, () => {
        if (!first) return;
        first = false;
        return end.promise;
      });
      const origin = performance.now();
      await ticker.start();
      const ticked = ticker.tick();
      await clock.pass(25 * second);
      end.open();
      await ticked;
      await clock.pass(10 * second);
      await ticker.stop();
      assertEquals(
        events.map(({ startedAt, missed }) => [startedAt - origin, missed]),
        [[0, 0], [30 * second, 2]],
      );
      await ticker.start();
      clock.block(45 * second);
      await clock.pass(0);
      await ticker.tick();
      assertEquals(events.slice(2).map(({ missed }) => missed), [3, 0]);
      await ticker.stop();
    }),
  );

  it("leaves it running, also where the tick fails", async () => {
    const { ticker } = dated(hour, () => {
      throw new Error("no");
    });
    await ticker.start();
    await ticker.tick();
    assertEquals([ticker.state, ticker.errorsTotal()], ["running", 1]);
    await ticker.stop();
  });

  it("is asked to stop by a stop, which waits for it", async () => {
    const end = gate();
    let reason: unknown;
    const { ticker } = dated(hour, (signal) => {
      signal.addEventListener("abort", () => reason = signal.reason);
      return end.promise;
    });
    await ticker.start();
    const ticked = watch(ticker.tick());
    const stopped = watch(ticker.stop());
    assertEquals((reason as Error).name, "AbortError");
    await Promise.resolve();
    assertEquals([ticked.status, stopped.status], ["pending", "pending"]);
    end.open();
    await turns();
    assertEquals([ticked.status, stopped.status], ["resolved", "resolved"]);
  });
});

describe("ticker.tick() rejects", () => {
  it("while another tick is in flight, whoever began it", async () => {
    for (const isStarted of [false, true]) {
      const end = gate();
      let ticks = 0;
      const { ticker } = dated(hour, () => {
        ticks++;
        return end.promise;
      }, { name: "backup", immediate: isStarted });
      const first = isStarted ? ticker.start() : ticker.tick();
      await assertRejects(
        () => ticker.tick(),
        Error,
        `Cannot tick "backup": a tick or a stop is in flight`,
      );
      end.open();
      await first;
      await ticker.stop();
      assertEquals([ticks, ticker.errorsTotal()], [1, 0]);
    }
  });

  it("from within a tick, which goes on", async () => {
    let rejection: unknown;
    const { ticker } = dated(hour, async () => {
      rejection ??= await reasonOf(ticker.tick());
    });
    await ticker.tick();
    assert(rejection instanceof Error);
    assertEquals(ticker.errorsTotal(), 0);
  });

  it("while the runner is stopping", async () => {
    const end = gate();
    const { ticker } = dated(hour, () => end.promise, { immediate: true });
    await ticker.start();
    const stopped = ticker.stop();
    assertEquals(ticker.state, "stopping");
    await assertRejects(() => ticker.tick(), Error, "Cannot tick");
    end.open();
    await stopped;
    await ticker.tick();
  });

  it("with the reason of a signal that has aborted, and runs nothing", async () => {
    let ticks = 0;
    const { ticker } = dated(hour, () => void ticks++);
    const reason = new Error("too late");
    const signal = AbortSignal.abort(reason);
    assertStrictEquals(await reasonOf(ticker.tick({ signal })), reason);
    assertEquals([ticks, ticker.state], [0, "stopped"]);
  });

  it("bad input, with a clear error", async () => {
    const { ticker } = dated(hour, () => {}, { name: "backup" });
    await assertRejects(
      () => ticker.tick(null as unknown as TickOptions),
      TypeError,
      `Cannot tick "backup": 'options' must be an object: current value is null`,
    );
    await assertRejects(
      () => ticker.tick({ signal: 5 } as unknown as TickOptions),
      TypeError,
      `'signal' must be an AbortSignal`,
    );
    assertEquals(ticker.state, "stopped");
  });
});

describe("the signal of ticker.tick()", () => {
  for (const isStarted of [false, true]) {
    const which = isStarted ? "running" : "stopped";

    it(`ends the tick of a ${which} Ticker, cleanly`, async () => {
      const controller = new CountingController();
      let reason: unknown;
      const { ticker } = dated(
        hour,
        (signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              reason = signal.reason;
              reject(reason);
            });
          }),
      );
      if (isStarted) await ticker.start();
      const ticked = ticker.tick({ signal: controller.signal });
      assertEquals(controller.count, 1);
      controller.abort(new Error("enough"));
      await ticked;
      assertEquals((reason as Error).message, "enough");
      assertEquals(ticker.errorsTotal(), 0);
      assertEquals(ticker.state, which);
      await ticker.stop();
    });

    it(`is left by a ${which} Ticker when the tick has ended`, async () => {
      const controller = new CountingController();
      const { signal } = controller;
      const { ticker } = dated(hour);
      if (isStarted) await ticker.start();
      await ticker.tick({ signal });
      assertEquals([controller.added, controller.count], [1, 0]);
      await ticker.stop();
    });
  }

  it("that cannot be listened to: rejects, and runs nothing", async () => {
    const refused = new Error("no listeners here");
    const signal = Object.assign(new AbortController().signal, {
      addEventListener() {
        throw refused;
      },
    });
    let ticks = 0;
    const { ticker } = dated(hour, () => void ticks++);
    assertStrictEquals(await reasonOf(ticker.tick({ signal })), refused);
    assertEquals([ticks, ticker.state], [0, "stopped"]);
    await ticker.tick();
    assertEquals(ticks, 1);
  });

  it("that starts the ticker when listened to: never two runs", async () => {
    const end = gate();
    let ticks = 0;
    const { ticker } = dated(hour, () => {
      ticks++;
      return end.promise;
    }, { immediate: true });
    const { signal } = new AbortController();
    const listen = signal.addEventListener;
    Object.assign(signal, {
      addEventListener(...values: unknown[]) {
        ticker.start();
        Reflect.apply(listen, signal, values);
      },
    });
    await assertRejects(() => ticker.tick({ signal }), Error, "Cannot tick");
    end.open();
    await ticker.stop();
    assertEquals(ticks, 1);
  });
});
