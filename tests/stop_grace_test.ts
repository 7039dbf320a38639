import {
  assert,
  assertEquals,
  assertMatch,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, Ticker } from "@golib/runner";
import {
  gate,
  type Outcome,
  reasonOf,
  serve,
  turns,
  watch,
} from "./_helpers.ts";

function nameOf({ reason }: Outcome): string | undefined {
  return (reason as Error | undefined)?.name;
}

/** Moves the clock, then lets what follows from it happen. */
async function pass(time: FakeTime, ms: number): Promise<void> {
  await time.tickAsync(ms);
  await time.runMicrotasks();
}

describe("stop(): the grace", () => {
  it("rejects with a TimeoutError that names the runner and the time", async () => {
    using time = new FakeTime();
    const service = serve({ name: "db" }, { stubborn: true });
    await service.runner.start();
    const stopped = watch(service.runner.stop({ timeout: 70 }));
    await pass(time, 69);
    assertEquals(stopped.status, "pending");
    await pass(time, 1);
    const error = stopped.reason;
    assert(error instanceof DOMException);
    assertEquals(error.name, "TimeoutError");
    assertMatch(error.message, /"db".* 70 ms/);
    service.run().end.open();
    await service.runner.finished();
  });

  it("is the runner's stopTimeout where the call names none", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 50 }, { stubborn: true });
    await service.runner.start();
    const stopped = watch(service.runner.stop());
    await pass(time, 49);
    assertEquals(stopped.status, "pending");
    await pass(time, 1);
    assertEquals(nameOf(stopped), "TimeoutError");
    service.run().end.open();
    await service.runner.finished();
  });

  it("is two seconds by default", async () => {
    using time = new FakeTime();
    const service = serve({}, { stubborn: true });
    await service.runner.start();
    const stopped = watch(service.runner.stop());
    await pass(time, 1_999);
    assertEquals(stopped.status, "pending");
    await pass(time, 1);
    assertEquals(nameOf(stopped), "TimeoutError");
    service.run().end.open();
    await service.runner.finished();
  });

  it("is counted from the call", async () => {
    using time = new FakeTime();
    const service = serve({}, { stubborn: true });
    await service.runner.start();
    service.runner.stop({ timeout: Infinity });
    await pass(time, 500);
    const late = watch(service.runner.stop({ timeout: 100 }));
    await pass(time, 99);
    assertEquals(late.status, "pending");
    await pass(time, 1);
    assertEquals(nameOf(late), "TimeoutError");
    service.run().end.open();
    await service.runner.finished();
  });

  it("is each caller's own, where three wait with different ones", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 300 }, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const long = watch(runner.stop({ timeout: 200 }));
    const short = watch(runner.stop({ timeout: 100 }));
    const start = watch(runner.start());
    const { control } = service.run();
    const all = () => [short, long, start].map(({ status }) => status);
    await pass(time, 100);
    assertEquals(all(), ["rejected", "pending", "pending"]);
    await pass(time, 100);
    assertEquals(all(), ["rejected", "rejected", "pending"]);
    assertEquals(control.force.aborted, false);
    await pass(time, 100);
    assertEquals(all(), ["rejected", "rejected", "rejected"]);
    assertEquals([short, long, start].map(nameOf), [
      "TimeoutError",
      "TimeoutError",
      "TimeoutError",
    ]);
    const said = [short, long, start].map(({ reason }) =>
      /within (\d+) ms/.exec((reason as Error).message)?.[1]
    );
    assertEquals(said, ["100", "200", "300"]);
    assertEquals(control.force.aborted, true);
    assertEquals(runner.errorsTotal(), 1);
    service.run().end.open();
    await pass(time, 0);
    assertEquals([runner.state, service.runs.length], ["stopped", 1]);
  });

  it("is recorded once a run, whoever waits, as an error of phase stop", async () => {
    using time = new FakeTime();
    const phases: string[] = [];
    const service = serve({
      observer: (event) => event.type === "error" && phases.push(event.phase),
    }, { stubborn: true });
    const { runner } = service;
    for (let run = 1; run <= 2; run++) {
      await runner.start();
      const first = reasonOf(runner.stop({ timeout: 10 }));
      const second = reasonOf(runner.restart({ timeout: 20 }));
      await pass(time, 20);
      assertStrictEquals(runner.errorsLast(), await first);
      assert(await second !== await first);
      assertEquals([runner.errorsTotal(), phases.length], [1, run]);
      service.run().end.open();
      await pass(time, 0);
    }
    assertEquals(phases, ["stop", "stop"]);
  });

  it("is recorded also where nobody waits for a promise", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 10 }, { stubborn: true });
    const life = new AbortController();
    await service.runner.start({ signal: life.signal });
    life.abort();
    await pass(time, 10);
    assertEquals(service.runner.errorsLast()?.name, "TimeoutError");
    service.run().end.open();
    await service.runner.finished();
  });

  it("that passes leaves the runner stopping until the run really ends", async () => {
    using time = new FakeTime();
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    reasonOf(runner.stop({ timeout: 10 }));
    await pass(time, 100_000);
    assertEquals([runner.state, runner.isRunning()], ["stopping", false]);
    service.run().end.open();
    await pass(time, 0);
    assertEquals(runner.state, "stopped");
    await runner.start();
    assertEquals(runner.state, "running");
    runner.stop();
    service.run().end.open();
    await runner.finished();
  });

  it("lets a later stop() wait anew", async () => {
    using time = new FakeTime();
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    reasonOf(runner.stop({ timeout: 10 }));
    await pass(time, 10);
    const later = watch(runner.stop({ timeout: 10 }));
    await pass(time, 9);
    assertEquals(later.status, "pending");
    service.run().end.open();
    await pass(time, 0);
    assertEquals(later.status, "resolved");
  });

  it("of 0 lets end cleanly what ends in microtasks", async () => {
    const service = serve();
    await service.runner.start();
    await service.runner.stop({ timeout: 0 });
    assertEquals(service.runner.errorsTotal(), 0);
    const stubborn = serve({}, { stubborn: true });
    await stubborn.runner.start();
    const reason = await reasonOf(stubborn.runner.stop({ timeout: 0 }));
    assertEquals((reason as Error).name, "TimeoutError");
    stubborn.run().end.open();
    await stubborn.runner.finished();
  });

  it("may be without limit, and longer than a bare timer can be", async () => {
    using time = new FakeTime();
    const service = serve({}, { stubborn: true });
    await service.runner.start();
    const unlimited = watch(service.runner.stop({ timeout: Infinity }));
    const long = watch(service.runner.stop({ timeout: 2 ** 32 }));
    await pass(time, 2 ** 32 - 1);
    assertEquals([unlimited.status, long.status], ["pending", "pending"]);
    await pass(time, 1);
    assertEquals([unlimited.status, long.status], ["pending", "rejected"]);
    service.run().end.open();
    await pass(time, 0);
    assertEquals(unlimited.status, "resolved");
  });

  it("is the only end of a stop() awaited inside the run, which its message mentions", async () => {
    for (const where of ["start", "stop"]) {
      let inner: unknown;
      const runner: StartStop = new StartStop(
        async () => {
          await turns(1);
          if (where === "start") {
            inner = await reasonOf(runner.stop({ timeout: 5 }));
          }
        },
        async () => {
          if (where === "stop") {
            inner = await reasonOf(runner.stop({ timeout: 5 }));
          }
        },
        { printErrors: false },
      );
      await runner.start();
      if (where === "stop") await runner.stop({ timeout: Infinity });
      await runner.finished();
      assertEquals((inner as Error).name, "TimeoutError");
      assertStringIncludes((inner as Error).message, "awaits its own stop");
      assertEquals(runner.state, "stopped");
    }
  });

  it("is that of a Ticker too", async () => {
    using time = new FakeTime();
    const held = gate();
    const ticker = new Ticker(60_000, () => held.promise, {
      name: "beat",
      immediate: true,
      printErrors: false,
    });
    await ticker.start();
    const stopped = watch(ticker.stop({ timeout: 30 }));
    await pass(time, 30);
    assertMatch((stopped.reason as Error).message, /"beat".* 30 ms/);
    assertEquals([ticker.state, ticker.errorsTotal()], ["stopping", 1]);
    held.open();
    await pass(time, 0);
    assertEquals(ticker.state, "stopped");
  });
});

describe("stop({ signal })", () => {
  it("cuts the wait short with the signal's reason", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const patience = new AbortController();
    const stopped = runner.stop({ signal: patience.signal });
    patience.abort("no patience");
    assertStrictEquals(await reasonOf(stopped), "no patience");
    assertEquals([runner.state, runner.errorsTotal()], ["stopping", 0]);
    service.run().end.open();
    await runner.finished();
    assertEquals(runner.state, "stopped");
  });

  it("still stops the run if the signal has aborted already", async () => {
    const service = serve();
    const { runner } = service;
    await runner.start();
    const stopped = runner.stop({ signal: AbortSignal.abort("at once") });
    assert(service.run().signal.aborted);
    assertEquals([runner.state, service.stops], ["stopping", 1]);
    assertStrictEquals(await reasonOf(stopped), "at once");
    await runner.finished();
    assertEquals([runner.state, runner.errorsTotal()], ["stopped", 0]);
  });

  it("that has aborted already cuts the wait for an idle Ticker short too", async () => {
    const ticker = new Ticker(60_000, () => {});
    await ticker.start();
    const stopped = ticker.stop({ signal: AbortSignal.abort("at once") });
    assertEquals(ticker.state, "stopping");
    assertStrictEquals(await reasonOf(stopped), "at once");
    await ticker.finished();
    assertEquals(ticker.state, "stopped");
  });

  it("still calls off those before it if the signal has aborted already", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const second = watch(runner.start());
    reasonOf(runner.stop({ signal: AbortSignal.abort() }));
    service.run().end.open();
    await turns();
    assertEquals([nameOf(second), service.runs.length], ["AbortError", 1]);
  });

  it("does not matter any more once the run has ended", async () => {
    const service = serve();
    const patience = new AbortController();
    await service.runner.start();
    await service.runner.stop({ signal: patience.signal });
    await service.runner.start();
    patience.abort();
    assertEquals(service.runner.state, "running");
    await service.runner.stop();
  });

  it("is the caller's own: others go on waiting", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const patience = new AbortController();
    const hasty = watch(runner.stop({ signal: patience.signal }));
    const calm = watch(runner.stop());
    patience.abort();
    await turns();
    assertEquals([hasty.status, calm.status], ["rejected", "pending"]);
    service.run().end.open();
    await turns();
    assertEquals(calm.status, "resolved");
  });
});

describe("the message of a grace that passed", () => {
  for (const verb of ["start", "restart", "stop"] as const) {
    it(`names what was asked for: ${verb}`, async () => {
      const service = serve({ name: "http", stopTimeout: 0 }, {
        stubborn: true,
      });
      await service.runner.start();
      const { message } = await reasonOf(service.runner[verb]()) as Error;
      assertStringIncludes(message, `Cannot ${verb} "http": `);
      service.run().end.open();
      await service.runner.finished();
    });
  }

  it("names a stop where the ticker itself asked for it", async () => {
    const work = gate();
    const ticker = new Ticker(1_000, (_signal, control) => {
      control.stop();
      return work.promise;
    }, { immediate: true, name: "poll", printErrors: false, stopTimeout: 0 });
    const recorded = new Promise<Error>((resolve) =>
      ticker.observe((event) => event.type === "error" && resolve(event.error))
    );
    await ticker.start();
    const { message } = await recorded;
    assertStringIncludes(message, 'Cannot stop "poll": ');
    work.open();
    await ticker.finished();
  });
});
