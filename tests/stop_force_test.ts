import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { type StartControl, StartStop, Ticker } from "@golib/runner";
import { gate, reasonOf, serve, type Service, turns } from "./_helpers.ts";

async function pass(time: FakeTime, ms: number): Promise<void> {
  await time.tickAsync(ms);
  await time.runMicrotasks();
}

function forced(service: Service): boolean[] {
  const { control, stopSignal } = service.runs[0]!;
  return [control.force.aborted, stopSignal!.aborted];
}

/** Each way to wait for the end of a run for 100 ms. */
const WAYS: [string, (service: Service, life: AbortController) => unknown][] = [
  ["a stop", ({ runner }) => runner.stop({ timeout: 100 })],
  ["a start in the queue", ({ runner }) => runner.start()],
  ["a restart", ({ runner }) => runner.restart({ timeout: 100 })],
  ["an abort of the start's signal", (_service, life) => life.abort("Ctrl-C")],
  [
    "three stops",
    ({ runner }) => [1, 50, 100].map((timeout) => runner.stop({ timeout })),
  ],
  [
    "a stop and a start in the queue",
    ({ runner }) => [runner.stop({ timeout: 10 }), runner.start()],
  ],
];

describe("control.force and the stop function's signal", () => {
  for (const [name, wait] of WAYS) {
    it(`abort when ${name} gave up, and not before`, async () => {
      using time = new FakeTime();
      const service = serve({ stopTimeout: 100 }, { stubborn: true });
      const life = new AbortController();
      await service.runner.start({ signal: life.signal });
      wait(service, life);
      const { signal, control, end, stopSignal } = service.run();
      await pass(time, 99);
      assertEquals(forced(service), [false, false]);
      await pass(time, 1);
      assertEquals(forced(service), [true, true]);
      assertStrictEquals(control.force.reason, signal.reason);
      assertStrictEquals(stopSignal!.reason, signal.reason);
      end.open();
      await pass(time, 0);
    });
  }

  it("abort when the stop that a startTimeout causes gave up", async () => {
    using time = new FakeTime();
    const service = serve(
      { awaitReady: true, startTimeout: 30, stopTimeout: 100 },
      { stubborn: true },
    );
    const started = reasonOf(service.runner.start());
    await pass(time, 30);
    assertEquals((await started as Error).name, "TimeoutError");
    await pass(time, 99);
    assertEquals(forced(service), [false, false]);
    await pass(time, 1);
    assertEquals(forced(service), [true, true]);
    assertEquals(service.runner.errorsTotal(), 2);
    service.run().end.open();
    await pass(time, 0);
  });

  it("abort when the stop that control.stop() causes gave up", async () => {
    using time = new FakeTime();
    const held = gate();
    let force!: AbortSignal;
    const ticker = new Ticker(60_000, (_signal, control) => {
      ({ force } = control);
      control.stop();
      return held.promise;
    }, { immediate: true, stopTimeout: 100, printErrors: false });
    await ticker.start();
    await pass(time, 99);
    assertEquals(force.aborted, false);
    await pass(time, 1);
    assertEquals([force.aborted, ticker.errorsTotal()], [true, 1]);
    held.open();
    await pass(time, 0);
    assertEquals(ticker.state, "stopped");
  });

  it("abort when the caller's signal cuts the only wait short", async () => {
    const service = serve({}, { stubborn: true });
    await service.runner.start();
    const patience = new AbortController();
    reasonOf(service.runner.stop({ signal: patience.signal }));
    assertEquals(forced(service), [false, false]);
    patience.abort("now");
    assertEquals(forced(service), [true, true]);
    const { control, signal, end } = service.run();
    assertStrictEquals(control.force.reason, signal.reason);
    end.open();
    await service.runner.finished();
  });

  it("abort at once where the caller's signal has aborted already", async () => {
    const service = serve({}, { stubborn: true });
    await service.runner.start();
    reasonOf(service.runner.stop({ signal: AbortSignal.abort() }));
    assertEquals(forced(service), [true, true]);
    service.run().end.open();
    await service.runner.finished();
  });

  it("abort when the signal of the only start in the queue aborts", async () => {
    const service = serve({}, { stubborn: true });
    await service.runner.start();
    const life = new AbortController();
    reasonOf(service.runner.start({ signal: life.signal }));
    await turns();
    assertEquals(forced(service), [false, false]);
    life.abort();
    assertEquals(forced(service), [true, true]);
    service.run().end.open();
    await service.runner.finished();
  });

  it("do not abort while an unlimited stop waits", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 100 }, { stubborn: true });
    await service.runner.start();
    service.runner.stop({ timeout: Infinity });
    reasonOf(service.runner.stop());
    await pass(time, 2 ** 32);
    assertEquals(forced(service), [false, false]);
    service.run().end.open();
    await pass(time, 0);
    assertEquals(forced(service), [false, false]);
  });

  it("do not abort when a stop calls a start off and waits in its place", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 100 }, { stubborn: true });
    await service.runner.start();
    reasonOf(service.runner.start());
    await pass(time, 50);
    reasonOf(service.runner.stop({ timeout: 100 }));
    await pass(time, 99);
    assertEquals(forced(service), [false, false]);
    await pass(time, 1);
    assertEquals(forced(service), [true, true]);
    service.run().end.open();
    await pass(time, 0);
  });

  it("do not count finished() as a wait for the end", async () => {
    using time = new FakeTime();
    const service = serve({}, { stubborn: true });
    await service.runner.start();
    const finished = service.runner.finished();
    reasonOf(service.runner.stop({ timeout: 10 }));
    await pass(time, 10);
    assertEquals(forced(service), [true, true]);
    service.run().end.open();
    await finished;
  });

  it("let a start function end that was cut off by force", async () => {
    using time = new FakeTime();
    const runner = new StartStop(
      (_signal, { force }) =>
        new Promise((_resolve, reject) => {
          force.addEventListener("abort", () => reject(force.reason));
        }),
      undefined,
      { printErrors: false },
    );
    await runner.start();
    const stopped = reasonOf(runner.stop({ timeout: 10 }));
    await pass(time, 10);
    assertEquals((await stopped as Error).name, "TimeoutError");
    assertEquals([runner.state, runner.errorsTotal()], ["stopped", 1]);
    await runner.finished();
  });

  it("never abort in a run that ends in time, or by itself", async () => {
    const service = serve();
    await service.runner.start();
    const { force } = service.run().control;
    await service.runner.stop();
    await turns();
    assertEquals(force.aborted, false);
    assertEquals(forced(service), [false, false]);

    await service.runner.start();
    service.run().end.open();
    await service.runner.finished();
    assertEquals(service.run().control.force.aborted, false);
    assertEquals(service.run().signal.aborted, false);
  });

  it("do not abort in an idle Ticker that a stop waits for, whoever else gives up", async () => {
    let force!: AbortSignal;
    const ticker = new Ticker(60_000, (_signal, control) => {
      ({ force } = control);
    }, { immediate: true });
    await ticker.start();
    const stopped = ticker.stop();
    reasonOf(ticker.stop({ signal: AbortSignal.abort() }));
    await stopped;
    assertEquals([force.aborted, ticker.state], [false, "stopped"]);
  });

  it("have aborted already where they are first asked for later", async () => {
    const held = gate();
    let control!: StartControl;
    // A stop function would be given the same signal, and so ask for it.
    const runner = new StartStop((_signal, given) => {
      control = given;
      return held.promise;
    });
    await runner.start();
    reasonOf(runner.stop({ signal: AbortSignal.abort() }));
    assertEquals(control.force.aborted, true);
    assertEquals(control.force.reason.name, "AbortError");
    held.open();
    await runner.finished();
  });
});
