import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  type Errors,
  type Runner,
  type StartControl,
  StartStop,
  Ticker,
  untilAborted,
} from "@golib/runner";
import { gate, serve, turns, watch } from "./_helpers.ts";

describe("StartStop", () => {
  it("starts nothing when it is constructed", () => {
    const real = {
      AbortController: globalThis.AbortController,
      setTimeout: globalThis.setTimeout,
      random: Math.random,
    };
    let used = 0;
    const count = () => void used++;
    Object.assign(globalThis, { AbortController: count, setTimeout: count });
    Math.random = () => ++used;
    try {
      new StartStop(count, count, { awaitReady: true, observer: count });
    } finally {
      const { random, ...globals } = real;
      Object.assign(globalThis, globals);
      Math.random = random;
    }
    assertEquals(used, 0);
  });

  it("is a Runner and an Errors, as Ticker is", async () => {
    const both: (Runner & Errors)[] = [
      new StartStop((signal) => untilAborted(signal)),
      new Ticker(60_000, () => {}),
    ];
    for (const runner of both) {
      await runner.start();
      assert(runner.isRunning());
      await runner.restart();
      assert(runner.isRunning());
      await runner.stop();
      assertFalse(runner.isRunning());
      assertEquals(runner.uptime(), 0);
      assertStrictEquals(runner.errorsLast(), undefined);
      assertEquals(runner.errorsList(), []);
      assertEquals(runner.errorsTotal(), 0);
    }
  });

  it("is named by its option, else by its kind", () => {
    assertEquals(new StartStop(() => {}).name, "start-stop");
    assertEquals(new Ticker(1, () => {}).name, "ticker");
    assertEquals(
      new StartStop(() => {}, undefined, { name: "db" }).name,
      "db",
    );
    assertEquals(new Ticker(1, () => {}, { name: "beat" }).name, "beat");
  });

  it("gives the start function a signal and a control", async () => {
    let values: unknown[] = [];
    const runner = new StartStop((...given) => {
      values = given;
    });
    await runner.start();
    const [signal, control] = values as [AbortSignal, StartControl];
    assertEquals(values.length, 2);
    assert(signal instanceof AbortSignal);
    assertEquals(typeof control.ready, "function");
    assert(control.force instanceof AbortSignal);
    assertFalse(signal.aborted);
    assertFalse(control.force.aborted);
  });

  it("awaits what the start function returns and ignores its value", async () => {
    const held = gate();
    const runner = new StartStop(() => held.promise.then(() => 42));
    await runner.start();
    const finished = watch(runner.finished());
    await turns();
    assertEquals([runner.state, finished.status], ["running", "pending"]);
    held.open();
    assertStrictEquals(await runner.finished(), undefined);
    assertEquals(runner.state, "stopped");
  });

  it("takes a start function that returns something else than a promise", async () => {
    for (const value of [1, "text", null, {}, { then: "no function" }]) {
      const runner = new StartStop(() => value);
      await runner.start();
      await runner.finished();
      assertEquals([runner.state, runner.errorsTotal()], ["stopped", 0]);
    }
  });

  it("takes a thenable, and records what a hostile one throws", async () => {
    let resolve = () => {};
    const thenable = { then: (resolved: () => void) => resolve = resolved };
    const runner = new StartStop(() => thenable);
    await runner.start();
    await turns();
    assertEquals(runner.state, "running");
    resolve();
    await runner.finished();

    const hostile = {
      get then() {
        throw new Error("no then");
      },
    };
    const failing = new StartStop(() => hostile, undefined, {
      printErrors: false,
    });
    await failing.start();
    await assertRejects(() => failing.finished(), Error, "no then");
  });

  it("does not call the stop function when the run ends by itself", async () => {
    for (const end of ["open", "fail"] as const) {
      const service = serve();
      await service.runner.start();
      service.run().end[end](new Error("by itself"));
      await service.runner.finished().catch(() => {});
      assertEquals([service.runner.state, service.stops], ["stopped", 0]);
    }
  });

  it("works without a stop function", async () => {
    const runner = new StartStop((signal) => untilAborted(signal));
    await runner.start();
    await runner.stop();
    assertEquals([runner.state, runner.errorsTotal()], ["stopped", 0]);
  });

  it("calls the stop function without a this and with its signal alone", async () => {
    const calls: unknown[][] = [];
    const runner = new StartStop(
      function (this: unknown, signal) {
        calls.push([this]);
        return untilAborted(signal);
      },
      function (this: unknown, ...values: unknown[]) {
        calls.push([this, values.length, values[0] instanceof AbortSignal]);
      },
    );
    await runner.start();
    await runner.stop();
    assertEquals(calls, [[undefined], [undefined, 1, true]]);
  });

  it("says 'begin to end' by the signal and 'now' by control.force", async () => {
    const service = serve({}, { stubborn: true });
    await service.runner.start();
    const { signal, control, end } = service.run();
    const stopping = watch(service.runner.stop({ timeout: 5 }));
    assertEquals([signal.aborted, control.force.aborted], [true, false]);
    await new Promise<void>((forced) => {
      control.force.addEventListener("abort", () => forced());
    });
    await turns();
    assertEquals(stopping.status, "rejected");
    end.open();
    await service.runner.finished();
  });

  it("has control functions that need no this", async () => {
    const runner = new StartStop(
      (signal, { ready, force }) => {
        assertFalse(force.aborted);
        ready();
        return untilAborted(signal);
      },
      undefined,
      { awaitReady: true },
    );
    await runner.start();
    assertEquals(runner.state, "running");
    await runner.stop();
  });

  it("refuses ready() without awaitReady, naming the option", async () => {
    const service = serve({ name: "db" });
    await service.runner.start();
    const { ready } = service.run().control;
    const { message } = assertThrows(ready, Error);
    const why = "it was created without 'awaitReady: true'";
    assertEquals(message, `Cannot make ready "db": ${why}`);
    assertEquals(service.runner.state, "running");
    await service.runner.stop();
  });

  it("lets ready() do nothing after the abort or the end, and twice", async () => {
    for (const awaitReady of [false, true]) {
      const service = serve({ awaitReady }, {
        stubborn: true,
        begin: ({ control }) => awaitReady && control.ready(),
      });
      const { runner } = service;
      await runner.start();
      const old = service.run();
      if (awaitReady) old.control.ready();
      assertEquals(runner.state, "running");

      const stopped = runner.stop();
      old.control.ready();
      assertEquals(runner.state, "stopping");
      old.end.open();
      await stopped;
      old.control.ready();
      assertEquals(runner.state, "stopped");
    }
  });

  it("has controls that belong to their run", async () => {
    const service = serve({ awaitReady: true });
    const { runner } = service;
    const first = watch(runner.start());
    const old = service.run().control;
    const second = watch(runner.start());
    await turns();
    assertEquals([service.runs.length, first.status], [2, "rejected"]);
    old.ready();
    assertEquals([runner.state, second.status], ["starting", "pending"]);
    assert(old.force !== service.run().control.force);
    service.run().control.ready();
    await turns();
    assertEquals([runner.state, second.status], ["running", "resolved"]);
    await runner.stop();
  });

  it("is disposed of by a stop, where the engine knows that", async () => {
    if (!Symbol.asyncDispose) {
      assertFalse("undefined" in StartStop.prototype);
      assertFalse("undefined" in Ticker.prototype);
      return;
    }
    const service = serve();
    {
      await using runner = service.runner;
      await runner.start();
    }
    assertEquals([service.runner.state, service.stops], ["stopped", 1]);
    const stubborn = serve({ stopTimeout: 1 }, { stubborn: true });
    await stubborn.runner.start();
    const error = await assertRejects(
      () => stubborn.runner[Symbol.asyncDispose](),
      DOMException,
    );
    assertEquals(error.name, "TimeoutError");
    stubborn.run().end.open();
    await stubborn.runner.finished();
  });
});
