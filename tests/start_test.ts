import {
  assert,
  assertEquals,
  assertFalse,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, Ticker } from "@golib/runner";
import { failure, gate, reasonOf, serve, turns, watch } from "./_helpers.ts";

describe("start()", () => {
  it("launches inside the call when stopped and nothing is in the queue", async () => {
    const service = serve();
    const started = service.runner.start();
    assertEquals([service.runs.length, service.runner.state], [1, "running"]);
    await started;
    await service.runner.stop();
  });

  it("resolves with undefined once the run is launched", async () => {
    const service = serve();
    assertStrictEquals(await service.runner.start(), undefined);
    assertEquals(service.runner.state, "running");
    await service.runner.stop();
  });

  it("resolves also when the run has already ended by then", async () => {
    const ends = [
      () => {},
      () => Promise.resolve(),
      () => {
        throw new Error("at once");
      },
      () => Promise.reject(new Error("soon")),
    ];
    for (const end of ends) {
      const runner = new StartStop(end, undefined, { printErrors: false });
      await runner.start();
      await runner.finished().catch(() => {});
      assertEquals(runner.state, "stopped");
    }
  });

  it("stops a running run first, as by stop(), then launches", async () => {
    const closed = gate();
    const service = serve({}, { stop: () => closed.promise });
    await service.runner.start();
    const old = service.run();
    const second = watch(service.runner.start());
    assertEquals(
      [service.runner.state, old.signal.aborted, service.stops],
      ["stopping", true, 1],
    );
    assertEquals((old.signal.reason as Error).name, "AbortError");
    await turns();
    assertEquals([service.runs.length, second.status], [1, "pending"]);
    closed.open();
    await turns();
    assertEquals([service.runs.length, second.status], [2, "resolved"]);
    assertEquals([service.runner.state, service.most], ["running", 1]);
    await service.runner.stop();
  });

  it("stops a starting run first, whose start() rejects with an AbortError", async () => {
    const service = serve({ awaitReady: true }, {
      begin: ({ control }, index) => index === 1 && control.ready(),
    });
    const first = service.runner.start();
    const second = service.runner.start();
    assertEquals(service.runner.state, "stopping");
    assertEquals(await failure(first), "AbortError");
    await second;
    assertEquals(
      [service.runs.length, service.stops, service.runner.state],
      [2, 1, "running"],
    );
    await service.runner.stop();
  });

  it("rejects with a TimeoutError if the old run does not end in time, and starts nothing", async () => {
    using time = new FakeTime();
    const service = serve({ name: "db", stopTimeout: 100 }, { stubborn: true });
    await service.runner.start();
    const second = watch(service.runner.start());
    await time.tickAsync(99);
    await time.runMicrotasks();
    assertEquals(second.status, "pending");
    await time.tickAsync(1);
    await time.runMicrotasks();
    const error = second.reason as DOMException;
    assertEquals(error.name, "TimeoutError");
    assertMatch(error.message, /db.* 100 ms/);
    assertEquals(service.runner.state, "stopping");
    service.run().end.open();
    await time.runMicrotasks();
    assertEquals([service.runs.length, service.runner.state], [1, "stopped"]);
  });

  it("does not count the wait for an old run to its timeout", async () => {
    using time = new FakeTime();
    const service = serve({ awaitReady: true, stopTimeout: 1_000 }, {
      stubborn: true,
      begin: ({ control }, index) => index === 0 && control.ready(),
    });
    await service.runner.start();
    const second = watch(service.runner.start({ timeout: 10 }));
    await time.tickAsync(500);
    service.runs[0]!.end.open();
    await time.runMicrotasks();
    assertEquals([service.runs.length, second.status], [2, "pending"]);
    await time.tickAsync(9);
    await time.runMicrotasks();
    assertEquals(second.status, "pending");
    await time.tickAsync(1);
    await time.runMicrotasks();
    assertEquals((second.reason as Error).name, "TimeoutError");
    service.run().end.open();
    await time.runMicrotasks();
  });

  it("empties the error list at the launch", async () => {
    const service = serve();
    const { runner } = service;
    await runner.start();
    service.run().end.fail(new Error("first"));
    await runner.finished().catch(() => {});
    assertEquals(runner.errorsTotal(), 1);
    await runner.start();
    assertEquals([runner.errorsTotal(), runner.errorsList()], [0, []]);
    assertStrictEquals(runner.errorsLast(), undefined);
    await runner.stop();
  });

  it("leaves the error list when it launches nothing", async () => {
    const service = serve();
    const { runner } = service;
    await runner.start();
    service.run().end.fail(new Error("first"));
    await runner.finished().catch(() => {});
    await reasonOf(runner.start({ signal: AbortSignal.abort() }));
    assertEquals(runner.errorsLast()?.message, "first");
    assertEquals(runner.errorsTotal(), 1);
  });

  it("leaves the error list while it waits for its turn", async () => {
    const service = serve({}, {
      stubborn: true,
      stop: () => Promise.reject(new Error("close")),
    });
    const { runner } = service;
    await runner.start();
    const second = runner.start();
    await turns();
    assertEquals(runner.errorsLast()?.message, "close");
    service.run().end.open();
    await second;
    assertEquals(runner.errorsTotal(), 0);
    runner.stop();
    service.run().end.open();
    await runner.finished();
  });

  it("starts a Ticker in the same way", async () => {
    const ticker = new Ticker(60_000, () => {});
    const started = ticker.start();
    assertEquals(ticker.state, "running");
    await started;
    const second = ticker.start();
    assertEquals(ticker.state, "stopping");
    await second;
    assertEquals(ticker.state, "running");
    await ticker.stop();
  });
});

describe("start() with awaitReady", () => {
  it("resolves when the start function has called ready()", async () => {
    const service = serve({ awaitReady: true });
    const started = watch(service.runner.start());
    await turns();
    assertEquals([service.runner.state, started.status], [
      "starting",
      "pending",
    ]);
    service.run().control.ready();
    assertEquals(service.runner.state, "running");
    await turns();
    assertEquals(started.status, "resolved");
    await service.runner.stop();
  });

  it("resolves when that was called inside the start function", async () => {
    const service = serve({ awaitReady: true }, {
      begin: ({ control }) => control.ready(),
    });
    const started = service.runner.start();
    assertEquals(service.runner.state, "running");
    await started;
    await service.runner.stop();
  });

  it("rejects with what ended the run before it was ready", async () => {
    for (const early of [true, false]) {
      const broken = new Error("port in use");
      const service = serve({ awaitReady: true }, {
        begin() {
          if (early) throw broken;
        },
      });
      const started = service.runner.start();
      if (!early) service.run().end.fail(broken);
      assertStrictEquals(await reasonOf(started), broken);
      await turns();
      assertEquals(service.runner.state, "stopped");
    }
  });

  it("rejects with the recorded error where that was no Error", async () => {
    const service = serve({ awaitReady: true });
    const started = service.runner.start();
    service.run().end.fail("port in use");
    const reason = await reasonOf(started);
    assertStrictEquals(reason, service.runner.errorsLast());
    assertEquals((reason as Error).cause, "port in use");
  });

  it("rejects with an Error that says so if the run just ends", async () => {
    const runner = new StartStop(() => {}, undefined, {
      name: "db",
      awaitReady: true,
      printErrors: false,
    });
    const reason = await reasonOf(runner.start());
    assert(reason instanceof Error);
    assertEquals(
      reason.message,
      'Cannot start "db": the run ended before it was ready',
    );
    assertStrictEquals(runner.errorsLast(), reason);
    assertEquals(runner.state, "stopped");
  });

  it("rejects with a TimeoutError after its timeout, and the run is stopped", async () => {
    using time = new FakeTime();
    const service = serve({ name: "db", awaitReady: true });
    const started = watch(service.runner.start({ timeout: 70 }));
    await time.tickAsync(69);
    await time.runMicrotasks();
    assertEquals(started.status, "pending");
    assertFalse(service.run().signal.aborted);
    await time.tickAsync(1);
    assert(service.run().signal.aborted);
    assertEquals(service.run().signal.reason.name, "AbortError");
    await time.runMicrotasks();
    const error = started.reason as DOMException;
    assertEquals(error.name, "TimeoutError");
    assertMatch(error.message, /db.* 70 ms/);
    assertEquals([service.stops, service.runner.state], [1, "stopped"]);
  });

  it("takes the runner's startTimeout where the call names none", async () => {
    using time = new FakeTime();
    const service = serve({ awaitReady: true, startTimeout: 50 });
    const started = watch(service.runner.start());
    await time.tickAsync(49);
    await time.runMicrotasks();
    assertEquals(started.status, "pending");
    await time.tickAsync(1);
    await time.runMicrotasks();
    assertEquals((started.reason as Error).name, "TimeoutError");
  });

  it("waits for 30 seconds by default", async () => {
    using time = new FakeTime();
    const service = serve({ awaitReady: true });
    const started = watch(service.runner.start());
    await time.tickAsync(29_999);
    await time.runMicrotasks();
    assertEquals(started.status, "pending");
    await time.tickAsync(1);
    await time.runMicrotasks();
    assertEquals((started.reason as Error).name, "TimeoutError");
  });

  it("waits without limit where the timeout is Infinity", async () => {
    using time = new FakeTime();
    const service = serve({ awaitReady: true, startTimeout: 10 });
    const started = watch(service.runner.start({ timeout: Infinity }));
    await time.tickAsync(2 ** 33);
    await time.runMicrotasks();
    assertEquals(started.status, "pending");
    service.run().control.ready();
    await time.runMicrotasks();
    assertEquals(started.status, "resolved");
    await service.runner.stop();
  });

  it("does not stop a run whose readiness came in time", async () => {
    using time = new FakeTime();
    const service = serve({ awaitReady: true, startTimeout: 50 });
    const started = service.runner.start();
    await time.tickAsync(49);
    service.run().control.ready();
    await started;
    await time.tickAsync(1_000);
    await time.runMicrotasks();
    assertEquals([service.runner.state, service.runner.errorsTotal()], [
      "running",
      0,
    ]);
    await service.runner.stop();
  });

  it("limits nothing without awaitReady", async () => {
    using time = new FakeTime();
    const service = serve({ startTimeout: 50 });
    await service.runner.start({ timeout: 5 });
    await time.tickAsync(1_000);
    await time.runMicrotasks();
    assertEquals(service.runner.state, "running");
    await service.runner.stop();
  });
});
