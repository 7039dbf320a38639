import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { type RunnerEvent, StartStop, Ticker } from "@golib/runner";
import { Machine } from "../_internal/machine.ts";
import { gate, reasonOf, serve, turns } from "./_helpers.ts";

function shown(event: RunnerEvent): string {
  switch (event.type) {
    case "state":
      return `${event.from} > ${event.to}`;
    case "error":
      return `${event.phase}: ${event.error.message}`;
    case "tick":
      return `tick: ${event.error?.message ?? "ok"}`;
    case "notice":
      return `notice: ${event.message}`;
    case "listening":
      return `listening: ${event.url}`;
  }
}

describe("a state event", () => {
  it("has its type, the runner, the state before and after", async () => {
    const events: RunnerEvent[] = [];
    const { runner } = serve({ observer: (event) => events.push(event) });
    await runner.start();
    assertEquals(events, [
      { type: "state", runner, from: "stopped", to: "running" },
    ]);
    assertStrictEquals(events[0]!.runner, runner);
    await runner.stop();
    assertEquals(events.slice(1), [
      { type: "state", runner, from: "running", to: "stopping" },
      { type: "state", runner, from: "stopping", to: "stopped" },
    ]);
  });

  it("comes once the start function has been called", async () => {
    const order: string[] = [];
    for (const awaitReady of [false, true]) {
      const runner: StartStop = new StartStop(
        (_signal, { ready }) => {
          order.push("called");
          if (awaitReady) ready();
          order.push("returns");
        },
        undefined,
        {
          awaitReady,
          observer: (event) => event.type === "state" && order.push(event.to),
        },
      );
      const started = runner.start();
      order.push("start() returns");
      await started;
      await runner.finished();
      const states = awaitReady ? ["starting", "running"] : ["running"];
      assertEquals(order.splice(0), [
        ...["called", "returns", ...states, "start() returns", "stopped"],
      ]);
    }
  });

  it("comes once the stop function has been called, before stop() returns", async () => {
    const order: string[] = [];
    const service = serve({
      observer: (event) => event.type === "state" && order.push(event.to),
    }, { stop: () => void order.push("stop function") });
    await service.runner.start();
    order.length = 0;
    const stopped = service.runner.stop();
    order.push("stop() returns");
    await stopped;
    assertEquals(order, [
      ...["stop function", "stopping", "stop() returns", "stopped"],
    ]);
  });

  it("finds the runner in the state it tells of", async () => {
    const seen: unknown[] = [];
    const service = serve({
      awaitReady: true,
      observer(event) {
        if (event.type === "state") seen.push(event.to === runner.state);
      },
    });
    const { runner } = service;
    const started = runner.start();
    service.run().control.ready();
    await started;
    await runner.stop();
    assertEquals(seen, [true, true, true, true]);
  });
});

describe("an error event", () => {
  it("has its type, the runner, the recorded error and the phase", async () => {
    const events: RunnerEvent[] = [];
    const { runner } = serve({
      observer: (event) => event.type === "error" && events.push(event),
    }, { stop: () => Promise.reject("close") });
    await runner.start();
    await runner.stop();
    const error = runner.errorsLast()!;
    assertEquals(events, [{ type: "error", runner, error, phase: "stop" }]);
    assertStrictEquals((events[0] as { error: Error }).error, error);
  });

  it("tells the phases start, stop and tick apart", async () => {
    const phases: string[] = [];
    const observer = (event: RunnerEvent) => {
      if (event.type === "error") phases.push(event.phase);
    };
    const service = serve({ observer }, {
      stubborn: true,
      stop: () => Promise.reject(new Error("close")),
    });
    await service.runner.start();
    const stopped = service.runner.stop();
    service.run().end.fail(new Error("flush"));
    await stopped;
    const ticker = new Ticker(60_000, () => Promise.reject(new Error("tick")), {
      immediate: true,
      observer,
      printErrors: false,
    });
    await ticker.start();
    await turns();
    await ticker.stop();
    assertEquals(phases, ["stop", "start", "tick"]);
  });

  it("of the stop function comes when it has thrown, not when the run ends", async () => {
    const phases: string[] = [];
    const service = serve({
      observer: (event) => event.type === "error" && phases.push(event.phase),
    }, {
      stubborn: true,
      stop: () => Promise.reject(new Error("close")),
    });
    await service.runner.start();
    service.runner.stop();
    await turns();
    assertEquals([phases, service.runner.state], [["stop"], "stopping"]);
    service.run().end.open();
    await service.runner.finished();
  });

  it("of a tickTimeout comes when that passes, not when the tick ends", async () => {
    using time = new FakeTime();
    const errors: string[] = [];
    const held = gate();
    const ticker = new Ticker(1_000, () => held.promise, {
      immediate: true,
      tickTimeout: 10,
      printErrors: false,
      observer: (event) => event.type === "error" && errors.push(event.phase),
    });
    await ticker.start();
    await time.tickAsync(10);
    assertEquals(errors, ["tick"]);
    held.open();
    await time.runMicrotasks();
    await ticker.stop();
  });

  it("comes in order with those of the state", async () => {
    const events: string[] = [];
    const service = serve({
      awaitReady: true,
      observer: (event) => events.push(shown(event)),
    });
    const { runner } = service;
    const started = reasonOf(runner.start());
    service.run().end.fail(new Error("broken"));
    await started;
    await turns();
    assertEquals(events, [
      "stopped > starting",
      "start: broken",
      "starting > stopped",
    ]);
  });
});

describe("a tick event", () => {
  it("has its type, the runner, the times, what was missed and the error", async () => {
    using time = new FakeTime();
    const events: RunnerEvent[] = [];
    let ticks = 0;
    const ticker = new Ticker(
      10,
      () => {
        if (++ticks === 2) throw new Error("second");
      },
      { observer: (event) => events.push(event), printErrors: false },
    );
    await ticker.start();
    await time.tickAsync(20);
    await ticker.stop();
    const found = events.filter((event) => event.type === "tick");
    assertEquals(found.length, 2);
    for (const event of found) {
      assertStrictEquals(event.runner, ticker);
      const { scheduledAt, startedAt, duration, missed } = event;
      assert(scheduledAt <= startedAt);
      assertEquals([typeof duration, missed], ["number", 0]);
    }
    assertEquals(["error" in found[0]!, found[1]!.error?.message], [
      false,
      "second",
    ]);
    assertEquals(
      events.map(shown),
      [
        "stopped > running",
        "tick: ok",
        "tick: second",
        "tick: second",
        "running > stopping",
        "stopping > stopped",
      ].map((each, index) => index === 2 ? each : each),
    );
  });
});

describe("events", () => {
  it("come in order, each to every observer before the next", async () => {
    const seen: string[] = [];
    const service = serve();
    const { runner } = service;
    for (const name of ["a", "b", "c"]) {
      runner.observe((event) => seen.push(`${name} ${shown(event)}`));
    }
    await runner.start();
    await runner.stop();
    assertEquals(
      seen,
      ["stopped > running", "running > stopping", "stopping > stopped"]
        .flatMap((event) => ["a", "b", "c"].map((name) => `${name} ${event}`)),
    );
  });

  it("come in order, also when an observer starts or stops the runner", async () => {
    const seen: string[] = [];
    const service = serve({
      observer(event) {
        if (event.type !== "state") return;
        if (event.to === "running" && service.runs.length < 3) {
          service.runner.restart();
        } else if (event.to === "running") service.runner.stop();
      },
    });
    const { runner } = service;
    for (const name of ["a", "b"]) {
      runner.observe((event) => seen.push(`${name} ${shown(event)}`));
    }
    runner.start();
    await runner.finished();
    const run = [
      "stopped > running",
      "running > stopping",
      "stopping > stopped",
    ];
    assertEquals(
      seen,
      [...run, ...run, ...run].flatMap((event) => [`a ${event}`, `b ${event}`]),
    );
    assertEquals([service.runs.length, service.most], [3, 1]);
  });

  it("are not made where there is no observer", async () => {
    const { emit } = Machine.prototype;
    let made = 0;
    Machine.prototype.emit = function (...values) {
      made++;
      return emit.apply(this, values);
    };
    try {
      const service = serve({}, { stop: () => Promise.reject("close") });
      const { runner } = service;
      await runner.start();
      await runner.stop();
      const ticker = new Ticker(60_000, () => Promise.reject("tick"), {
        immediate: true,
        printErrors: false,
      });
      await ticker.start();
      await turns();
      await ticker.stop();
      const leave = runner.observe(() => {});
      leave();
      await runner.restart();
      await runner.stop();
      assertEquals(made, 0);
      runner.observe(() => {});
      await runner.start();
      assertEquals(made, 1);
      await runner.stop();
    } finally {
      Machine.prototype.emit = emit;
    }
  });
});

describe("the events after a startTimeout", () => {
  it("are those of its run and of all later ones", async () => {
    const told: string[] = [];
    const { runner, run } = serve({
      awaitReady: true,
      startTimeout: 0,
      observer(event) {
        told.push(event.type === "state" ? event.to : event.type);
      },
    });
    await reasonOf(runner.start());
    await reasonOf(runner.finished());
    assertEquals(told.splice(0), ["starting", "error", "stopping", "stopped"]);
    const started = runner.start({ timeout: Infinity });
    run().control.ready();
    await started;
    assertEquals(told.splice(0), ["starting", "running"]);
    await runner.stop();
    assertEquals(told, ["stopping", "stopped"]);
  });
});
