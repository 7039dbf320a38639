import { assertEquals, assertFalse, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { Ticker } from "@golib/runner";
import { failure, reasonOf, serve, turns, watch } from "./_helpers.ts";

async function pass(time: FakeTime, ms: number): Promise<void> {
  await time.tickAsync(ms);
  await time.runMicrotasks();
}

describe("restart()", () => {
  it("just starts where nothing runs, inside the call", async () => {
    const service = serve();
    const restarted = service.runner.restart();
    assertEquals([service.runner.state, service.runs.length], ["running", 1]);
    assertStrictEquals(await restarted, undefined);
    assertEquals(service.stops, 0);
    await service.runner.stop();
  });

  it("stops and starts as one step", async () => {
    const service = serve();
    const { runner } = service;
    await runner.start();
    const old = service.run();
    const restarted = runner.restart();
    assertEquals([runner.state, old.signal.aborted], ["stopping", true]);
    assertEquals(old.signal.reason.name, "AbortError");
    await restarted;
    assertEquals(
      [runner.state, service.runs.length, service.stops, service.most],
      ["running", 2, 1, 1],
    );
    await runner.stop();
  });

  it("lets no other start in between", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    const own = new AbortController();
    await runner.start();
    const restarted = watch(runner.restart({ signal: own.signal }));
    const started = watch(runner.start());
    service.run().end.open();
    await turns();
    assertEquals([restarted.status, started.status], ["resolved", "pending"]);
    assertEquals([service.runs.length, runner.state], [2, "stopping"]);
    service.run().end.open();
    await turns();
    assertEquals([started.status, service.runs.length], ["resolved", 3]);
    runner.stop();
    service.run().end.open();
    await runner.finished();
  });

  it("waits for readiness as a start does, with startTimeout", async () => {
    using time = new FakeTime();
    const service = serve(
      { awaitReady: true, startTimeout: 50, stopTimeout: 10 },
      { begin: ({ control }, index) => index === 0 && control.ready() },
    );
    const { runner } = service;
    await runner.start();
    const restarted = watch(runner.restart({ timeout: 5 }));
    await pass(time, 0);
    assertEquals(runner.state, "starting");
    await pass(time, 49);
    assertEquals(restarted.status, "pending");
    await pass(time, 1);
    const { name, message } = restarted.reason as Error;
    assertEquals([name, /within 50 ms/.test(message)], ["TimeoutError", true]);
  });

  it("takes timeout as the grace of the stop, and does not start if that passes", async () => {
    using time = new FakeTime();
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const restarted = watch(runner.restart({ timeout: 40 }));
    await pass(time, 39);
    assertEquals(restarted.status, "pending");
    await pass(time, 1);
    assertEquals((restarted.reason as Error).name, "TimeoutError");
    assertEquals((restarted.reason as Error).message.includes("40 ms"), true);
    service.run().end.open();
    await pass(time, 0);
    assertEquals([runner.state, service.runs.length], ["stopped", 1]);
  });

  it("takes stopTimeout where it names no timeout", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 60 }, { stubborn: true });
    await service.runner.start();
    const restarted = watch(service.runner.restart());
    await pass(time, 59);
    assertEquals(restarted.status, "pending");
    await pass(time, 1);
    assertEquals((restarted.reason as Error).name, "TimeoutError");
    service.run().end.open();
    await pass(time, 0);
  });

  it("starts though the stop function throws, which the launch forgets", async () => {
    const printed: string[] = [];
    const service = serve({
      observer: (event) => event.type === "error" && printed.push(event.phase),
    }, { stop: () => Promise.reject(new Error("close")) });
    await service.runner.start();
    await service.runner.restart();
    assertEquals([service.runs.length, service.runner.errorsTotal()], [2, 0]);
    assertEquals(printed, ["stop"]);
    await service.runner.stop();
  });

  it("restarts a Ticker", async () => {
    let ticks = 0;
    const ticker = new Ticker(60_000, () => void ticks++, { immediate: true });
    await ticker.restart();
    await ticker.restart();
    assertEquals([ticker.state, ticks], ["running", 2]);
    await ticker.stop();
  });
});

describe("restart(): the signal", () => {
  it("is the new run's, as in start()", async () => {
    const service = serve();
    const { runner } = service;
    const [first, second] = [new AbortController(), new AbortController()];
    await runner.start({ signal: first.signal });
    await runner.restart({ signal: second.signal });
    first.abort();
    assertEquals(runner.state, "running");
    second.abort("second");
    assertEquals(runner.state, "stopping");
    assertEquals(service.run().signal.reason, "second");
    await runner.finished();
  });

  it("that has aborted rejects at once and leaves a current run alone", async () => {
    const service = serve();
    await service.runner.start();
    const signal = AbortSignal.abort("no");
    assertEquals(await reasonOf(service.runner.restart({ signal })), "no");
    assertEquals(service.runner.state, "running");
    assertFalse(service.run().signal.aborted);
    await service.runner.stop();
  });

  for (const from of ["starting", "running", "stopping"] as const) {
    it(`carries over from a run that is ${from}`, async () => {
      const service = serve({ awaitReady: true }, {
        stubborn: from === "stopping",
        begin: ({ control }, index) =>
          (index > 0 || from !== "starting") && control.ready(),
      });
      const { runner } = service;
      const life = new AbortController();
      runner.start({ signal: life.signal });
      if (from === "stopping") runner.stop();
      assertEquals(runner.state, from);
      const restarted = runner.restart();
      service.run().end.open();
      await restarted;
      assertEquals([runner.state, service.runs.length], ["running", 2]);
      life.abort("Ctrl-C");
      assertEquals(runner.state, "stopping");
      assertEquals(service.run().signal.reason, "Ctrl-C");
      service.run().end.open();
      await runner.finished();
    });
  }

  it("carries over from restart to restart", async () => {
    const { runner } = serve();
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    for (let count = 0; count < 3; count++) await runner.restart();
    await Promise.all([runner.restart(), runner.restart()]);
    life.abort();
    assertEquals(runner.state, "stopping");
    await runner.finished();
  });

  it("does not carry over from a run that has ended", async () => {
    for (const end of ["by itself", "by a stop"]) {
      const service = serve();
      const { runner } = service;
      const life = new AbortController();
      await runner.start({ signal: life.signal });
      if (end === "by a stop") await runner.stop();
      service.run().end.open();
      await runner.finished();
      await runner.restart();
      life.abort();
      assertEquals(runner.state, "running");
      assertFalse(service.run().signal.aborted);
      await runner.stop();
    }
  });

  it("carries over from the run it replaces, not from the one before", async () => {
    const service = serve();
    const { runner } = service;
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    const started = runner.start();
    const restarted = runner.restart();
    await Promise.all([started, restarted]);
    assertEquals(service.runs.length, 3);
    life.abort();
    assertEquals(runner.state, "running");
    await runner.stop();
  });

  it("carries over from a start in the queue before it", async () => {
    const service = serve();
    const { runner } = service;
    const life = new AbortController();
    await runner.start();
    const started = runner.start({ signal: life.signal });
    await Promise.all([started, runner.restart()]);
    life.abort();
    assertEquals([runner.state, service.runs.length], ["stopping", 3]);
    await runner.finished();
  });

  it("that would carry over but has aborted rejects with its reason", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    life.abort("Ctrl-C");
    assertEquals(runner.state, "stopping");
    assertEquals(await reasonOf(runner.restart()), "Ctrl-C");
    service.run().end.open();
    await runner.finished();
    assertEquals([service.runs.length, runner.state], [1, "stopped"]);
  });

  it("that carries over and aborts before the launch rejects with its reason", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    const restarted = watch(runner.restart());
    await turns();
    life.abort("Ctrl-C");
    await turns(3);
    assertEquals([restarted.status, restarted.reason], ["rejected", "Ctrl-C"]);
    service.run().end.open();
    await turns();
    assertEquals([service.runs.length, runner.state], [1, "stopped"]);
  });

  it("that carries over and aborts while readiness is awaited rejects with its reason", async () => {
    const service = serve({ awaitReady: true });
    const { runner } = service;
    const life = new AbortController();
    const started = runner.start({ signal: life.signal });
    service.run().control.ready();
    await started;
    const restarted = runner.restart();
    await turns();
    assertEquals(runner.state, "starting");
    life.abort("Ctrl-C");
    assertEquals(await reasonOf(restarted), "Ctrl-C");
    await runner.finished();
  });

  it("of its own stands in for that which would carry over", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    const [life, own] = [new AbortController(), new AbortController()];
    await runner.start({ signal: life.signal });
    life.abort();
    const restarted = runner.restart({ signal: own.signal });
    service.run().end.open();
    await restarted;
    assertEquals(runner.state, "running");
    own.abort();
    service.run().end.open();
    await runner.finished();
  });

  it("is not carried over by start()", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    const started = runner.start();
    life.abort();
    service.run().end.open();
    await started;
    assertEquals(runner.state, "running");
    runner.stop();
    service.run().end.open();
    await runner.finished();
  });

  it("of a look-alike that refuses a second listener rejects the restart alone", async () => {
    let listeners = 0;
    const signal = {
      aborted: false,
      addEventListener() {
        if (listeners++ > 0) throw new Error("no more listeners");
      },
      removeEventListener() {},
    } as unknown as AbortSignal;
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start({ signal });
    const stopped = runner.stop();
    assertEquals(await failure(runner.restart()), "Error");
    service.run().end.open();
    await stopped;
    await runner.start();
    assertEquals([runner.state, service.runs.length], ["running", 2]);
    runner.stop();
    service.run().end.open();
    await runner.finished();
  });
});
