import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import {
  type GenerationFactory,
  type GenerationRunner,
  Reloadable,
  type ReloadableOptions,
} from "../reload/mod.ts";
import type { RunnerEvent } from "../runner.ts";
import { StartStop } from "../start_stop/mod.ts";
import { untilAborted } from "../tools.ts";
import { gate, turns, watch } from "./_helpers.ts";
import { canKill, spawn } from "./_child.ts";

const quiet = { printErrors: false } as const;

/** What one generation is to do. */
interface Plan {
  /** Milliseconds until it is ready; `Infinity` for never. */
  readonly ready?: number;
  /** Fails with this when it would be ready. */
  readonly fails?: unknown;
  /** Milliseconds that its stop takes; `Infinity` for until it is forced. */
  readonly stop?: number;
  /** The grace of its own stop. */
  readonly stopTimeout?: number;
}

const wait = (ms: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A `Reloadable` whose generations do as planned and tell of it. */
function app(plans: Plan[] = [], options: ReloadableOptions = {}) {
  const log: string[] = [];
  const ends = new Map<number, ReturnType<typeof gate>>();
  const reloadable = new Reloadable((generation) => {
    const plan = plans[generation - 1] ?? {};
    log.push(`make ${generation}`);
    const end = gate();
    ends.set(generation, end);
    return new StartStop(
      async (signal, { ready, force }) => {
        log.push(`start ${generation}`);
        try {
          if (plan.ready) {
            await Promise.race([
              untilAborted(signal),
              plan.ready < Infinity ? wait(plan.ready) : end.promise,
            ]);
          }
          if (plan.fails !== undefined && !signal.aborted) throw plan.fails;
          if (!signal.aborted) log.push(`ready ${generation}`);
          ready();
          await Promise.race([end.promise, untilAborted(signal)]);
          if (!signal.aborted) return;
          log.push(`stop ${generation}`);
          if (plan.stop === Infinity) await untilAborted(force);
          else if (plan.stop) await wait(plan.stop);
        } finally {
          log.push(`end ${generation}`);
        }
      },
      undefined,
      {
        awaitReady: true,
        name: `generation ${generation}`,
        stopTimeout: plan.stopTimeout ?? 2_000,
        ...quiet,
      },
    );
  }, { ...quiet, ...options });
  return {
    reloadable,
    log,
    /** Has a generation end by itself. */
    end: (generation: number) => ends.get(generation)!,
  };
}

describe("Reloadable", () => {
  let time: FakeTime;
  beforeEach(() => {
    time = new FakeTime();
  });
  afterEach(() => time.restore());

  it("makes nothing until it is started", () => {
    const { reloadable, log } = app();
    assertEquals(log, []);
    assertEquals(
      [reloadable.name, reloadable.state, reloadable.generation],
      ["reloadable", "stopped", 0],
    );
    assertStrictEquals(reloadable.current, undefined);
  });

  it("is running once its first generation is ready", async () => {
    const { reloadable, log } = app([{ ready: 50 }]);
    const start = watch(reloadable.start());
    await turns();
    assertEquals([reloadable.state, log], ["starting", ["make 1", "start 1"]]);
    await time.tickAsync(49);
    assertEquals([start.status, reloadable.generation], ["pending", 0]);
    await time.tickAsync(1);
    await turns();
    assertEquals(
      [start.status, reloadable.state, reloadable.generation],
      ["resolved", "running", 1],
    );
    await reloadable.stop();
    assertEquals(log.slice(2), ["ready 1", "stop 1", "end 1"]);
  });

  it("starts the next generation, waits until it is ready, then stops the old", async () => {
    const { reloadable, log } = app([{}, { ready: 100 }, {}]);
    await reloadable.start();
    const first = reloadable.current;
    log.length = 0;
    const reload = watch(reloadable.reload());
    await turns();
    await time.tickAsync(99);
    assertEquals(log, ["make 2", "start 2"]);
    assertStrictEquals(reloadable.current, first);
    assert(first?.isRunning());
    await time.tickAsync(1);
    await turns();
    assertEquals(log.slice(2), ["ready 2", "stop 1", "end 1"]);
    assertEquals([reload.status, reloadable.generation], ["resolved", 2]);
    assertEquals(first?.isRunning(), false);
    await reloadable.stop();
    assertEquals(log.slice(5), ["stop 2", "end 2"]);
  });

  it("resolves a reload when the old generation has ended", async () => {
    const { reloadable } = app([{ stop: 300 }]);
    await reloadable.start();
    const reload = watch(reloadable.reload());
    await turns();
    assertEquals([reload.status, reloadable.generation], ["pending", 2]);
    await time.tickAsync(300);
    await turns();
    assertEquals(reload.status, "resolved");
    await reloadable.stop();
  });

  it("keeps the old generation when the new one fails to start", async () => {
    const failure = new Error("no such table");
    const { reloadable, log } = app([{}, { ready: 10, fails: failure }]);
    await reloadable.start();
    const first = reloadable.current;
    const reload = watch(reloadable.reload());
    await turns();
    await time.tickAsync(10);
    await turns();
    assertStrictEquals(reload.reason, failure);
    assertStrictEquals(reloadable.current, first);
    assert(first?.isRunning());
    assertFalse(log.includes("stop 1"));
    assertEquals(reloadable.errorsList(), [failure]);
    assertEquals([reloadable.errorsLast(), reloadable.errorsTotal()], [
      failure,
      1,
    ]);
    await reloadable.reload();
    assertEquals(reloadable.generation, 3);
    await reloadable.stop();
    await reloadable.finished();
  });

  it("rejects a reload that is not ready in the time of its generation", async () => {
    const { reloadable, log } = app([{}, { ready: Infinity }]);
    await reloadable.start();
    const reload = watch(reloadable.reload());
    await turns();
    await time.tickAsync(30_000);
    await turns();
    assertStringIncludes(String(reload.reason), "TimeoutError");
    assertEquals(log.at(-1), "end 2");
    assertEquals(reloadable.generation, 1);
    await reloadable.stop();
  });

  it("makes one generation of reloads that are called in one go", async () => {
    const { reloadable, log } = app();
    await reloadable.start();
    await Promise.all(Array.from({ length: 100 }, () => reloadable.reload()));
    assertEquals(log.filter((each) => each.startsWith("make")), [
      "make 1",
      "make 2",
    ]);
    await reloadable.stop();
  });

  it("lets the last of concurrent reloads win", async () => {
    const { reloadable, log } = app([{}, { ready: 1_000 }, { ready: 10 }]);
    await reloadable.start();
    const first = watch(reloadable.reload());
    await turns();
    const second = watch(reloadable.reload());
    await turns();
    await time.tickAsync(10);
    await turns();
    assertEquals([first.status, second.status], ["resolved", "resolved"]);
    assertEquals(log.slice(3), [
      "make 2",
      "start 2",
      "stop 2",
      "end 2",
      "make 3",
      "start 3",
      "ready 3",
      "stop 1",
      "end 1",
    ]);
    assertEquals(reloadable.generation, 3);
    await reloadable.stop();
  });

  it("goes on at whatever moment of a reload the next one comes", async () => {
    const { reloadable } = app();
    await reloadable.start();
    for (let count = 0; count < 40; count++) {
      const first = reloadable.reload();
      await turns(count);
      await Promise.all([first, reloadable.reload()]);
      assert(reloadable.current?.isRunning(), `after ${count} turns`);
    }
    await reloadable.stop();
  });

  it("makes a further generation for a reload during a hand-over", async () => {
    const { reloadable } = app([{ stop: 100 }]);
    await reloadable.start();
    const first = watch(reloadable.reload());
    await turns();
    const second = watch(reloadable.reload());
    await turns();
    assertEquals(reloadable.generation, 2);
    await time.tickAsync(100);
    await turns();
    assertEquals([first.status, second.status], ["resolved", "resolved"]);
    assertEquals(reloadable.generation, 3);
    await reloadable.stop();
  });

  it("replaces the first generation by a reload while that starts", async () => {
    const { reloadable, log } = app([{ ready: 1_000 }]);
    const start = watch(reloadable.start());
    await turns();
    const reload = watch(reloadable.reload());
    await turns();
    assertEquals([start.status, reload.status], ["resolved", "resolved"]);
    assertEquals(log, [
      "make 1",
      "start 1",
      "stop 1",
      "end 1",
      "make 2",
      "start 2",
      "ready 2",
    ]);
    await reloadable.stop();
  });

  it("makes a newer generation for a reload that its factory calls", async () => {
    let reload: Promise<void> | undefined;
    const log: string[] = [];
    const reloadable = new Reloadable((generation) => {
      reload ??= reloadable.reload();
      return new StartStop(
        async (signal, { ready }) => {
          log.push(`start ${generation}`);
          await wait(generation === 1 ? 50 : 0);
          ready();
          await untilAborted(signal);
        },
        undefined,
        { awaitReady: true },
      );
    });
    reloadable.start();
    await turns();
    await time.tickAsync(50);
    await reload;
    await turns();
    assertEquals([reloadable.generation, log], [2, ["start 2"]]);
    await reloadable.stop();
  });

  it("rejects a reload at once when it is stopped meanwhile", async () => {
    const { reloadable, log } = app([{}, { ready: 1_000 }]);
    await reloadable.start();
    const reload = watch(reloadable.reload());
    await turns();
    const stop = watch(reloadable.stop());
    await turns();
    assertEquals((reload.reason as Error).name, "AbortError");
    assertEquals([stop.status, reloadable.state], ["resolved", "stopped"]);
    assertEquals(log.slice(3).sort(), [
      "end 1",
      "end 2",
      "make 2",
      "start 2",
      "stop 1",
      "stop 2",
    ]);
    await reloadable.finished();
  });

  it("resolves a reload that has taken over when it is stopped, once the old has ended", async () => {
    const { reloadable } = app([{ stop: 500 }]);
    await reloadable.start();
    const reload = watch(reloadable.reload());
    await turns();
    const stop = watch(reloadable.stop());
    await turns();
    assertEquals([reload.status, stop.status], ["pending", "pending"]);
    await time.tickAsync(500);
    await turns();
    assertEquals([reload.status, stop.status], ["resolved", "resolved"]);
  });

  it("starts no generation that the factory makes after a stop", async () => {
    const made = gate();
    const runner = new StartStop(() => {
      throw new Error("never");
    });
    const reloadable = new Reloadable(async () => {
      await made.promise;
      return runner;
    }, quiet);
    reloadable.start();
    const stop = watch(reloadable.stop());
    await turns();
    assertEquals([stop.status, reloadable.state], ["pending", "stopping"]);
    made.open();
    await turns();
    assertEquals([stop.status, runner.errorsTotal()], ["resolved", 0]);
  });

  it("rejects a reload where nothing runs, and starts nothing", async () => {
    const { reloadable, log } = app();
    const before = await assertRejects(
      () => reloadable.reload(),
      DOMException,
      'Cannot reload "reloadable": it is not running',
    );
    assertEquals(before.name, "AbortError");
    await reloadable.start();
    await reloadable.stop();
    log.length = 0;
    await assertRejects(() => reloadable.reload(), DOMException);
    assertEquals([log, reloadable.state], [[], "stopped"]);
  });

  it("ends cleanly when its current generation does", async () => {
    const { reloadable, end, log } = app();
    await reloadable.start();
    await reloadable.reload();
    const finished = watch(reloadable.finished());
    end(2).open();
    await turns();
    assertEquals([finished.status, reloadable.state], ["resolved", "stopped"]);
    assertEquals([reloadable.generation, log.at(-1)], [0, "end 2"]);
  });

  it("fails with what its current generation fails with", async () => {
    const { reloadable, end } = app();
    await reloadable.start();
    const failure = new Error("connection lost");
    end(1).fail(failure);
    await turns();
    assertEquals(reloadable.state, "stopped");
    const reason = await assertRejects(() => reloadable.finished());
    assertStrictEquals(reason, failure);
    assertEquals(reloadable.errorsList(), [failure]);
  });

  it("stops the next generation when the current one ends", async () => {
    const { reloadable, end, log } = app([{}, { ready: 1_000 }]);
    await reloadable.start();
    const reload = watch(reloadable.reload());
    await turns();
    end(1).open();
    await turns();
    assertEquals([reload.status, reloadable.state], ["rejected", "stopped"]);
    assertEquals(log.at(-1), "end 2");
    await reloadable.finished();
  });

  it("fails to start with what its first generation fails with", async () => {
    const failure = new Error("port in use");
    const { reloadable } = app([{ fails: failure }]);
    const reason = await assertRejects(() => reloadable.start());
    assertStrictEquals(reason, failure);
    assertEquals(reloadable.state, "stopped");
    await assertRejects(() => reloadable.finished(), Error, "port in use");
    await reloadable.start();
    assertEquals([reloadable.generation, reloadable.errorsTotal()], [2, 0]);
    await reloadable.stop();
  });

  it("takes a generation that ends at once for one that failed", async () => {
    let run: () => unknown = () => new Promise(() => {});
    const reloadable = new Reloadable(
      () =>
        new StartStop(
          (signal) => run() && untilAborted(signal),
          undefined,
          quiet,
        ),
      quiet,
    );
    await reloadable.start();
    run = () => undefined;
    await assertRejects(
      () => reloadable.reload(),
      Error,
      'Cannot start generation 2 of "reloadable": it ended before it was ready',
    );
    const failure = new Error("at once");
    run = () => {
      throw failure;
    };
    assertStrictEquals(await reloadable.reload().catch((e) => e), failure);
    assertEquals(reloadable.generation, 1);
    await reloadable.stop();
  });

  it("keeps what a factory throws, and refuses what is no new runner", async () => {
    const first = new StartStop((signal) => untilAborted(signal));
    const made: (() => unknown)[] = [
      () => first,
      () => {
        throw "a text";
      },
      () => Promise.reject(new Error("no file")),
      () => undefined,
      () => first,
    ];
    const events: RunnerEvent[] = [];
    const reloadable = new Reloadable(
      (generation) => made[generation - 1]!() as GenerationRunner,
      { ...quiet, name: "app" },
    );
    await reloadable.start();
    reloadable.observe((event) => events.push(event));
    const thrown = await assertRejects(() => reloadable.reload(), Error);
    assertEquals(thrown.cause, "a text");
    await assertRejects(() => reloadable.reload(), Error, "no file");
    await assertRejects(
      () => reloadable.reload(),
      TypeError,
      'Cannot start generation 4 of "app": the factory must make a new runner',
    );
    await assertRejects(
      () => reloadable.reload(),
      TypeError,
      'Cannot start generation 5 of "app": the factory must make a new runner',
    );
    assert(first.isRunning());
    assertEquals(
      events.map((event) => event.type === "error" && event.error),
      reloadable.errorsList(),
    );
    assertEquals(reloadable.errorsTotal(), 4);
    await reloadable.stop();
  });

  it("goes on with the new generation when the old one does not end in time", async () => {
    const { reloadable, log } = app([{ stop: 5_000, stopTimeout: 100 }]);
    await reloadable.start();
    const reload = watch(reloadable.reload());
    await turns();
    await time.tickAsync(100);
    await turns();
    assertStringIncludes(String(reload.reason), "TimeoutError");
    assertEquals([reloadable.state, reloadable.generation], ["running", 2]);
    assertEquals(reloadable.errorsLast(), reload.reason);

    const stop = watch(reloadable.stop({ timeout: 10_000 }));
    await turns();
    assertEquals([log.at(-1), stop.status], ["end 2", "pending"]);
    await time.tickAsync(4_900);
    await turns();
    assertEquals([log.at(-1), stop.status], ["end 1", "resolved"]);
  });

  it("forces its generations when nobody waits for their end any more", async () => {
    const { reloadable, log } = app([{ stop: Infinity, stopTimeout: 60_000 }], {
      stopTimeout: 300,
    });
    await reloadable.start();
    const stop = watch(reloadable.stop());
    await turns();
    await time.tickAsync(299);
    assertEquals(log.at(-1), "stop 1");
    await time.tickAsync(1);
    await turns();
    assertStringIncludes(String(stop.reason), "within 300 ms");
    assertEquals([log.at(-1), reloadable.state], ["end 1", "stopped"]);
    assertEquals(reloadable.errorsTotal(), 1);
  });

  it("forces a generation that ends already, too", async () => {
    const { reloadable, log } = app([{ stop: Infinity, stopTimeout: 60_000 }], {
      stopTimeout: 300,
    });
    await reloadable.start();
    const reload = watch(reloadable.reload());
    await turns();
    const stop = watch(reloadable.stop());
    await turns();
    await time.tickAsync(300);
    await turns();
    assertStringIncludes(String(stop.reason), "within 300 ms");
    assertEquals((reload.reason as Error)?.name, "AbortError");
    assertEquals([log.at(-1), reloadable.state], ["end 1", "stopped"]);
  });

  it("stops all on the signal of its start", async () => {
    const life = new AbortController();
    const { reloadable, log } = app();
    await reloadable.start({ signal: life.signal });
    await reloadable.reload();
    life.abort();
    await reloadable.finished();
    assertEquals([reloadable.state, log.at(-1)], ["stopped", "end 2"]);
  });

  it("restarts with a new generation once the old one has ended", async () => {
    const { reloadable, log } = app();
    await reloadable.start();
    await reloadable.restart();
    assertEquals(log.slice(3), [
      "stop 1",
      "end 1",
      "make 2",
      "start 2",
      "ready 2",
    ]);
    await reloadable.stop();
  });

  it("nests, and fits where a runner fits", async () => {
    const { reloadable, log } = app();
    const outer = new Reloadable(() => reloadable, { ...quiet, name: "outer" });
    await outer.start();
    assertEquals([outer.state, reloadable.state], ["running", "running"]);
    await outer.stop();
    assertEquals([reloadable.state, log.at(-1)], ["stopped", "end 1"]);
    assertInstanceOf(outer, StartStop);
  });

  it("forgets errors at the next start, and keeps the newest", async () => {
    const plans = [{}, ...[1, 2, 3].map((n) => ({ fails: new Error(`${n}`) }))];
    const { reloadable } = app(plans, { maxErrors: 2 });
    await reloadable.start();
    for (const _ of [1, 2, 3]) await reloadable.reload().catch(() => {});
    assertEquals(
      reloadable.errorsList().map(({ message }) => message),
      ["2", "3"],
    );
    assertEquals(reloadable.errorsTotal(), 3);
    await reloadable.restart();
    assertEquals([reloadable.errorsList(), reloadable.errorsLast()], [
      [],
      undefined,
    ]);
    await reloadable.stop();
  });

  it("tells observers in order, its own events among those of the lifecycle", async () => {
    const told: string[] = [];
    const { reloadable } = app([{}, { fails: new Error("no") }], {
      observer(event) {
        told.push(event.type === "state" ? event.to : event.type);
        assertStrictEquals(event.runner, reloadable);
        if (event.type === "error") reloadable.stop();
      },
    });
    await reloadable.start();
    const late: string[] = [];
    const leave = reloadable.observe((event) => {
      late.push(event.type === "state" ? event.to : event.type);
    });
    await reloadable.reload().catch(() => {});
    await reloadable.finished();
    assertEquals(told, ["starting", "running", "error", "stopping", "stopped"]);
    assertEquals(late, ["error", "stopping", "stopped"]);
    leave();
    await reloadable.start();
    await reloadable.stop();
    assertEquals(late.length, 3);
  });

  it("prints what it records, unless told otherwise", async () => {
    const printed: string[] = [];
    const print = console.error;
    console.error = (text: string) => void printed.push(text.split("\n")[0]!);
    try {
      const { reloadable } = app([{}, { fails: new Error("no") }], {
        printErrors: true,
        name: "app",
      });
      reloadable.observe(() => {
        throw new Error("observer");
      });
      await reloadable.start();
      printed.length = 0;
      await reloadable.reload().catch(() => {});
      await reloadable.stop();
    } finally {
      console.error = print;
    }
    assert(printed.includes("Recovering process 'app': no"));
    assert(printed.includes("Recovering process 'observer of app': observer"));
  });

  describe("whose current generation ends while the next is made", () => {
    /** A second factory that settles when it is let. */
    function pending() {
      const made = gate();
      const ends = [gate(), gate(), gate()];
      const reloadable = new Reloadable(async (generation) => {
        if (generation > 1) await made.promise;
        return new StartStop(
          async (signal, { ready }) => {
            ready();
            const { promise } = ends[generation - 1]!;
            await Promise.race([promise, untilAborted(signal)]);
          },
          undefined,
          { awaitReady: true, ...quiet },
        );
      }, quiet);
      return { reloadable, made, ends };
    }

    it("stops, and says at once what it failed with", async () => {
      const { reloadable, made, ends } = pending();
      await reloadable.start();
      const reload = watch(reloadable.reload());
      const ended = watch(reloadable.finished());
      await turns();
      ends[0]!.fail(new Error("disk full"));
      await turns();
      assertEquals(
        [reloadable.state, reloadable.current, reloadable.errorsTotal()],
        ["stopping", undefined, 1],
      );
      assertEquals(reloadable.errorsLast()?.message, "disk full");
      assertEquals((reload.reason as Error).name, "AbortError");
      made.open();
      await turns();
      assertEquals([reloadable.state, ended.status], ["stopped", "rejected"]);
      assertEquals((ended.reason as Error).message, "disk full");
      assertEquals(reloadable.errorsTotal(), 1);
    });

    it("says so too where the factory never settles", async () => {
      const { reloadable, ends } = pending();
      await reloadable.start();
      void reloadable.reload();
      await turns();
      ends[0]!.fail(new Error("disk full"));
      await time.tickAsync(2_000);
      await turns();
      assertEquals(
        reloadable.errorsList().map(({ name, message }) =>
          name === "TimeoutError" ? name : message
        ),
        ["disk full", "TimeoutError"],
      );
      assertEquals(reloadable.state, "stopping");
    });

    it("ends cleanly where that did, once the factory has settled", async () => {
      const { reloadable, made, ends } = pending();
      await reloadable.start();
      void reloadable.reload();
      const ended = watch(reloadable.finished());
      await turns();
      ends[0]!.open();
      await turns();
      assertEquals([reloadable.state, ended.status], ["stopping", "pending"]);
      made.open();
      await turns();
      assertEquals([reloadable.state, ended.status], ["stopped", "resolved"]);
      assertEquals(reloadable.errorsTotal(), 0);
    });

    it("starts anew where that is asked for", async () => {
      const { reloadable, made, ends } = pending();
      await reloadable.start();
      void reloadable.reload();
      await turns();
      ends[0]!.fail(new Error("disk full"));
      await turns();
      const start = watch(reloadable.start());
      made.open();
      await turns();
      assertEquals([start.status, reloadable.generation], ["resolved", 3]);
      await reloadable.stop();
    });
  });

  it("stops when its current generation ends while the one before hangs", async () => {
    const { reloadable, log, end } = app([{
      stop: Infinity,
      stopTimeout: 60_000,
    }]);
    await reloadable.start();
    const reload = watch(reloadable.reload());
    await turns();
    assertEquals(reloadable.generation, 2);
    end(2).fail(new Error("disk full"));
    await turns();
    assertEquals([reloadable.state, reloadable.current], [
      "stopping",
      undefined,
    ]);
    assertEquals(reloadable.errorsLast()?.message, "disk full");
    await time.tickAsync(2_000);
    await turns();
    assertEquals([reloadable.state, log.at(-1)], ["stopped", "end 1"]);
    assertEquals(reload.status, "rejected");
    await assertRejects(() => reloadable.finished(), Error, "disk full");
  });

  it("records that the one before did not end, also where the current one has failed", async () => {
    const app = new Reloadable<StartStop>(
      (number) =>
        new StartStop(async (signal, { ready, force }) => {
          ready();
          if (number === 3) {
            await new Promise((resolve) => setTimeout(resolve, 25));
            throw new Error("work fails");
          }
          await untilAborted(signal);
          if (number === 2) await untilAborted(force);
        }, { awaitReady: true, printErrors: false, stopTimeout: 80 }),
      {
        printErrors: false,
        stopTimeout: 100,
      },
    );
    await app.start();
    await app.reload();
    const reload = watch(app.reload());
    for (let step = 0; step < 40; step++) await time.tickAsync(10);
    assertEquals((reload.reason as Error).name, "TimeoutError");
    assert(app.errorsList().includes(reload.reason as Error));
    assertEquals(app.state, "stopped");
  });

  it("keeps what a factory throws, also where nobody waits for it any more", async () => {
    for (const verb of ["reload", "stop"] as const) {
      const made = gate();
      const reloadable = new Reloadable(async (generation) => {
        if (generation === 2) await made.promise;
        return new StartStop((signal) => untilAborted(signal));
      }, quiet);
      await reloadable.start();
      const first = watch(reloadable.reload());
      await turns();
      const next = watch(reloadable[verb]());
      made.fail(new Error("no such port"));
      await turns();
      assertEquals(next.status, "resolved");
      assertEquals(first.status, verb === "reload" ? "resolved" : "rejected");
      assertEquals(reloadable.errorsLast()?.message, "no such port");
      assertEquals(reloadable.errorsTotal(), 1);
      await reloadable.stop();
    }
    const made = gate();
    const starting = new Reloadable(async () => {
      await made.promise;
      return new StartStop(() => {});
    }, quiet);
    void starting.start();
    const stop = watch(starting.stop());
    made.fail(new Error("no such port"));
    await turns();
    assertEquals([stop.status, starting.errorsTotal()], ["resolved", 1]);
  });

  it("refuses what makes no sense", () => {
    const make = () => new StartStop(() => {});
    const cases: [unknown, unknown, ErrorConstructor][] = [
      [undefined, {}, TypeError],
      [{}, {}, TypeError],
      [make, null, TypeError],
      [make, "name", TypeError],
      [make, { name: 1 }, TypeError],
      [make, { observer: null }, TypeError],
      [make, { printErrors: null }, TypeError],
      [make, { stopTimeout: -1 }, RangeError],
      [make, { maxErrors: 0 }, RangeError],
      [make, { startTimeout: NaN }, RangeError],
      [make, { startTimeOut: 1 }, TypeError],
    ];
    for (const [factory, options, kind] of cases) {
      assertThrows(
        () =>
          new Reloadable(
            factory as GenerationFactory<GenerationRunner>,
            options as ReloadableOptions,
          ),
        kind,
        "Cannot ",
      );
    }
    const reloadable = new Reloadable(make);
    assertThrows(() => reloadable.observe(1 as never), TypeError);
  });
});

describe("a Reloadable that main() runs", () => {
  it(
    "ends with 0 on SIGTERM during a reload",
    { ignore: !canKill },
    async () => {
      const child = await spawn("./_shutdown_program.ts", "reload");
      await child.said("start 2");
      child.kill("SIGTERM");
      const { code, lines, errors } = await child.ended;
      assertEquals([code, errors], [0, ""]);
      assertEquals(lines.slice(0, 2), ["start 1", "start 2"]);
      assertEquals(lines.slice(2).sort(), [
        "end 1",
        "end 2",
        "reload: AbortError",
      ]);
    },
  );
});
