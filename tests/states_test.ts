import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { delay } from "@std/async";
import { describe, it } from "@std/testing/bdd";
import { StartStop, type StartStopOptions, Ticker } from "@golib/runner";
import { type Behaviour, serve, turns } from "./_helpers.ts";

/** A service and the states it goes through. */
function traced(options: StartStopOptions = {}, behaviour: Behaviour = {}) {
  const states: string[] = [];
  const service = serve({
    ...options,
    observer(event) {
      if (event.type === "state") states.push(event.from, event.to);
    },
  }, behaviour);
  return { ...service, states };
}

describe("state", () => {
  it("is stopped before the first start", () => {
    const { runner } = serve();
    assertEquals(runner.state, "stopped");
    assertEquals([runner.isRunning(), runner.uptime()], [false, 0]);
  });

  it("goes stopped, running, stopping, stopped", async () => {
    const { runner, states } = traced();
    await runner.start();
    assertEquals(runner.state, "running");
    const stopped = runner.stop();
    assertEquals(runner.state, "stopping");
    await stopped;
    assertEquals(runner.state, "stopped");
    assertEquals(
      states,
      ["stopped", "running", "running", "stopping", "stopping", "stopped"],
    );
  });

  it("goes by way of starting with awaitReady", async () => {
    const { runner, run, states } = traced({ awaitReady: true });
    const started = runner.start();
    assertEquals(runner.state, "starting");
    run().control.ready();
    assertEquals(runner.state, "running");
    await started;
    assertEquals(states, ["stopped", "starting", "starting", "running"]);
    await runner.stop();
  });

  it("goes from starting to stopping when it is stopped", async () => {
    const { runner, states } = traced({ awaitReady: true });
    runner.start();
    await runner.stop();
    assertEquals(
      states.slice(2),
      ["starting", "stopping", "stopping", "stopped"],
    );
  });

  it("goes from running to stopped when the run ends by itself", async () => {
    const { runner, run, states } = traced();
    await runner.start();
    run().end.open();
    await runner.finished();
    assertEquals(states, ["stopped", "running", "running", "stopped"]);
  });

  it("goes from starting to stopped when the run ends by itself", async () => {
    const { runner, run, states } = traced({ awaitReady: true });
    runner.start();
    run().end.open();
    await runner.finished().catch(() => {});
    assertEquals(states, ["stopped", "starting", "starting", "stopped"]);
  });

  it("goes through stopped between two runs", async () => {
    const { runner, states } = traced();
    await runner.start();
    await runner.restart();
    assertEquals(states.slice(2), [
      ...["running", "stopping", "stopping", "stopped"],
      ...["stopped", "running"],
    ]);
    await runner.stop();
  });

  it("is set before the start function is called", async () => {
    for (const awaitReady of [false, true]) {
      const seen: unknown[] = [];
      const runner: StartStop = new StartStop(
        (_signal, control) => {
          seen.push(runner.state, runner.isRunning());
          if (awaitReady) control.ready();
          seen.push(runner.state, runner.isRunning());
        },
        undefined,
        { awaitReady },
      );
      await runner.start();
      const first = awaitReady ? ["starting", false] : ["running", true];
      assertEquals(seen, [...first, "running", true]);
    }
  });

  it("is running for isRunning() in that state alone", async () => {
    const { runner, run } = serve({ awaitReady: true }, { stubborn: true });
    const seen = [runner.isRunning()];
    const started = runner.start();
    seen.push(runner.isRunning());
    run().control.ready();
    seen.push(runner.isRunning());
    await started;
    const stopped = runner.stop();
    seen.push(runner.isRunning());
    run().end.open();
    await stopped;
    seen.push(runner.isRunning());
    assertEquals(seen, [false, false, true, false, false]);
  });
});

describe("uptime()", () => {
  it("is the milliseconds since the state became running", async () => {
    const { runner, run } = serve({ awaitReady: true });
    const started = runner.start();
    await delay(5);
    assertStrictEquals(runner.uptime(), 0);
    const before = performance.now();
    run().control.ready();
    const after = performance.now();
    await started;
    await delay(10);
    const least = performance.now() - after;
    const uptime = runner.uptime();
    const most = performance.now() - before;
    assert(
      least <= uptime && uptime <= most,
      `${least} <= ${uptime} <= ${most}`,
    );
    await runner.stop();
  });

  it("begins anew with each run", async () => {
    const { runner } = serve();
    await runner.start();
    await delay(20);
    const before = performance.now();
    await runner.restart();
    const uptime = runner.uptime();
    assert(uptime <= performance.now() - before, `${uptime}`);
    await runner.stop();
  });

  it("is 0 from the stop on, and after the run's own end", async () => {
    const { runner, run } = serve({}, { stubborn: true });
    await runner.start();
    await delay(2);
    const stopped = runner.stop();
    assertStrictEquals(runner.uptime(), 0);
    run().end.open();
    await stopped;
    assertStrictEquals(runner.uptime(), 0);

    await runner.start();
    run().end.open();
    await turns();
    assertStrictEquals(runner.uptime(), 0);
  });

  it("is that of a Ticker too", async () => {
    const ticker = new Ticker(60_000, () => {});
    assertStrictEquals(ticker.uptime(), 0);
    await ticker.start();
    await delay(5);
    assert(ticker.uptime() > 0);
    const stopped = ticker.stop();
    assertStrictEquals(ticker.uptime(), 0);
    await stopped;
  });
});
