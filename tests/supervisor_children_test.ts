import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import type { Child } from "@golib/runner/supervisor";
import { reasonOf, watch } from "./_helpers.ts";
import { drain, Part, parts, pass, states, supervise } from "./_parts.ts";

describe("Supervisor: addChild", () => {
  it("lists the child where the supervisor does not run", async () => {
    const { a } = parts(["a"]);
    const app = supervise([]);
    await app.addChild(a);
    assertEquals(states(app), ["a stopped"]);
    await app.start();
    assertEquals(states(app), ["a running"]);
    await app.stop();
  });

  it("starts the child, and supervises it", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a]);
    await app.start();
    await app.addChild({ runner: b.runner, dependsOn: ["a"] });
    assertEquals(states(app), ["a running", "b running"]);
    b.fail();
    await pass(time, 100);
    assertEquals([b.starts, ...states(app)], [2, "a running", "b running"]);
    await app.stop();
  });

  it("rejects, and forgets the child, if it does not start", async () => {
    const { a } = parts(["a"]);
    a.onStart = "fail";
    const app = supervise([]);
    await app.start();
    const error = await reasonOf(app.addChild(a)) as Error;
    assertEquals([error.message, app.state], ["a is broken", "running"]);
    await drain();
    assertEquals(states(app), []);
    a.onStart = "be ready";
    await app.addChild(a);
    await app.stop();
  });

  it("takes nobody with a child that does not start", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a], { strategy: "one-for-all" });
    await app.start();
    b.onStart = "fail";
    await reasonOf(app.addChild(b));
    await pass(time, 1_000);
    await app.stop();
    assertEquals(log, ["a up", "b up", "a down"]);
  });

  it("fails nothing but itself where no restart is left", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a], { intensity: { restarts: 0 } });
    await app.start();
    b.onStart = "fail";
    await reasonOf(app.addChild(b));
    await pass(time, 1_000);
    assertEquals([app.state, ...states(app)], ["running", "a running"]);
    await app.stop();
  });

  it("lists what comes after a removal of the same name", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a]);
    await app.start();
    a.fail();
    await drain();
    const child = { runner: b.runner, dependsOn: ["a"] };
    const calls = [
      watch(app.addChild(child)),
      watch(app.removeChild("b")),
      watch(app.addChild(child)),
    ];
    await pass(time, 500);
    assertEquals(calls.map(({ status }) => status), [
      "rejected",
      "resolved",
      "resolved",
    ]);
    assertEquals(states(app), ["a running", "b running"]);
    await app.stop();
    assertEquals(b.runner.state, "stopped");
  });

  it("refuses to depend on a child that is to go", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([{ runner: a.runner, stopTimeout: 10 }]);
    await app.start();
    a.onStop = "hang";
    app.removeChild("a");
    await pass(time, 50);
    const { message } = await reasonOf(
      app.addChild({ runner: b.runner, dependsOn: ["a"] }),
    ) as Error;
    assert(message.endsWith('"b" depends on "a", which is no child'));
    a.release.open();
    await app.stop();
    assertEquals(b.starts, 0);
  });

  it("waits for those that it depends on", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a]);
    await app.start();
    a.fail();
    await drain();
    const add = watch(app.addChild({ runner: b.runner, dependsOn: ["a"] }));
    await pass(time, 99);
    assertEquals([add.status, b.starts], ["pending", 0]);
    await pass(time, 1);
    assertEquals([add.status, b.starts], ["resolved", 1]);
    await app.stop();
  });

  it("rejects with an AbortError if a stop comes first", async () => {
    const { a } = parts(["a"]);
    a.onStart = "hang";
    const app = supervise([]);
    await app.start();
    const add = reasonOf(app.addChild(a));
    await app.stop();
    assertEquals((await add as Error).name, "AbortError");
    assertEquals([states(app), a.runner.state], [[], "stopped"]);
  });

  it("adds at the end of the chain under rest-for-one", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a], { strategy: "rest-for-one" });
    await app.start();
    await app.addChild(b);
    a.fail();
    await pass(time, 100);
    assertEquals(log.slice(2), ["b down", "a up", "b up"]);
    await app.stop();
  });

  it("rejects a bad child, and changes nothing", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    const refused: [unknown, string][] = [
      [a, 'the name "a" or its runner is another child\'s'],
      [{ runner: a.runner, name: "b" }, "or its runner is another child's"],
      [{ runner: new Part("b").runner, dependsOn: ["c"] }, "is no child"],
      [{ runner: new Part("b").runner, dependsOn: ["b"] }, "is no child"],
      [{}, "'runner' must be a runner"],
    ];
    for (const [child, message] of refused) {
      const error = await reasonOf(app.addChild(child as Child)) as Error;
      assert(error.message.includes(message), error.message);
      assert(error.message.startsWith('Cannot add a child to "app": '));
    }
    assertEquals(states(app), ["a running"]);
    await app.stop();
  });
});

describe("Supervisor: removeChild", () => {
  it("stops the child and takes it out of the list", async () => {
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, b]);
    await app.start();
    await app.removeChild("a");
    assertEquals([states(app), a.runner.state], [["b running"], "stopped"]);
    await app.addChild(a);
    await app.stop();
  });

  it("takes one that does not run out of the list", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.removeChild("a");
    assertEquals(states(app), []);
  });

  it("refuses one that another depends on, or that is not there", async () => {
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }]);
    const refused = async (name: string) =>
      (await reasonOf(app.removeChild(name)) as Error).message;
    assertEquals(
      await refused("a"),
      'Cannot remove "a" of "app": "b" depends on it',
    );
    assertEquals(
      await refused("c"),
      'Cannot remove "c" of "app": there is no such child',
    );
    await app.removeChild("b");
    await app.removeChild("a");
  });

  it("takes one out that waits for its restart", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, b], { strategy: "one-for-all" });
    await app.start();
    a.fail();
    await drain();
    await app.removeChild("a");
    await pass(time, 1);
    assertEquals(states(app), ["b running"]);
    await app.stop();
  });

  it("keeps the order of the others under rest-for-one", async () => {
    const { a, b, c, log } = parts(["a", "b", "c"]);
    const app = supervise([a, b, c], { strategy: "rest-for-one" });
    await app.removeChild("b");
    await app.start();
    await app.stop();
    assertEquals(log, ["a up", "c up", "c down", "a down"]);
  });

  it("takes one out of a chain that runs, under the one after it", async () => {
    const { a, b, c, log } = parts(["a", "b", "c"]);
    const app = supervise([a, b, c], { strategy: "rest-for-one" });
    await app.start();
    const remove = watch(app.removeChild("b"));
    await drain();
    assertEquals([remove.status, ...states(app)], [
      "resolved",
      "a running",
      "c running",
    ]);
    await app.stop();
    assertEquals(log.slice(3), ["b down", "c down", "a down"]);
  });

  it("lets a start end that waited for it", async () => {
    const { a, b } = parts(["a", "b"]);
    b.onStart = "hang";
    const app = supervise([a, b]);
    const start = app.start();
    await drain();
    await app.removeChild("b");
    await start;
    assertEquals(states(app), ["a running"]);
    await app.stop();
  });

  it("goes on when the supervisor is stopped", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    a.onStop = "hang";
    const removal = watch(app.removeChild("a"));
    await drain();
    const stop = watch(app.stop());
    await pass(time, 10);
    a.release.open();
    await drain();
    assertEquals([removal.status, stop.status], ["resolved", "resolved"]);
  });

  it("has its own time for a child that did not end before", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([
      { runner: a.runner, stopTimeout: 10, restart: "temporary" },
      b,
    ], { strategy: "one-for-all" });
    await app.start();
    a.onStop = "hang";
    b.fail();
    await pass(time, 1_000);
    for (const count of [1, 2]) {
      const removal = watch(app.removeChild("a"));
      await pass(time, 9);
      assertEquals([count, removal.status], [count, "pending"]);
      await pass(time, 1);
      assertEquals([count, removal.status], [count, "rejected"]);
    }
    a.release.open();
    await drain();
    assertEquals(states(app), ["b running"]);
    await app.stop();
  });

  it("starts a child no more that did not end in time", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([{ runner: a.runner, stopTimeout: 10 }, b], {
      intensity: { restarts: 0 },
    });
    await app.start();
    a.onStop = "hang";
    app.removeChild("a");
    await pass(time, 20);
    b.fail();
    await pass(time, 10);
    app.start();
    await pass(time, 10);
    a.onStop = "end";
    a.release.open();
    await drain();
    assertEquals([a.starts, ...states(app)], [1, "b running"]);
    await app.stop();
  });

  it("rejects if the child does not end in time, and drops it when it does", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([{ runner: a.runner, stopTimeout: 50 }]);
    await app.start();
    a.onStop = "hang";
    const remove = watch(app.removeChild("a"));
    await pass(time, 50);
    assertEquals([remove.status, ...states(app)], ["rejected", "a stopping"]);
    a.release.open();
    await drain();
    assertEquals([states(app), app.errorsTotal()], [[], 1]);
    await app.stop();
  });
});

describe("Supervisor: restartChild", () => {
  it("restarts the child at once", async () => {
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a, b], { intensity: { restarts: 0 } });
    await app.start();
    await app.restartChild("a");
    assertEquals(log.slice(2), ["a down", "a up"]);
    assertEquals(app.status().restarts, 1);
    await app.stop();
  });

  it("takes nobody with it", async () => {
    for (const strategy of ["rest-for-one", "one-for-all"] as const) {
      const { a, b, c, log } = parts(["a", "b", "c"]);
      const app = supervise([a, b, c], { strategy });
      await app.start();
      await app.restartChild("b");
      await drain();
      assertEquals(log.slice(3), ["b down", "b up"]);
      await app.stop();
    }
  });

  it("takes those with it that the strategy takes, with group", async () => {
    const { a, b, c, log } = parts(["a", "b", "c"]);
    const app = supervise([a, b, c], { strategy: "rest-for-one" });
    await app.start();
    await app.restartChild("b", { group: true });
    await drain();
    assertEquals(log.slice(3), ["c down", "b down", "b up", "c up"]);
    await app.stop();
  });

  it("restarts a dependency under those that depend on it", async () => {
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }]);
    await app.start();
    const restart = watch(app.restartChild("a"));
    await drain();
    assertEquals([restart.status, ...log.slice(2)], [
      "resolved",
      "a down",
      "a up",
    ]);
    assertEquals(states(app), ["a running", "b running"]);
    await app.stop();
  });

  it("cuts the backoff short", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    a.fail();
    await drain();
    await app.restartChild("a");
    assertEquals(a.starts, 2);
    await pass(time, 1_000);
    assertEquals(a.starts, 2);
    await app.stop();
  });

  it("does not count", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a], { intensity: { restarts: 1 } });
    await app.start();
    for (let count = 0; count < 5; count++) await app.restartChild("a");
    a.fail();
    await pass(time, 200);
    assertEquals([app.state, ...states(app)], ["running", "a running"]);
    await app.stop();
  });

  // "failure restarted by hand before its backoff ends": counted.
  it("gives no failure back whose backoff it cuts short", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a], { intensity: { restarts: 1 } });
    await app.start();
    a.fail();
    await drain();
    await app.restartChild("a");
    a.fail();
    await pass(time, 200);
    assertEquals([app.state, a.starts], ["stopped", 2]);
  });

  it("starts a child that has ended for good", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    a.end();
    await drain();
    assertEquals(states(app), ["a stopped"]);
    await app.restartChild("a");
    assertEquals(states(app), ["a running"]);
    await app.stop();
  });

  it("rejects with what the child failed with, which is tried again", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    a.onStart = "fail";
    const error = await reasonOf(app.restartChild("a")) as Error;
    assertEquals(error.message, "a is broken");
    a.onStart = "be ready";
    await pass(time, 100);
    assertEquals(states(app), ["a running"]);
    await app.stop();
  });

  it("makes one restart of concurrent calls", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    await Promise.all(Array.from({ length: 10 }, () => app.restartChild("a")));
    assertEquals(a.starts, 2);
    await app.stop();
  });

  it("rejects where there is no such child, or nothing runs", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    const refused = async (name: string) =>
      (await reasonOf(app.restartChild(name)) as Error).message;
    assert((await refused("b")).endsWith("there is no such child"));
    assert((await refused("a")).endsWith("it is not to run"));
  });

  it("rejects with an AbortError if a stop comes first", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    a.onStart = "hang";
    const restart = reasonOf(app.restartChild("a"));
    await drain();
    await app.stop();
    assertEquals((await restart as Error).name, "AbortError");
  });
});

describe("Supervisor: what nobody awaits", () => {
  it("causes no unhandled rejection, also of a child's TypeError", async () => {
    // Each engine's test runner fails where there is one.
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a], { intensity: { restarts: 0, then: "break" } });
    await app.start();
    for (const { runner } of [a, b]) {
      runner.start = () => Promise.reject(new TypeError("not a function"));
    }
    app.addChild(b);
    app.restartChild("a");
    app.restartChild("none");
    app.removeChild("none");
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(states(app), ["a waiting"]);
    await app.stop();
    app.restartChild("a");
    app.start();
    app.restart();
    app.finished();
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(app.state, "stopped");
  });
});
