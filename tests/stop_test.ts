import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { install } from "@sinonjs/fake-timers";
import { StartStop, Ticker, untilAborted } from "@golib/runner";
import { failure, gate, serve, turns, watch } from "./_helpers.ts";

describe("stop()", () => {
  it("resolves at once where there is nothing to stop", async () => {
    const service = serve();
    const { runner } = service;
    assertStrictEquals(await runner.stop(), undefined);
    const stopped = watch(runner.stop());
    await turns(2);
    assertEquals(stopped.status, "resolved");
    await runner.start();
    service.run().end.open();
    await runner.finished();
    await runner.stop();
    assertEquals([service.stops, runner.state], [0, "stopped"]);
  });

  it("resolves at once where there is nothing to stop, also for an aborted signal", async () => {
    await serve().runner.stop({ signal: AbortSignal.abort() });
  });

  it("is idempotent", async () => {
    const service = serve();
    const { runner } = service;
    await runner.start();
    await Promise.all([runner.stop(), runner.stop(), runner.stop()]);
    await runner.stop();
    assertEquals([service.stops, runner.state], [1, "stopped"]);
    assertEquals(runner.errorsTotal(), 0);
  });

  it("aborts the run's signal inside the call, with an AbortError", async () => {
    for (const awaitReady of [false, true]) {
      const service = serve({ awaitReady });
      const { runner } = service;
      runner.start();
      const stopped = runner.stop();
      const { signal } = service.run();
      assert(signal.aborted);
      assert(signal.reason instanceof DOMException);
      assertEquals(signal.reason.name, "AbortError");
      assertEquals(
        [runner.state, runner.isRunning(), runner.uptime()],
        ["stopping", false, 0],
      );
      await stopped;
    }
  });

  it("aborts the signal before it calls the stop function, with the state set", async () => {
    const seen: unknown[] = [];
    const runner: StartStop = new StartStop(
      (signal) => {
        signal.addEventListener(
          "abort",
          () => seen.push("abort", runner.state, runner.isRunning()),
        );
        return untilAborted(signal);
      },
      () => void seen.push("stop", runner.state, runner.isRunning()),
    );
    await runner.start();
    const stopped = runner.stop();
    assertEquals(seen, ["abort", "stopping", false, "stop", "stopping", false]);
    await stopped;
  });

  it("calls the stop function once a run", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    const calls = [runner.stop(), runner.restart(), runner.stop()];
    life.abort();
    assertEquals(service.stops, 1);
    service.run().end.open();
    await Promise.allSettled(calls);
    assertEquals(service.stops, 1);
    await runner.start();
    runner.stop();
    assertEquals(service.stops, 2);
    service.run().end.open();
    await runner.finished();
  });

  it("waits for both the stop function and the start function", async () => {
    for (const first of ["start", "stop"]) {
      const closed = gate();
      const service = serve({}, { stubborn: true, stop: () => closed.promise });
      const { runner } = service;
      await runner.start();
      const stopped = watch(runner.stop());
      const both = [service.run().end, closed];
      if (first === "stop") both.reverse();
      both[0]!.open();
      await turns();
      assertEquals([runner.state, stopped.status], ["stopping", "pending"]);
      both[1]!.open();
      await turns();
      assertEquals([runner.state, stopped.status], ["stopped", "resolved"]);
    }
  });

  it("awaits them and never polls: no timer but one for each grace", async () => {
    const clock = install({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const service = serve({}, { stubborn: true });
      await service.runner.start();
      const unlimited = watch(service.runner.stop({ timeout: Infinity }));
      assertEquals(clock.countTimers(), 1);
      const limited = watch(service.runner.stop({ timeout: 60_000 }));
      await turns();
      assertEquals(clock.countTimers(), 2);
      service.run().end.open();
      await turns();
      assertEquals(
        [unlimited.status, limited.status, clock.countTimers()],
        ["resolved", "resolved", 0],
      );
    } finally {
      clock.uninstall();
    }
  });

  it("rejects an earlier start() that waits for readiness, with an AbortError", async () => {
    const service = serve({ awaitReady: true });
    const { runner } = service;
    const started = watch(runner.start());
    runner.stop();
    await turns(3);
    assertEquals((started.reason as Error).name, "AbortError");
    await runner.finished();
    assertEquals([service.runs.length, runner.errorsTotal()], [1, 0]);
  });

  it("rejects at once each earlier start() and restart() in the queue, and launches nothing more", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const called = [runner.start(), runner.restart(), runner.start()];
    const off = called.map(watch);
    const stopped = watch(runner.stop());
    await turns(3);
    for (const { status, reason } of off) {
      assertEquals([status, (reason as Error).name], [
        "rejected",
        "AbortError",
      ]);
    }
    assertEquals(stopped.status, "pending");
    service.run().end.open();
    await turns();
    assertEquals([service.runs.length, runner.state], [1, "stopped"]);
    assertEquals([stopped.status, runner.errorsTotal()], ["resolved", 0]);
  });

  it("never waits in the queue", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const first = watch(runner.start());
    runner.stop();
    const second = watch(runner.start());
    const stopped = watch(runner.stop());
    await turns();
    assertEquals([first.status, second.status], ["rejected", "rejected"]);
    service.run().end.open();
    await turns();
    assertEquals([stopped.status, runner.state], ["resolved", "stopped"]);
  });

  it("resolves though the stop function throws, and records it", async () => {
    const broken = new Error("close");
    const stops = [
      () => {
        throw broken;
      },
      () => Promise.reject(broken),
    ];
    for (const stop of stops) {
      const { runner } = serve({}, { stop });
      await runner.start();
      await runner.stop();
      assertEquals([runner.state, runner.errorsTotal()], ["stopped", 1]);
      assertStrictEquals(runner.errorsLast(), broken);
      await runner.finished();
    }
  });

  it("resolves though the start function throws as it ends, and records it", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const stopped = runner.stop();
    service.run().end.fail(new Error("flush"));
    await stopped;
    assertEquals(runner.errorsLast()?.message, "flush");
  });

  it("is safe within the run where it is not awaited", async () => {
    for (const where of ["start", "stop"]) {
      const runner: StartStop = new StartStop(
        async (signal) => {
          await undefined;
          if (where === "start") runner.stop();
          await untilAborted(signal);
        },
        () => {
          if (where === "stop") runner.stop();
        },
      );
      await runner.start();
      if (where === "stop") runner.stop();
      await runner.finished();
      assertEquals([runner.state, runner.errorsTotal()], ["stopped", 0]);
    }
  });

  it("waits for a tick of a Ticker in flight", async () => {
    const held = gate();
    const ticker = new Ticker(60_000, () => held.promise, { immediate: true });
    await ticker.start();
    const stopped = watch(ticker.stop());
    await turns();
    assertEquals([ticker.state, stopped.status], ["stopping", "pending"]);
    held.open();
    await turns();
    assertEquals([ticker.state, stopped.status], ["stopped", "resolved"]);
  });

  it("rejects what is called off with errors that name the runner", async () => {
    const { runner } = serve({ name: "db", awaitReady: true });
    const started = runner.start();
    const restarted = runner.restart();
    runner.stop();
    for (const call of [started, restarted]) {
      assertEquals(await failure(call), "AbortError");
      const { message } = await call.catch((error) => error);
      assert(message.includes("db"), message);
    }
    const { message } = await restarted.catch((error) => error);
    assertEquals(message, 'Cannot restart "db": a stop called it off');
  });
});
