import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { install } from "@sinonjs/fake-timers";
import { gate, reasonOf, watch } from "./_helpers.ts";
import { StartStop, untilAborted } from "@golib/runner";
import type { Child } from "@golib/runner/supervisor";
import { drain, type Part, parts, pass, states, supervise } from "./_parts.ts";

/** A service that ends only when its time is over. */
function endsByForce(name: string): StartStop {
  const cut = gate();
  return new StartStop(
    (_signal, { force }) => {
      force.addEventListener("abort", () => cut.open());
      return cut.promise;
    },
    undefined,
    { name, printErrors: false },
  );
}

describe("Supervisor: stop", () => {
  it("resolves where nothing runs", async () => {
    const { a } = parts(["a"]);
    await supervise([a]).stop();
    assertEquals(a.starts, 0);
  });

  it("is not held up by one that hangs, and names each that did not end", async () => {
    using time = new FakeTime();
    const { a, b, c, d, log } = parts(["a", "b", "c", "d"]);
    const app = supervise([
      a,
      { runner: b.runner, dependsOn: ["a"] },
      { runner: c.runner, dependsOn: ["b"] },
      d,
    ]);
    await app.start();
    log.length = 0;
    b.onStop = d.onStop = "hang";
    const stop = watch(app.stop({ timeout: 1_000 }));
    await pass(time, 899);
    assertEquals(log, ["d down", "c down", "b down"]);
    await pass(time, 1);
    assertEquals([log.at(-1), stop.status], ["a down", "pending"]);
    await pass(time, 100);
    const { name, message } = stop.reason as Error;
    assertEquals(name, "TimeoutError");
    assert(message.includes('"app": the run did not end within 1000 ms'));
    assert(message.endsWith('; not stopped: "b", "d"'), message);
    assertEquals(app.state, "stopping");
    b.release.open();
    d.release.open();
    await drain();
    assertEquals([app.state, ...states(app).slice(1, 2)], [
      "stopped",
      "b stopped",
    ]);
    assertEquals(app.errorsList().map(({ message }) => message), [message]);
  });

  it("passes on what is left of the budget", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const given: (number | undefined)[] = [];
    for (const { runner } of [a, b]) {
      const stop = runner.stop.bind(runner);
      runner.stop = (options) => {
        given.push(options?.timeout);
        return stop(options);
      };
    }
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }]);
    await app.start();
    b.onStop = "hang";
    const stop = app.stop({ timeout: 1_000 });
    await pass(time, 400);
    b.release.open();
    await stop;
    assertEquals(given, [900, 600]);
    assertEquals(log.slice(2), ["b down", "a down"]);
  });

  it("leaves the budget of a later stop alone where a call is refused", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const given: unknown[] = [];
    const stop = a.runner.stop.bind(a.runner);
    a.runner.stop = (options) => {
      given.push(options?.timeout);
      return stop(options);
    };
    const app = supervise([a]);
    const life = new AbortController();
    await app.start({ signal: life.signal });
    await reasonOf(app.restart({ signal: AbortSignal.abort() }));
    await reasonOf(app.stop({ signal: 1 as never }));
    await pass(time, 10_000);
    life.abort();
    await drain();
    assertEquals(given, [5_000]);
  });

  it("gives a child that is stopping already the time that there is", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }]);
    await app.start();
    b.onStop = "hang";
    app.restartChild("b");
    await drain();
    const stop = watch(app.stop({ timeout: 100 }));
    await pass(time, 95);
    assertEquals(log.at(-1), "a down");
    await pass(time, 5);
    assert((stop.reason as Error).message.endsWith('; not stopped: "b"'));
    b.release.open();
    await app.finished();
  });

  it("bounds a child by its own stopTimeout", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([
      a,
      { runner: b.runner, dependsOn: ["a"], stopTimeout: 50 },
    ]);
    await app.start();
    b.onStop = "hang";
    const stop = watch(app.stop());
    await pass(time, 49);
    assertEquals(log.length, 3);
    await pass(time, 1);
    assertEquals(log[3], "a down");
    await pass(time, 10);
    assertEquals([stop.status, app.state], ["pending", "stopping"]);
    b.release.open();
    await pass(time, 1);
    assertEquals([stop.status, app.state], ["resolved", "stopped"]);
  });

  // What did not end in its time is an error that is seen, also where it does end
  // before the time of all is over.
  for (const isNested of [false, true]) {
    const where = isNested ? "two levels below" : "of its own";
    it(`fails by a child ${where} that was late in a stop, once`, async () => {
      using time = new FakeTime();
      const { a, b } = parts(["a", "b"]);
      const children = [
        a,
        { runner: b.runner, dependsOn: ["a"], stopTimeout: 50 },
      ];
      const low = supervise(children, { name: isNested ? "low" : "app" });
      const mid = supervise([{ runner: low }], { name: "mid" });
      const app = isNested ? supervise([{ runner: mid }]) : low;
      await app.start();
      b.onStop = "hang";
      const stop = watch(app.stop());
      const end = watch(app.finished());
      await pass(time, 60);
      b.release.open();
      await drain();
      assertEquals([stop.status, end.status, app.state], [
        "resolved",
        "rejected",
        "stopped",
      ]);
      const { message } = end.reason as Error;
      assert(message.includes("did not end within 50 ms"), message);
      assertEquals(
        app.errorsLog().map(({ error, phase }) => [error, phase]),
        [[end.reason, "stop"]],
      );
      b.onStop = "end";
      await app.start();
      await app.stop();
      await app.finished();
      assertEquals(app.errorsTotal(), 0);
    });
  }

  // A child that fails alone fails the program, and so it does among others.
  for (const isNested of [false, true]) {
    const where = isNested ? "two levels below" : "of its own";
    it(`fails by a child ${where} that throws in a stop, once`, async () => {
      let isBroken = true;
      const leaf = (name: string) => {
        const start = async (signal: AbortSignal) => {
          await untilAborted(signal);
          if (isBroken) throw new Error(`${name} not flushed`);
        };
        const options = { name, printErrors: false };
        return { runner: new StartStop(start, undefined, options) };
      };
      const name = isNested ? "low" : "app";
      const low = supervise([leaf("a"), leaf("b")], { name });
      const mid = supervise([{ runner: low }], { name: "mid" });
      const app = isNested ? supervise([{ runner: mid }]) : low;
      await app.start();
      const end = watch(app.finished());
      await app.stop();
      await drain();
      const own = low.errorsList().map(({ message }) => message);
      assertEquals(own, [
        `Cannot stop "b" of "${name}": b not flushed`,
        `Cannot stop "a" of "${name}": a not flushed`,
      ]);
      assertEquals(low.status().children.map(({ error }) => error?.message), [
        "a not flushed",
        "b not flushed",
      ]);
      const [first, ...others] = app.errorsLog();
      assertEquals(others.length, isNested ? 0 : 1);
      assertEquals(first?.phase, "stop");
      assertEquals([end.status, end.reason], ["rejected", first?.error]);
      assert(first!.error.message.includes("b not flushed"));
      isBroken = false;
      await app.start();
      await app.stop();
      await app.finished();
      assertEquals(app.errorsTotal(), 0);
    });
  }

  it("has what a child throws that ends after its time", async () => {
    using time = new FakeTime();
    const { release, runner } = flushing();
    const app = supervise([{ runner }], { stopTimeout: 50 });
    await app.start();
    const stop = watch(app.stop());
    await pass(time, 60);
    assertEquals([stop.status, app.state], ["rejected", "stopping"]);
    release.open();
    await drain();
    assertEquals(app.state, "stopped");
    assertEquals(app.errorsList().map(({ message }) => message), [
      `Cannot stop "app": the run did not end within 50 ms; it cannot if it awaits its own stop; not stopped: "a"`,
      'Cannot stop "a" of "app": not flushed',
    ]);
  });

  it("has what a child throws when the supervisor fails by another", async () => {
    const { a } = parts(["a"]);
    const { release, runner } = flushing("b");
    release.open();
    const app = supervise([a, { runner }], { intensity: { restarts: 0 } });
    await app.start();
    a.fail();
    const reason = await reasonOf(app.finished());
    const texts = app.errorsList().map(({ message }) => message);
    assertEquals(texts.slice(0, 2), [
      'Cannot keep "a" of "app" running: a lost',
      'Cannot stop "b" of "app": not flushed',
    ]);
    assert((reason as Error).message.includes("restarts"));
  });

  it("has what a first start fails with just as all are to end", async () => {
    const runner = new StartStop(
      (_signal, _control) => Promise.reject(new Error("no port")),
      undefined,
      { name: "a", printErrors: false, awaitReady: true },
    );
    const app = supervise([{ runner }]);
    let stop: Promise<void> | undefined;
    runner.observe(({ type }) => {
      if (type === "error") stop ??= app.stop();
    });
    assertEquals((await reasonOf(app.start()) as Error).name, "AbortError");
    await stop;
    assertEquals(app.errorsList().map(({ message }) => message), [
      'Cannot stop "a" of "app": no port',
    ]);
  });

  it("has that a child stopped by hand took longer, though it ends as its time does", async () => {
    using time = new FakeTime();
    const app = supervise([{ runner: endsByForce("http"), stopTimeout: 50 }]);
    await app.start();
    const stop = watch(app.stopChild("http"));
    await pass(time, 60);
    assertEquals(states(app), ["http stopped"]);
    const [first, ...others] = app.errorsLog();
    assertEquals([others.length, first?.phase], [0, "stop"]);
    assert(first!.error.message.includes("within 50 ms"), `${stop.status}`);
    await app.stop();
  });

  it("asks its children to end where a controller for 'force' is refused", async () => {
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a, b]);
    await app.start();
    log.length = 0;
    const { AbortController } = globalThis;
    globalThis.AbortController = class {
      constructor() {
        throw new Error("no controller");
      }
    } as never;
    try {
      await app.stop();
    } finally {
      globalThis.AbortController = AbortController;
    }
    assertEquals(log, ["b down", "a down"]);
    assertEquals(
      app.errorsLog().map(({ error: { message }, phase }) => [
        message,
        phase,
      ]),
      [["no controller", "stop"]],
    );
    await app.finished();
  });

  it("fails by a child that ends as its time does", async () => {
    using time = new FakeTime();
    const app = supervise([{ runner: endsByForce("http"), stopTimeout: 50 }]);
    await app.start();
    const stop = watch(app.stop());
    await pass(time, 60);
    const end = watch(app.finished());
    await drain();
    assertEquals([stop.status, end.status, app.errorsTotal()], [
      "resolved",
      "rejected",
      1,
    ]);
  });

  it("restarts one that was being stopped by hand with the group on its way", async () => {
    using time = new FakeTime();
    const { a, b, c } = parts(["a", "b", "c"]);
    const app = supervise([a, b, c], { strategy: "one-for-all" });
    await app.start();
    b.onStop = c.onStop = "hang";
    const held = watch(app.stopChild("c"));
    await drain();
    a.fail();
    await pass(time, 200);
    const restart = watch(app.restartChild("c"));
    await drain();
    c.onStop = "end";
    c.release.open();
    await pass(time, 200);
    assertEquals([held.status, restart.status, c.starts, b.starts], [
      "resolved",
      "pending",
      1,
      1,
    ]);
    b.onStop = "end";
    b.release.open();
    await pass(time, 200);
    assertEquals([restart.status, a.starts, b.starts, c.starts], [
      "resolved",
      2,
      2,
      2,
    ]);
    await app.stop();
  });

  it("gives its children times in whole milliseconds", async () => {
    const { a, b } = parts(["a", "b"]);
    b.onStart = "hang";
    const given: (number | undefined)[] = [];
    const called = gate();
    const { start, stop } = b.runner;
    b.runner.start = (options) => {
      given.push(options?.timeout);
      called.open();
      return start.call(b.runner, options);
    };
    b.runner.stop = (options) => {
      given.push(options?.timeout);
      return stop.call(b.runner, options);
    };
    const app = supervise([
      a,
      {
        name: "b",
        startTimeout: 10_000,
        create: async () => {
          await new Promise((resolve) => setTimeout(resolve, 2));
          return b.runner;
        },
      },
    ]);
    const failed = reasonOf(app.start());
    await called.promise;
    await app.stop();
    await failed;
    assertEquals(given.length, 2);
    for (const ms of given) assert(Number.isInteger(ms), `${ms}`);
  });

  it("has a budget of 5 s by default, or its stopTimeout", async () => {
    using time = new FakeTime();
    for (
      const [options, ms] of [[{}, 5_000], [{ stopTimeout: 70 }, 70]] as const
    ) {
      const { a } = parts(["a"]);
      const app = supervise([a], options);
      await app.start();
      a.onStop = "hang";
      const stop = watch(app.stop());
      await pass(time, ms - 1);
      assertEquals(stop.status, "pending");
      await pass(time, 1);
      assertEquals(stop.status, "rejected");
      a.release.open();
      await drain();
    }
  });

  it("cuts the children's time short with its signal", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    a.onStop = "hang";
    const cut = new AbortController();
    const reason = new Error("enough");
    const stop = watch(app.stop({ signal: cut.signal, timeout: Infinity }));
    await drain();
    cut.abort(reason);
    await drain();
    assertEquals([stop.status, stop.reason], ["rejected", reason]);
    a.release.open();
    await pass(time, 1);
    assertEquals(app.state, "stopped");
  });

  it("waits for the end of a child whose stop function throws", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    a.onStop = "throw";
    await app.stop();
    assertEquals([app.state, a.runner.state], ["stopped", "stopped"]);
    assertEquals(a.runner.errorsTotal(), 1);
  });

  it("bounds a stop that hangs in a runner which knows no limit", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    b.runner.stop = () => new Promise(() => {});
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }]);
    await app.start();
    const stop = reasonOf(app.stop({ timeout: 100 }));
    await pass(time, 100);
    assert((await stop as Error).message.endsWith('not stopped: "b"'));
    assertEquals(log.at(-1), "a down");
    b.end();
    await drain();
    assertEquals(app.state, "stopped");
  });

  it("never starts a second run of a child that has not ended", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    a.onStop = "hang";
    const stop = reasonOf(app.stop({ timeout: 10 }));
    await pass(time, 10);
    await stop;
    const start = reasonOf(app.start());
    await pass(time, 5_000);
    assertEquals((await start as Error).name, "TimeoutError");
    assertEquals(a.starts, 1);
    a.release.open();
    a.onStop = "end";
    await pass(time, 1);
    await app.start();
    assertEquals(a.starts, 2);
    await app.stop();
  });

  it("never calls a start while an earlier one has not settled", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([{ runner: a.runner, startTimeout: 10 }]);
    await app.start();
    const { start } = a.runner;
    const settles = gate();
    let starts = 0;
    a.runner.start = () => {
      starts++;
      return settles.promise;
    };
    a.fail();
    await pass(time, 1_000);
    assertEquals(starts, 1);
    a.runner.start = start;
    settles.open();
    await pass(time, 1_000);
    assertEquals([a.starts, ...states(app)], [2, "a running"]);
    await app.stop();
  });

  it("supervises a child that ended late as before", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, stopTimeout: 10 }], {
      backoff: { initial: 20 },
    });
    await app.start();
    b.onStop = "hang";
    const call = watch(app.restartChild("b"));
    await pass(time, 15);
    assertEquals([call.status, ...states(app)], [
      "rejected",
      "a running",
      "b stopping",
    ]);
    b.onStop = "end";
    b.release.open();
    await pass(time, 100);
    assertEquals([b.starts, ...states(app)], [2, "a running", "b running"]);
    b.end();
    await pass(time, 100);
    assertEquals([b.starts, ...states(app)], [2, "a running", "b stopped"]);
    await app.stop();
  });

  // "one-for-all or rest-for-one, one child's stop hangs": all are down before any
  // starts, and one that does not end in its time fails the supervisor.
  for (const strategy of ["one-for-all", "rest-for-one"] as const) {
    it(`fails ${strategy} where a child of the group does not end`, async () => {
      using time = new FakeTime();
      const { a, b, log } = parts(["a", "b"]);
      const app = supervise([a, { runner: b.runner, stopTimeout: 10 }], {
        strategy,
        stopTimeout: 50,
      });
      await app.start();
      b.onStop = "hang";
      a.fail();
      await pass(time, 10 + 60);
      const error = await reasonOf(app.finished()) as Error;
      assertEquals(
        error.message,
        'Cannot keep "app" running: "b" did not end within 10 ms; not stopped: "b"',
      );
      assertEquals([a.starts, app.state], [1, "stopped"]);
      const again = await reasonOf(app.start()) as Error;
      assertEquals(
        again.message.startsWith(
          'Cannot start "b" of "app": its run before has not ended',
        ),
        true,
      );
      assertEquals(log.filter((line) => line === "b up").length, 1);
      b.release.open();
      b.onStop = "end";
      await drain();
      await app.start();
      await app.stop();
    });
  }

  it("fails all above a group that does not end, up to the root", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const low = supervise([a, { runner: b.runner, stopTimeout: 10 }], {
      name: "low",
      strategy: "one-for-all",
      stopTimeout: 20,
    });
    const top = supervise([{ runner: low }], { name: "top" });
    await top.start();
    b.onStop = "hang";
    a.fail();
    await pass(time, 100);
    const { message } = await reasonOf(top.finished()) as Error;
    assert(message.includes('"low" cannot be started again'), message);
    assert(message.includes('"b" did not end within 10 ms'), message);
    assertEquals([top.state, a.starts, b.starts], ["stopped", 1, 1]);
    b.release.open();
    await drain();
  });

  it("launches no child whose restart waits for its old run", async () => {
    for (const isLate of [false, true]) {
      using time = new FakeTime();
      const { a, b } = parts(["a", "b"]);
      const app = supervise([{ runner: a.runner, stopTimeout: 20 }, b]);
      await app.start();
      a.onStop = "hang";
      const restart = reasonOf(app.restartChild("a"));
      await pass(time, isLate ? 30 : 10);
      const stop = watch(app.stop({ timeout: 500 }));
      await pass(time, 5);
      a.release.open();
      await pass(time, 1_000);
      assertEquals([stop.status, app.state, a.starts], [
        "resolved",
        "stopped",
        1,
      ]);
      const name = isLate ? "TimeoutError" : "AbortError";
      assertEquals((await restart as Error).name, name);
    }
  });

  it("stops a child that is starting again", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }]);
    await app.start();
    a.onStart = "hang";
    a.fail();
    await pass(time, 100);
    assertEquals(states(app), ["a starting", "b running"]);
    await app.stop();
    assertEquals(states(app), ["a stopped", "b stopped"]);
  });

  it("shows a child as stopped whose start failed during it", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([
      { runner: a.runner, startTimeout: 30 },
      { runner: b.runner, dependsOn: ["a"] },
    ]);
    await app.start();
    a.onStart = b.onStop = "hang";
    a.fail();
    await pass(time, 100);
    const stop = watch(app.stop());
    await pass(time, 50);
    assertEquals(states(app), ["a stopped", "b stopping"]);
    b.release.open();
    await drain();
    assertEquals([stop.status, ...states(app)], [
      "resolved",
      "a stopped",
      "b stopped",
    ]);
  });

  // All that is due comes at once, with nothing in between: the end of the grace
  // and what the children are told then.
  const wholes: [string, (a: Part) => Child, string][] = [
    ["that nobody waits for", (a) => a, '"a"'],
    [
      "with a time of its own that is as long",
      ({ runner }) => ({ runner, stopTimeout: 1_000 }),
      '"a"',
    ],
    [
      "below another supervisor",
      (a) => ({ runner: supervise([a], { name: "low" }) }),
      '"low" ("a")',
    ],
  ];
  for (const [what, childOf, names] of wholes) {
    it(`names a child ${what} when the whole budget is over`, async () => {
      using time = new FakeTime();
      const { a, b } = parts(["a", "b"]);
      const app = supervise([childOf(a), b], { stopTimeout: 1_000 });
      await app.start();
      a.onStop = "hang";
      const stops = [watch(app.stop()), watch(app.stop())];
      await drain();
      time.tick(1_000);
      await drain();
      for (const { status, reason } of stops) {
        assertEquals(status, "rejected");
        const { message } = reason as Error;
        assert(message.endsWith(`; not stopped: ${names}`), message);
      }
      a.release.open();
      await drain();
      assertEquals(app.state, "stopped");
    });
  }

  it("names a child that was to be removed, and did not end", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([{ runner: a.runner, stopTimeout: 10 }, b]);
    await app.start();
    a.onStop = "hang";
    const remove = watch(app.removeChild("a"));
    await pass(time, 10);
    assertEquals(remove.status, "rejected");
    const stop = reasonOf(app.stop({ timeout: 100 }));
    await pass(time, 100);
    const { message } = await stop as Error;
    assert(message.endsWith('; not stopped: "a"'), message);
    a.release.open();
    await drain();
    assertEquals(app.state, "stopped");
  });

  it("keeps its budget where a child that was late is removed meanwhile", async () => {
    for (const verb of ["remove", "stop"] as const) {
      using time = new FakeTime();
      const { a, b, x, log } = parts(["a", "b", "x"]);
      const app = supervise([
        a,
        { runner: b.runner, dependsOn: ["a"] },
        { runner: x.runner, dependsOn: ["b"] },
      ], { stopTimeout: 1_000 });
      await app.start();
      b.onStop = x.onStop = "hang";
      const stop = watch(app.stop());
      // Its share is over at 900 ms, that of b at 990 ms.
      await pass(time, 950);
      const call = watch(app[`${verb}Child`]("x"));
      await pass(time, 41);
      assertEquals(log.slice(3), ["x down", "b down", "a down"]);
      await pass(time, 9);
      assertEquals([stop.status, call.status], ["rejected", "rejected"]);
      b.release.open();
      x.release.open();
      await drain();
      assertEquals(app.state, "stopped");
      const left = verb === "remove" ? [] : ["x stopped"];
      assertEquals(states(app), ["a stopped", "b stopped", ...left]);
    }
  });

  it("fails in its time where a child that was late is removed meanwhile", async () => {
    using time = new FakeTime();
    const { a, b, c } = parts(["a", "b", "c"]);
    const app = supervise([
      { runner: a.runner, restart: "permanent" },
      { runner: b.runner, stopTimeout: 600 },
      c,
    ], { stopTimeout: 1_000, intensity: { restarts: 0 } });
    await app.start();
    b.onStop = c.onStop = "hang";
    const end = watch(app.finished());
    a.fail();
    await pass(time, 700);
    const remove = watch(app.removeChild("b"));
    await pass(time, 300);
    assertEquals([end.status, remove.status], ["rejected", "pending"]);
    const { message } = end.reason as Error;
    assert(message.endsWith('; not stopped: "b", "c"'), message);
    b.release.open();
    c.release.open();
    await drain();
    assertEquals([remove.status, ...states(app)], [
      "resolved",
      "a stopped",
      "c stopped",
    ]);
  });

  it("lets none start anew beside one that is being removed, which it names", async () => {
    for (const isReleased of [true, false]) {
      using time = new FakeTime();
      const { a, b, c } = parts(["a", "b", "c"]);
      const app = supervise([
        a,
        { runner: b.runner, restart: "temporary", dependsOn: ["a"] },
        { runner: c.runner, restart: "permanent" },
      ], { stopTimeout: 1_000, intensity: { restarts: 0 } });
      await app.start();
      b.end();
      await drain();
      a.onStop = "hang";
      const end = watch(app.finished());
      c.fail();
      await pass(time, 1_000);
      assertEquals([end.status, app.state], ["rejected", "stopped"]);
      const remove = watch(app.removeChild("a"));
      const start = watch(app.start());
      await pass(time, 500);
      assertEquals([start.status, b.starts], ["pending", 1]);
      // It ends, or has had its time to.
      if (isReleased) a.release.open();
      await pass(time, isReleased ? 0 : 500);
      assertEquals([remove.status, start.status, b.starts], [
        isReleased ? "resolved" : "rejected",
        "resolved",
        2,
      ]);
      a.release.open();
      await drain();
      assertEquals(states(app), ["b running", "c running"]);
      await app.removeChild("b");
      await app.stop();
    }
  });

  it("ends by itself or names the child, where force ends it", async () => {
    for (const margin of [-1, 0, 1]) {
      using time = new FakeTime();
      const forced = gate();
      const runner = new StartStop(
        (_signal, { force }) => {
          force.addEventListener("abort", () => forced.open());
          return forced.promise;
        },
        undefined,
        { name: "a", printErrors: false },
      );
      const stopTimeout = 1_000 + margin;
      const app = supervise([{ runner, stopTimeout }], { stopTimeout: 1_000 });
      await app.start();
      const stop = watch(app.stop());
      await pass(time, 1_001);
      assertEquals(app.state, "stopped");
      if (stop.status === "resolved") continue;
      const { message } = stop.reason as Error;
      assert(message.endsWith('; not stopped: "a"'), message);
    }
  });

  it("gives no more time to a child that is asked to stop within a stop of all", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }], {
      stopTimeout: 5_000,
    });
    await app.start();
    const given: unknown[] = [];
    const stop = a.runner.stop.bind(a.runner);
    a.runner.stop = (options) => {
      given.push(options?.timeout);
      return stop(options);
    };
    b.onStop = "hang";
    const end = watch(app.stop({ timeout: 100 }));
    await pass(time, 10);
    const own = watch(app.stopChild("a"));
    await pass(time, 100);
    assertEquals(given, [10]);
    assertEquals(own.status, "resolved");
    b.release.open();
    await drain();
    assertEquals([end.status, app.state], ["rejected", "stopped"]);
  });

  it("ends once all are up where a significant child has ended before", async () => {
    const isUp = gate();
    const slow = new StartStop(
      async (signal, { ready }) => {
        await isUp.promise;
        ready();
        await untilAborted(signal);
      },
      undefined,
      { name: "slow", awaitReady: true },
    );
    const { a } = parts(["a"]);
    a.onStart = "end";
    const app = supervise([
      { runner: a.runner, significant: true },
      { runner: slow },
    ], { autoShutdown: "any" });
    const start = watch(app.start());
    await drain();
    assertEquals([start.status, app.state], ["pending", "starting"]);
    isUp.open();
    await app.finished();
    assertEquals([start.status, slow.state], ["resolved", "stopped"]);
  });

  it("leaves no timer behind", async () => {
    const clock = install({
      toFake: ["setTimeout", "clearTimeout", "Date", "performance"],
    });
    try {
      await leaveNothing(clock);
    } finally {
      clock.uninstall();
    }
  });
});

/** A child that throws as it ends, once it may. */
function flushing(name = "a") {
  const release = gate();
  const runner = new StartStop(
    async (signal) => {
      await untilAborted(signal);
      await release.promise;
      throw new Error("not flushed");
    },
    undefined,
    { name, printErrors: false },
  );
  return { release, runner };
}

async function leaveNothing(clock: ReturnType<typeof install>): Promise<void> {
  const { a, b, c } = parts(["a", "b", "c"]);
  const app = supervise([
    a,
    { runner: b.runner, startTimeout: 1_000, stopTimeout: 1_000 },
    { runner: c.runner, dependsOn: ["a"] },
  ], { intensity: { restarts: 0, then: "break" } });
  await app.start();
  a.fail();
  await clock.tickAsync(15_000);
  assertEquals(app.status().children[0]?.circuit, "half-open");
  c.fail();
  await drain();
  await app.stop();
  assertEquals(clock.countTimers(), 0);
}
