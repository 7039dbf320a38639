import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, untilAborted } from "@golib/runner";
import { Supervisor } from "@golib/runner/supervisor";
import { gate, reasonOf, watch } from "./_helpers.ts";
import { drain, parts, pass, states, supervise } from "./_parts.ts";

describe("Supervisor", () => {
  it("starts nothing when it is constructed", () => {
    const { a, log } = parts(["a"]);
    const app = supervise([a]);
    assertEquals([app.state, app.name, log], ["stopped", "app", []]);
    assertEquals(states(app), ["a stopped"]);
    assertEquals(new Supervisor([]).name, "supervisor");
  });

  it("starts dependencies first and stops them last", async () => {
    const { a, b, c, d, log } = parts(["a", "b", "c", "d"]);
    const app = supervise([
      { runner: a.runner, dependsOn: ["c", "d"] },
      { runner: b.runner },
      { runner: c.runner, dependsOn: ["d"] },
      { runner: d.runner },
    ]);
    await app.start();
    assertEquals(log.filter((line) => !line.startsWith("b")), [
      "d up",
      "c up",
      "a up",
    ]);
    log.length = 0;
    await app.stop();
    assertEquals(log.filter((line) => !line.startsWith("b")), [
      "a down",
      "c down",
      "d down",
    ]);
  });

  it("starts children without dependencies side by side", async () => {
    const ready = gate();
    const runners = ["a", "b"].map((name) =>
      new StartStop(
        async (_signal, control) => {
          await ready.promise;
          control.ready();
        },
        undefined,
        { name, awaitReady: true },
      )
    );
    const app = supervise(runners.map((runner) => ({ runner })));
    const start = app.start();
    await drain();
    assertEquals(states(app), ["a starting", "b starting"]);
    ready.open();
    await start;
  });

  it("starts in the order of the list under rest-for-one", async () => {
    const { a, b, c, log } = parts(["a", "b", "c"]);
    const app = supervise([c, b, a], { strategy: "rest-for-one" });
    await app.start();
    await app.stop();
    assertEquals(log, [
      "c up",
      "b up",
      "a up",
      "a down",
      "b down",
      "c down",
    ]);
  });

  it("follows none under rest-for-one with an empty dependsOn", async () => {
    const { a, b } = parts(["a", "b"]);
    a.onStart = "hang";
    const app = supervise([a, { runner: b.runner, dependsOn: [] }], {
      strategy: "rest-for-one",
    });
    app.start();
    await drain();
    assertEquals(states(app), ["a starting", "b running"]);
    await app.stop();
  });

  it("is starting until each child is ready", async () => {
    const { a, b } = parts(["a", "b"]);
    b.onStart = "hang";
    const app = supervise([a, b]);
    const start = app.start();
    await drain();
    assertEquals([app.state, app.isRunning()], ["starting", false]);
    const stop = app.stop();
    assertEquals((await reasonOf(start) as Error).name, "AbortError");
    await stop;
    assertEquals(states(app), ["a stopped", "b stopped"]);
  });

  it("runs without children, also when all have ended", async () => {
    const { a } = parts(["a"]);
    const app = supervise([]);
    await app.start();
    assertEquals(app.state, "running");
    await app.addChild(a);
    a.end();
    await drain();
    assertEquals([app.state, ...states(app)], ["running", "a stopped"]);
    await app.stop();
    await app.finished();
  });

  it("starts a child after one that ended cleanly before", async () => {
    const { job, service, log } = parts(["job", "service"]);
    job.onStart = "end";
    const app = supervise([
      { runner: job.runner },
      { runner: service.runner, dependsOn: ["job"] },
    ]);
    await app.start();
    assertEquals(log, ["job up", "service up"]);
    assertEquals(states(app), ["job stopped", "service running"]);
    await app.stop();
  });

  it("stops those that are up, in reverse order, when one does not start", async () => {
    const { a, b, c, d, log } = parts(["a", "b", "c", "d"]);
    c.onStart = "fail";
    const app = supervise([a, b, c, d], { strategy: "rest-for-one" });
    const error = await assertRejects(() => app.start(), Error);
    assertEquals(
      error.message,
      'Cannot start "c" of "app": c is broken',
    );
    assertEquals((error.cause as Error).message, "c is broken");
    assertEquals(log, ["a up", "b up", "c up", "b down", "a down"]);
    assertEquals(app.state, "stopped");
    assertStrictEquals(await reasonOf(app.finished()), error);
    assertEquals(app.errorsList(), [error]);
  });

  it("starts again after a start that failed", async () => {
    const { a, b } = parts(["a", "b"]);
    b.onStart = "fail";
    const app = supervise([a, b]);
    await assertRejects(() => app.start());
    b.onStart = "be ready";
    await app.start();
    assertEquals([app.state, app.errorsTotal()], ["running", 0]);
    await app.stop();
  });

  it("gives a child its startTimeout, and fails with its name", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    b.onStart = "hang";
    const app = supervise([a, { runner: b.runner, startTimeout: 50 }]);
    const start = reasonOf(app.start());
    await pass(time, 49);
    assertEquals(app.state, "starting");
    await pass(time, 2);
    const { message, cause } = await start as Error;
    assertEquals(message.startsWith('Cannot start "b" of "app": '), true);
    assertEquals((cause as Error).name, "TimeoutError");
    assertEquals(states(app), ["a stopped", "b stopped"]);
  });

  it("starts nothing more once a child has failed to start", async () => {
    const { a, b, log } = parts(["a", "b"]);
    a.onStart = "fail";
    const app = supervise([
      { runner: a.runner, restart: "temporary" },
      { runner: b.runner, dependsOn: ["a"] },
    ]);
    await reasonOf(app.start());
    assertEquals(log, ["a up"]);
  });

  it("starts nothing more once a start function has stopped it", async () => {
    const { b, log } = parts(["b"]);
    const runner = new StartStop(
      (signal) => {
        app.stop();
        return untilAborted(signal);
      },
      undefined,
      { name: "a" },
    );
    const app = supervise([{ runner }, b]);
    const error = await reasonOf(app.start()) as Error;
    await app.finished();
    assertEquals([error.name, ...log], ["AbortError"]);
  });

  it("sets no limit where startTimeout is Infinity", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    a.onStart = "hang";
    const app = supervise([{ runner: a.runner, startTimeout: Infinity }]);
    const start = watch(app.start());
    // The runner's own would be 30 s.
    await pass(time, 40_000);
    assertEquals(start.status, "pending");
    await app.stop();
  });

  it("bounds a start that hangs in a runner which knows no limit", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    let stops = 0;
    a.runner.start = () => new Promise(() => {});
    a.runner.stop = () => {
      stops++;
      return Promise.resolve();
    };
    Object.defineProperty(a.runner, "state", { value: "starting" });
    const app = supervise([{ runner: a.runner, startTimeout: 50 }]);
    const start = reasonOf(app.start());
    await pass(time, 50);
    assertEquals(
      (await start as Error).message,
      'Cannot start "a" of "app": it was not ready within 50 ms',
    );
    assertEquals([stops, app.state], [1, "stopped"]);
  });

  it("names those that are not ready when its own start takes too long", async () => {
    using time = new FakeTime();
    const { a, b, c } = parts(["a", "b", "c"]);
    b.onStart = "hang";
    const app = supervise([
      a,
      b,
      { runner: c.runner, dependsOn: ["b"] },
    ]);
    const start = reasonOf(app.start({ timeout: 50 }));
    await pass(time, 50);
    const error = await start as Error;
    assertEquals(error.name, "TimeoutError");
    assertEquals(error.message.endsWith('; not ready: "b", "c"'), true);
    assertStrictEquals(app.errorsLast(), error);
    await pass(time, 1);
    assertStrictEquals(await reasonOf(app.finished()), error);
  });

  it("replaces the run of a child that was started before", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await a.runner.start();
    await app.start();
    assertEquals(a.starts, 2);
    await app.stop();
  });

  it("ends with the signal that it was started with", async () => {
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a, b], { strategy: "rest-for-one" });
    const life = new AbortController();
    await app.start({ signal: life.signal });
    life.abort();
    await app.finished();
    assertEquals(log, ["a up", "b up", "b down", "a down"]);
  });

  it("restarts as a whole", async () => {
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a, b], { strategy: "rest-for-one" });
    await app.start();
    await app.restart();
    assertEquals(log.slice(2), ["b down", "a down", "a up", "b up"]);
    await app.stop();
  });

  it("settles a hundred calls in any mix, with one run at most", async () => {
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, b]);
    const calls: Promise<unknown>[] = [];
    for (let index = 0; index < 100; index++) {
      const call = (["start", "stop", "restart"] as const)[index * 7 % 3]!;
      calls.push(app[call]().catch(() => {}));
      if (index % 5 === 0) await undefined;
    }
    await Promise.all(calls);
    await app.start();
    assertEquals(states(app), ["a running", "b running"]);
    await app.stop();
    assertEquals([a.runner.state, b.runner.state], ["stopped", "stopped"]);
  });

  it("stops at the end of an await using scope", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    // Where the engine lacks the symbol, so does the supervisor.
    if (Symbol.asyncDispose) await app[Symbol.asyncDispose]();
    else await app.stop();
    assertEquals(app.state, "stopped");
  });
});
