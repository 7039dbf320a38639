import {
  assert,
  assertEquals,
  assertFalse,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { Ticker } from "@golib/runner";
import { failure, reasonOf, serve, turns, watch } from "./_helpers.ts";

const REASONS = [
  new Error("shutdown"),
  "SIGTERM",
  null,
  0,
  Symbol("end"),
  new DOMException("late", "TimeoutError"),
];

describe("start({ signal })", () => {
  it("rejects at once with the reason of a signal that has aborted", async () => {
    for (const reason of REASONS) {
      const service = serve();
      const signal = AbortSignal.abort(reason);
      assertStrictEquals(
        await reasonOf(service.runner.start({ signal })),
        reason,
      );
      assertEquals([service.runs.length, service.runner.state], [0, "stopped"]);
    }
  });

  it("rejects with an AbortError where the abort named no reason", async () => {
    const { runner } = serve();
    const started = runner.start({ signal: AbortSignal.abort() });
    assertEquals(await failure(started), "AbortError");
  });

  it("leaves a current run alone if the signal has aborted", async () => {
    for (const awaitReady of [false, true]) {
      const service = serve({ awaitReady });
      const { runner } = service;
      const first = watch(runner.start());
      const { state } = runner;
      await reasonOf(runner.start({ signal: AbortSignal.abort() }));
      await turns();
      assertEquals([runner.state, service.runs.length], [state, 1]);
      assertFalse(service.run().signal.aborted);
      assertEquals(first.status, awaitReady ? "pending" : "resolved");
      await runner.stop();
    }
  });

  it("rejects at once if the signal aborts before the launch", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const life = new AbortController();
    const second = watch(runner.start({ signal: life.signal }));
    await turns();
    life.abort("changed my mind");
    await turns(3);
    assertEquals([second.status, second.reason], [
      "rejected",
      "changed my mind",
    ]);
    assertEquals(runner.state, "stopping");
    service.run().end.open();
    await turns();
    assertEquals([runner.state, service.runs.length], ["stopped", 1]);
  });

  it("lets those behind it launch if its signal aborts before the launch", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const life = new AbortController();
    const second = watch(runner.start({ signal: life.signal }));
    const third = watch(runner.start());
    life.abort();
    service.run().end.open();
    await turns();
    assertEquals([second.status, third.status], ["rejected", "resolved"]);
    assertEquals(service.runs.length, 2);
    runner.stop();
    service.run().end.open();
    await runner.finished();
  });

  it("stops the run when the signal aborts while it lives", async () => {
    for (const reason of REASONS) {
      const service = serve({ awaitReady: true }, {
        begin: ({ control }) => control.ready(),
      });
      const { runner } = service;
      const life = new AbortController();
      await runner.start({ signal: life.signal });
      life.abort(reason);
      assertEquals([runner.state, service.stops], ["stopping", 1]);
      assertStrictEquals(service.run().signal.reason, reason);
      await runner.finished();
      assertEquals([runner.state, runner.errorsTotal()], ["stopped", 0]);
    }
  });

  it("rejects with the reason if the signal aborts while readiness is awaited", async () => {
    for (const reason of REASONS) {
      const service = serve({ awaitReady: true });
      const life = new AbortController();
      const started = service.runner.start({ signal: life.signal });
      life.abort(reason);
      assertEquals([service.runner.state, service.stops], ["stopping", 1]);
      assertStrictEquals(await reasonOf(started), reason);
      await service.runner.finished();
      assertEquals(service.runner.errorsTotal(), 0);
    }
  });

  it("gives a run that its signal aborted the same grace, and records when it passes", async () => {
    using time = new FakeTime();
    const service = serve({ stopTimeout: 100 }, { stubborn: true });
    const { runner } = service;
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    life.abort("SIGTERM");
    const { control } = service.run();
    await time.tickAsync(99);
    await time.runMicrotasks();
    assertEquals([control.force.aborted, runner.errorsTotal()], [false, 0]);
    await time.tickAsync(1);
    await time.runMicrotasks();
    assertEquals([control.force.aborted, runner.errorsTotal()], [true, 1]);
    assertEquals(control.force.reason, "SIGTERM");
    assertEquals(runner.errorsLast()?.name, "TimeoutError");
    assertEquals(runner.state, "stopping");
    service.run().end.open();
    await time.runMicrotasks();
    assertEquals(runner.state, "stopped");
  });

  it("does nothing if the signal aborts after the run has ended", async () => {
    const service = serve();
    const { runner } = service;
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    await runner.stop();
    await runner.start();
    life.abort();
    await turns();
    assertEquals([runner.state, service.stops], ["running", 1]);
    await runner.stop();
  });

  it("stops the run also when the signal aborts inside the start function", async () => {
    for (const awaitReady of [false, true]) {
      const life = new AbortController();
      const service = serve({ awaitReady }, {
        begin: () => life.abort("inside"),
      });
      const { runner } = service;
      const started = watch(runner.start({ signal: life.signal }));
      assertEquals([runner.state, service.stops], ["stopping", 1]);
      await runner.finished();
      assertEquals(
        [started.status, started.reason],
        awaitReady ? ["rejected", "inside"] : ["resolved", undefined],
      );
      assertEquals([runner.state, runner.errorsTotal()], ["stopped", 0]);
    }
  });

  it("keeps the reason of a stop that came before the abort", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    const stopped = runner.stop();
    life.abort("late");
    assertEquals(service.run().signal.reason.name, "AbortError");
    assertEquals(service.stops, 1);
    service.run().end.open();
    await stopped;
  });

  it("is the life of the run alone, and not of the one that replaces it", async () => {
    const service = serve();
    const { runner } = service;
    const life = new AbortController();
    await runner.start({ signal: life.signal });
    await runner.start();
    life.abort();
    await turns();
    assertEquals([runner.state, service.runs.length], ["running", 2]);
    await runner.stop();
  });

  it("launches nothing for a signal that aborts unheard as the old run ends", async () => {
    // As when listeners of an abort by the engine run microtasks in between.
    let aborted = false;
    const signal = {
      get aborted() {
        return aborted;
      },
      reason: "unheard",
      addEventListener() {},
      removeEventListener() {},
    } as unknown as AbortSignal;
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const second = watch(runner.start({ signal }));
    aborted = true;
    service.run().end.open();
    await turns();
    assertEquals([second.status, second.reason], ["rejected", "unheard"]);
    assertEquals([service.runs.length, runner.state], [1, "stopped"]);
  });

  it("ends a Ticker in the same way", async () => {
    const ticker = new Ticker(60_000, () => {});
    const life = new AbortController();
    await ticker.start({ signal: life.signal });
    life.abort();
    assertEquals(ticker.state, "stopping");
    await ticker.finished();
    assertEquals(ticker.state, "stopped");
    assert(life.signal.aborted);
    assertEquals(
      await failure(ticker.start({ signal: life.signal })),
      "AbortError",
    );
  });
});

/** A look-alike whose listeners are called as often as one likes. */
function repeating() {
  const listeners: (() => void)[] = [];
  let aborted = false;
  const signal = {
    get aborted() {
      return aborted;
    },
    reason: "again",
    addEventListener: (_type: string, each: () => void) => listeners.push(each),
    removeEventListener() {},
  } as unknown as AbortSignal;
  const fire = () => {
    aborted = true;
    for (const each of listeners) each();
  };
  return { signal, fire };
}

describe("A signal that calls its listeners again", () => {
  it("does not stop a later run, which is not on it", async () => {
    const { signal, fire } = repeating();
    const { runner } = serve();
    await runner.start({ signal });
    fire();
    await runner.finished();
    await runner.start();
    fire();
    assertEquals(runner.state, "running");
    await runner.stop();
  });

  it("gives a run that is stopping no more time", async () => {
    using time = new FakeTime();
    const { signal, fire } = repeating();
    const service = serve({ stopTimeout: 100 }, { stubborn: true });
    await service.runner.start({ signal });
    fire();
    await time.tickAsync(60);
    fire();
    await time.tickAsync(40);
    assert(service.run().control.force.aborted);
    assertEquals(
      service.runner.errorsList().map(({ message }) => message.slice(0, 24)),
      ['Cannot stop "start-stop"'],
    );
    service.run().end.open();
    await service.runner.finished();
  });
});
