import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, Ticker, untilAborted } from "@golib/runner";
import {
  gate,
  type Outcome,
  reasonOf,
  serve,
  turns,
  watch,
} from "./_helpers.ts";
import { effort } from "./_effort.ts";

describe("finished()", () => {
  it("resolves at once where there was no run", async () => {
    const finished = watch(serve().runner.finished());
    await turns(2);
    assertEquals(finished.status, "resolved");
    assertStrictEquals(await serve().runner.finished(), undefined);
  });

  it("waits while the runner is starting, running and stopping", async () => {
    const closed = gate();
    const service = serve({ awaitReady: true }, {
      stubborn: true,
      stop: () => closed.promise,
    });
    const { runner } = service;
    const waits: Outcome[] = [];
    runner.start();
    waits.push(watch(runner.finished()));
    service.run().control.ready();
    waits.push(watch(runner.finished()));
    runner.stop();
    waits.push(watch(runner.finished()));
    const all = () => waits.map(({ status }) => status);
    service.run().end.open();
    await turns();
    assertEquals(all(), ["pending", "pending", "pending"]);
    closed.open();
    await turns();
    assertEquals(all(), ["resolved", "resolved", "resolved"]);
    assertEquals(runner.state, "stopped");
  });

  it("resolves when the run ends by itself", async () => {
    const service = serve();
    await service.runner.start();
    const finished = service.runner.finished();
    service.run().end.open();
    await finished;
  });

  it("is not settled by a restart, nor by a start that replaces", async () => {
    const service = serve();
    const { runner } = service;
    await runner.start();
    const finished = watch(runner.finished());
    await runner.restart();
    await runner.start();
    await turns();
    assertEquals(finished.status, "pending");
    await runner.stop();
    await turns(2);
    assertEquals(finished.status, "resolved");
  });

  it("is not settled by a failed run while a start is in the queue", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const finished = watch(runner.finished());
    const started = runner.start();
    service.run().end.fail(new Error("flush"));
    await started;
    await turns();
    assertEquals(finished.status, "pending");
    runner.stop();
    service.run().end.open();
    await turns();
    assertEquals(finished.status, "resolved");
  });

  it("is not settled by a run that fails at once while a start is in the queue", async () => {
    let launches = 0;
    const held = gate();
    const runner = new StartStop(
      (signal) => {
        if (++launches === 2) throw new Error("broken");
        return Promise.race([held.promise, untilAborted(signal)]);
      },
      undefined,
      { printErrors: false },
    );
    await runner.start();
    const finished = watch(runner.finished());
    await Promise.all([runner.start(), runner.start()]);
    await turns();
    assertEquals([launches, finished.status], [3, "pending"]);
    await runner.stop();
    await turns(2);
    assertEquals(finished.status, "resolved");
  });

  it("rejects with the recorded error if the start function threw", async () => {
    for (const value of [new Error("broken"), "text", undefined]) {
      const service = serve();
      const { runner } = service;
      await runner.start();
      const finished = runner.finished();
      service.run().end.fail(value);
      assertStrictEquals(await reasonOf(finished), runner.errorsLast());
    }
  });

  it("rejects also if the start function threw while it was stopping", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const stopped = runner.stop();
    const broken = new Error("flush");
    service.run().end.fail(broken);
    await stopped;
    assertStrictEquals(await reasonOf(runner.finished()), broken);
  });

  it("rejects if the run ended before it was ready", async () => {
    const service = serve({ awaitReady: true });
    const started = service.runner.start();
    const finished = service.runner.finished();
    service.run().end.open();
    const reason = await reasonOf(finished);
    assertStrictEquals(reason, service.runner.errorsLast());
    assertStrictEquals(reason, await reasonOf(started));
  });

  it("rejects with the TimeoutError of a startTimeout, once the run has ended", async () => {
    using time = new FakeTime();
    const service = serve({ awaitReady: true, startTimeout: 10 }, {
      stubborn: true,
    });
    const { runner } = service;
    const started = runner.start();
    const finished = watch(runner.finished());
    await time.tickAsync(10);
    await time.runMicrotasks();
    assertEquals([runner.state, finished.status], ["stopping", "pending"]);
    service.run().end.open();
    await time.runMicrotasks();
    assertEquals((finished.reason as Error).name, "TimeoutError");
    assertStrictEquals(finished.reason, await reasonOf(started));
    assertStrictEquals(finished.reason, runner.errorsLast());
  });

  it("rejects also when that was long ago", async () => {
    const service = serve();
    const { runner } = service;
    await runner.start();
    const broken = new Error("broken");
    service.run().end.fail(broken);
    await turns();
    for (let count = 0; count < 3; count++) {
      assertStrictEquals(await reasonOf(runner.finished()), broken);
    }
    await runner.stop();
    assertStrictEquals(await reasonOf(runner.finished()), broken);
    await reasonOf(runner.start({ signal: AbortSignal.abort() }));
    assertStrictEquals(await reasonOf(runner.finished()), broken);
  });

  it("is about the last run alone", async () => {
    const service = serve();
    const { runner } = service;
    await runner.start();
    service.run().end.fail(new Error("broken"));
    await turns();
    await runner.start();
    await runner.stop();
    await runner.finished();
  });

  it("resolves after a plain stop while starting", async () => {
    const { runner } = serve({ awaitReady: true });
    runner.start();
    const finished = runner.finished();
    await runner.stop();
    await finished;
    await runner.finished();
  });

  it("resolves after an abort of the start's signal while starting", async () => {
    const { runner } = serve({ awaitReady: true });
    const life = new AbortController();
    runner.start({ signal: life.signal });
    life.abort(new Error("shutdown"));
    await runner.finished();
  });

  it("resolves though the stop function threw, or a grace has passed", async () => {
    const service = serve({}, {
      stubborn: true,
      stop: () => Promise.reject(new Error("close")),
    });
    const { runner } = service;
    await runner.start();
    await reasonOf(runner.stop({ timeout: 0 }));
    service.run().end.open();
    await runner.finished();
    assertEquals(runner.errorsTotal(), 2);
  });

  it("resolves though a tick threw", async () => {
    const ticker = new Ticker(60_000, () => Promise.reject(new Error("tick")), {
      immediate: true,
      printErrors: false,
    });
    await ticker.start();
    await turns();
    await ticker.stop();
    await ticker.finished();
    assertEquals(ticker.errorsTotal(), 1);
  });

  it("rejects with the reason of its signal if that aborts first", async () => {
    const service = serve();
    const { runner } = service;
    await runner.start();
    const patience = new AbortController();
    const finished = runner.finished({ signal: patience.signal });
    const other = watch(runner.finished());
    patience.abort("enough");
    assertEquals(await reasonOf(finished), "enough");
    assertEquals([runner.state, service.stops], ["running", 0]);
    await runner.stop();
    await turns(2);
    assertEquals(other.status, "resolved");
  });

  it("rejects at once with the reason of a signal that has aborted", async () => {
    const { runner } = serve();
    const signal = AbortSignal.abort("enough");
    assertEquals(await reasonOf(runner.finished({ signal })), "enough");
    await runner.start();
    assertEquals(await reasonOf(runner.finished({ signal })), "enough");
    assertEquals(runner.state, "running");
    await runner.stop();
  });

  it("may be waited for by very many, each of whom may give up", async () => {
    // Were all looked at for each, this would take a minute.
    const { runner } = serve();
    await runner.start();
    const count = effort(5_000, 100_000);
    const controllers = Array.from(
      { length: count },
      () => new AbortController(),
    );
    const waits = controllers.map(({ signal }) => runner.finished({ signal }));
    const given = controllers.filter((_each, index) => index % 2);
    for (const controller of given) controller.abort();
    await runner.stop();
    const ends = await Promise.allSettled(waits);
    const fulfilled = ends.filter(({ status }) => status === "fulfilled");
    assertEquals(fulfilled.length, count / 2);
  });

  it("does not mind a signal that aborts afterwards", async () => {
    const { runner } = serve();
    const patience = new AbortController();
    await runner.start();
    const finished = runner.finished({ signal: patience.signal });
    await runner.stop();
    patience.abort();
    await finished;
  });

  it("settles before what is awaited after it launches again", async () => {
    let launches = 0;
    const runner = new StartStop(() => void launches++);
    await runner.start();
    await runner.finished();
    await runner.start();
    await runner.finished();
    assertEquals(launches, 2);
  });
});
