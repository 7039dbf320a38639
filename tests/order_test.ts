import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { reasonOf, serve, turns, watch } from "./_helpers.ts";

async function pass(time: FakeTime, ms: number): Promise<void> {
  await time.tickAsync(ms);
  await time.runMicrotasks();
}

describe("start() and restart() in the queue", () => {
  it("take effect one at a time, in the order they were made", async () => {
    const order: string[] = [];
    const service = serve({}, {
      begin: (_run, index) => order.push(`run ${index}`),
    });
    const { runner } = service;
    const calls = (["start", "restart", "start", "restart"] as const).map(
      (verb, index) =>
        runner[verb]().then(() => order.push(`${verb} ${index}`)),
    );
    await Promise.all(calls);
    assertEquals(order, [
      ...["run 0", "start 0", "run 1", "restart 1"],
      ...["run 2", "start 2", "run 3", "restart 3"],
    ]);
    assertEquals([service.most, service.stops], [1, 3]);
    await runner.stop();
  });

  it("have taken effect when they have launched: the next replaces what waits for readiness", async () => {
    const service = serve({ awaitReady: true });
    const { runner } = service;
    const calls = [runner.start(), runner.restart(), runner.start()]
      .map(watch);
    await turns();
    assertEquals([service.runs.length, runner.state], [3, "starting"]);
    assertEquals(calls.map(({ status }) => status), [
      "rejected",
      "rejected",
      "pending",
    ]);
    for (const { reason } of calls.slice(0, 2)) {
      assertEquals((reason as Error).name, "AbortError");
    }
    service.run().control.ready();
    await turns();
    assertEquals(calls[2]!.status, "resolved");
    assertEquals([service.most, runner.errorsTotal()], [1, 0]);
    await runner.stop();
  });

  it("resolve before the next replaces them where they need not wait", async () => {
    const service = serve();
    const { runner } = service;
    const calls = [runner.start(), runner.start(), runner.start()].map(watch);
    await turns();
    assertEquals(calls.map(({ status }) => status), [
      "resolved",
      "resolved",
      "resolved",
    ]);
    assertEquals(service.runs.length, 3);
    await runner.stop();
  });

  it("wait for a run that is stopping, within a grace from their call", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 100 }, { stubborn: true });
    const { runner } = service;
    await runner.start();
    runner.stop({ timeout: Infinity });
    await pass(time, 1_000);
    const started = watch(runner.start());
    await pass(time, 50);
    const restarted = watch(runner.restart());
    await pass(time, 49);
    assertEquals(started.status, "pending");
    await pass(time, 1);
    assertEquals(started.status, "rejected");
    await pass(time, 49);
    assertEquals(restarted.status, "pending");
    await pass(time, 1);
    assertEquals(restarted.status, "rejected");
    for (const { reason } of [started, restarted]) {
      assertEquals((reason as Error).name, "TimeoutError");
    }
    service.run().end.open();
    await pass(time, 0);
    assertEquals([runner.state, service.runs.length], ["stopped", 1]);
  });

  it("count it from the abort of a run that is launched after their call", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 100 }, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const second = watch(runner.start());
    const third = watch(runner.start());
    await pass(time, 80);
    service.run().end.open();
    await pass(time, 0);
    assertEquals([service.runs.length, second.status], [2, "resolved"]);
    await pass(time, 99);
    assertEquals(third.status, "pending");
    await pass(time, 1);
    assertEquals((third.reason as Error).name, "TimeoutError");
    service.run().end.open();
    await pass(time, 0);
    assertEquals([runner.state, service.runs.length], ["stopped", 2]);
  });

  it("launch when a run whose grace had passed ends in theirs", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 100 }, { stubborn: true });
    const { runner } = service;
    await runner.start();
    reasonOf(runner.stop());
    await pass(time, 100);
    const started = watch(runner.start());
    await pass(time, 50);
    service.run().end.open();
    await pass(time, 0);
    assertEquals([started.status, runner.state], ["resolved", "running"]);
    assertEquals(runner.errorsTotal(), 0);
    runner.stop();
    service.run().end.open();
    await runner.finished();
  });

  it("go on with the next where one gives up", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 100 }, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const hasty = watch(runner.restart({ timeout: 10 }));
    const patient = watch(runner.restart({ timeout: 50 }));
    await pass(time, 10);
    assertEquals([hasty.status, patient.status], ["rejected", "pending"]);
    service.run().end.open();
    await pass(time, 0);
    assertEquals([patient.status, service.runs.length], ["resolved", 2]);
    runner.stop();
    service.run().end.open();
    await runner.finished();
  });
});

describe("a stop() that arrives", () => {
  it("while a start() waits for readiness calls it off", async () => {
    const service = serve({ awaitReady: true });
    const started = watch(service.runner.start());
    await turns();
    const stopped = watch(service.runner.stop());
    await turns(2);
    assertEquals((started.reason as Error).name, "AbortError");
    await turns();
    assertEquals([stopped.status, service.runs.length], ["resolved", 1]);
  });

  it("while a start() waits for its turn calls it off", async () => {
    const service = serve({ awaitReady: true }, { stubborn: true });
    const { runner } = service;
    runner.start().catch(() => {});
    const second = watch(runner.start());
    const third = watch(runner.start());
    await turns();
    const stopped = watch(runner.stop());
    await turns(2);
    for (const { reason } of [second, third]) {
      assertEquals((reason as Error).name, "AbortError");
    }
    service.run().end.open();
    await turns();
    assertEquals([stopped.status, service.runs.length], ["resolved", 1]);
  });

  it("while a start() waits for the old run calls it off", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const first = watch(runner.stop());
    const started = watch(runner.start());
    await turns();
    const second = watch(runner.stop());
    await turns(2);
    assertEquals((started.reason as Error).name, "AbortError");
    service.run().end.open();
    await turns();
    assertEquals([first.status, second.status], ["resolved", "resolved"]);
    assertEquals([service.runs.length, runner.state], [1, "stopped"]);
  });

  it("does not call off those after it", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    runner.stop();
    const started = watch(runner.start());
    const restarted = watch(runner.restart());
    service.run().end.open();
    await turns();
    assertEquals([started.status, runner.state], ["resolved", "stopping"]);
    service.run().end.open();
    await turns();
    assertEquals([restarted.status, runner.state], ["resolved", "running"]);
    runner.stop();
    service.run().end.open();
    await runner.finished();
    assert(service.most === 1);
  });

  it("as an abort of the start's signal, calls nothing off that was made after", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    life.abort();
    const started = runner.start();
    service.run().end.open();
    await started;
    assertEquals(runner.state, "running");
    runner.stop();
    service.run().end.open();
    await runner.finished();
  });
});
