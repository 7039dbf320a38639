import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, Ticker } from "@golib/runner";
import { Supervisor, toDot, toTree } from "@golib/runner/supervisor";
import { reasonOf, watch } from "./_helpers.ts";
import { drain, parts, pass, states, supervise } from "./_parts.ts";

describe("Supervisor: stopChild and startChild", () => {
  it("keep a child down until it is started", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([{ runner: a.runner, restart: "permanent" }, b], {
      strategy: "one-for-all",
    });
    await app.start();
    await app.stopChild("a");
    assertEquals(states(app), ["a stopped", "b running"]);
    b.fail();
    await pass(time, 100);
    assertEquals(states(app), ["a stopped", "b running"]);
    await app.restart();
    assertEquals(states(app), ["a stopped", "b running"]);
    await app.startChild("a");
    assertEquals(states(app), ["a running", "b running"]);
    assertEquals(log.filter((line) => line === "a up").length, 2);
    await app.stop();
  });

  it("stop those first that name it, which come back with it", async () => {
    const { a, b, c, log } = parts(["a", "b", "c"]);
    const app = supervise([
      a,
      { runner: b.runner, dependsOn: ["a"] },
      { runner: c.runner, dependsOn: ["b"] },
    ]);
    await app.start();
    await app.stopChild("a");
    assertEquals(states(app), ["a stopped", "b waiting", "c waiting"]);
    await app.startChild("a");
    await drain();
    assertEquals(log.slice(3), [
      "c down",
      "b down",
      "a down",
      "a up",
      "b up",
      "c up",
    ]);
    await app.stop();
  });

  it("leave alone what only follows it in the list", async () => {
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, b], { strategy: "rest-for-one" });
    await app.start();
    await app.stopChild("a");
    assertEquals(states(app), ["a stopped", "b running"]);
    await app.startChild("a");
    await app.stop();
  });

  it("reject for a start that fails, which leaves the child down", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([{ runner: a.runner, restart: "permanent" }]);
    await app.start();
    await app.stopChild("a");
    a.onStart = "fail";
    const error = await reasonOf(app.startChild("a")) as Error;
    assertEquals(error.message, "a is broken");
    await pass(time, 10_000);
    assertEquals([a.starts, ...states(app)], [2, "a stopped"]);
    await app.stop();
  });

  it("let a supervisor be ready without one that is down", async () => {
    const { a, b, c } = parts(["a", "b", "c"]);
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }, c]);
    await app.stopChild("a");
    await app.start();
    assertEquals(states(app), ["a stopped", "b waiting", "c running"]);
    await app.startChild("a");
    await drain();
    assertEquals(states(app), ["a running", "b running", "c running"]);
    await app.stop();
  });

  it("reject where there is no such child", async () => {
    const app = supervise([]);
    for (const verb of ["stop", "start"] as const) {
      const { message } = await reasonOf(app[`${verb}Child`]("x")) as Error;
      assertEquals(
        message,
        `Cannot ${verb} "x" of "app": there is no such child`,
      );
    }
  });
});

describe("Supervisor: firstStart", () => {
  it("tries a first start again by the backoff, and counts none", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    a.onStart = "fail";
    const app = supervise([
      { runner: a.runner, firstStart: "retry" },
      b,
    ], { intensity: { restarts: 0 } });
    const told: number[] = [];
    app.observe((event) => {
      if (event.type === "restart") told.push(event.delay);
    });
    const start = watch(app.start());
    await pass(time, 299);
    assertEquals([start.status, app.state, ...states(app)], [
      "pending",
      "starting",
      "a waiting",
      "b running",
    ]);
    a.onStart = "be ready";
    await pass(time, 401);
    assertEquals([start.status, a.starts, ...told], ["resolved", 3, 100, 200]);
    assertEquals(app.errorsTotal(), 2);
    await app.stop();
  });

  it("ends with startTimeout, with the last failures as the cause", async () => {
    using time = new FakeTime();
    const { a, b, c } = parts(["a", "b", "c"]);
    a.onStart = b.onStart = "fail";
    const app = supervise([
      { runner: a.runner, firstStart: "retry" },
      { runner: b.runner, firstStart: "retry" },
      c,
    ], { startTimeout: 1_000 });
    const start = reasonOf(app.start());
    await pass(time, 1_001);
    const error = await start as Error;
    assertEquals(error.name, "TimeoutError");
    assert(error.cause instanceof AggregateError);
    assertEquals(error.cause.errors.map(({ message }) => message), [
      "a is broken",
      "b is broken",
    ]);
    const again = reasonOf(app.start({ timeout: 10 }));
    await pass(time, 11);
    assert((await again as Error).message.includes("within 10 ms"));
  });
});

describe("Supervisor: significant children", () => {
  for (const autoShutdown of ["any", "all"] as const) {
    it(`end it, when ${autoShutdown} of them have ended`, async () => {
      const { a, b, c } = parts(["a", "b", "c"]);
      const app = supervise([
        { runner: a.runner, significant: true },
        { runner: b.runner, significant: true, restart: "temporary" },
        c,
      ], { autoShutdown });
      await app.start();
      a.end();
      await drain();
      const isOver = autoShutdown === "any";
      assertEquals(app.state, isOver ? "stopped" : "running");
      b.fail();
      await drain();
      assertEquals([app.state, c.runner.state], ["stopped", "stopped"]);
      await app.finished();
    });
  }

  it("are no permanent ones", () => {
    const { a } = parts(["a"]);
    assertThrows(
      () =>
        new Supervisor([{
          runner: a.runner,
          restart: "permanent",
          significant: true,
        }]),
      TypeError,
      "'significant' needs one that can end",
    );
  });
});

describe("Supervisor: order: list", () => {
  it("starts and stops one after the other, under every strategy", async () => {
    for (const strategy of ["one-for-one", "one-for-all"] as const) {
      const { a, b, log } = parts(["a", "b"]);
      a.onStart = "hang";
      const app = supervise([
        { runner: a.runner, startTimeout: 10, firstStart: "retry" },
        b,
      ], { strategy, order: "list" });
      const start = app.start();
      await drain();
      assertEquals(states(app), ["a starting", "b waiting"]);
      a.onStart = "be ready";
      await start;
      await app.stop();
      assertEquals(log.slice(-4), ["a up", "b up", "b down", "a down"]);
    }
  });

  it("refuses a dependency that comes later", () => {
    const { a, b } = parts(["a", "b"]);
    assertThrows(
      () =>
        supervise([{ runner: a.runner, dependsOn: ["b"] }, b], {
          order: "list",
        }),
      Error,
      '"a" depends on "b", which comes later in the list',
    );
  });
});

describe("Supervisor: what is shown", () => {
  it("is safe for JSON, whatever was thrown", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    const circle = new Error("lost", { cause: { at: 1n } });
    Object.assign(circle, { errors: [circle, Infinity] });
    a.runner.finished = () => Promise.reject(circle);
    await app.restartChild("a");
    await pass(time, 1);
    const status = app.status();
    assert(status.children[0]!.error === circle);
    const { children } = JSON.parse(JSON.stringify(status));
    assertEquals(children[0].error, {
      name: "Error",
      message: "lost",
      cause: "[object Object]",
      errors: ["[circular]", null],
    });
    assertEquals(Object.keys(status).includes("toJSON"), false);
    await app.stop();
  });

  it("has the ticks of a ticker", async () => {
    using time = new FakeTime();
    const ticker = new Ticker(10, () => {
      throw new Error("bad");
    }, { name: "beat", printErrors: false });
    const app = supervise([{ runner: ticker }]);
    await app.start();
    await pass(time, 25);
    const { ticks } = app.status().children[0]!;
    assertEquals([ticks?.total, ticks?.failedInARow], [2, 2]);
    await app.stop();
  });

  it("is a tree as text and for Graphviz", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const low = supervise([b], { name: "low" });
    const app = supervise([a, { runner: low, dependsOn: ["a"] }]);
    await app.start();
    a.fail();
    await drain();
    assertEquals(
      toTree(app).replaceAll(/\d+ m?s(?=$)/gm, "N"),
      [
        "app running N",
        "├─ a waiting, next try in 100 ms, a lost",
        "└─ low running N",
        "   └─ b running N",
      ].join("\n"),
    );
    const dot = toDot(app);
    assert(dot.startsWith("digraph"));
    assert(dot.includes('"app/low" -> "app/a" [style=dashed'));
    assert(dot.includes('"app/low" -> "app/low/b";'));
    await app.stop();
    void time;
  });
});

describe("Supervisor: observers of the whole tree", () => {
  it("are told what each runner tells, and where", async () => {
    const { a, b } = parts(["a", "b"]);
    const low = supervise([a], { name: "low" });
    const app = supervise([{ runner: low }]);
    const told: string[] = [];
    const paths = new Map<string, readonly string[]>();
    const leave = app.observe((event, path) => {
      const known = paths.get(path.join("/"));
      paths.set(path.join("/"), path);
      assert(!known || known === path);
      assert(Object.isFrozen(path));
      if (event.type === "state") told.push(`${path.join("/")} ${event.to}`);
    }, { deep: true });
    await app.start();
    await low.addChild(b);
    await app.stop();
    assertEquals(told, [
      " starting",
      "low starting",
      "low/a starting",
      "low/a running",
      "low running",
      " running",
      "low/b starting",
      "low/b running",
      " stopping",
      "low stopping",
      "low/b stopping",
      "low/a stopping",
      "low/b stopped",
      "low/a stopped",
      "low stopped",
      " stopped",
    ]);
    leave();
    const { length } = told;
    await app.start();
    assertEquals(told.length, length);
    await app.stop();
  });

  it("are told of ticks where they ask for them", async () => {
    using time = new FakeTime();
    const ticker = new Ticker(10, () => {}, { name: "beat" });
    const app = supervise([{ runner: ticker }]);
    const told = [0, 0];
    for (const ticks of [false, true]) {
      app.observe((event) => {
        if (event.type === "tick") told[Number(ticks)]!++;
      }, { deep: true, ticks });
    }
    await app.start();
    await pass(time, 35);
    assertEquals(told, [0, 3]);
    await app.stop();
  });
});

describe("Supervisor: tickers", () => {
  it("have not been up before a tick has succeeded", async () => {
    using time = new FakeTime();
    let isBroken = true;
    const ticker = new Ticker(10, () => {
      if (isBroken) throw new Error("bad");
    }, { name: "beat", printErrors: false, failAfter: 3 });
    const app = supervise([{ runner: ticker }], {
      backoff: { initial: 10, factor: 2, resetAfter: 20 },
      intensity: { restarts: Infinity },
    });
    const delays: number[] = [];
    app.observe((event) => {
      if (event.type === "restart") delays.push(event.delay);
    });
    await app.start();
    await pass(time, 30 + 10 + 30 + 20 + 30);
    // Each was up for 30 ms, and is not proven.
    assertEquals(delays, [10, 20, 40]);
    isBroken = false;
    await pass(time, 100);
    isBroken = true;
    await pass(time, 30);
    assertEquals(delays, [10, 20, 40, 10]);
    await app.stop();
  });
});

describe("Supervisor: what is printed", () => {
  it("is each failure once, by the child, and that it gives up", async () => {
    const lines: string[] = [];
    const print = console.error;
    console.error = (text: string) => lines.push(text);
    try {
      let fail: (() => void) | undefined;
      const runner = new StartStop(
        () =>
          new Promise((_resolve, reject) => {
            fail = () => reject(new Error("lost"));
          }),
        undefined,
        { name: "a" },
      );
      const app = new Supervisor([{ runner }], {
        name: "app",
        intensity: { restarts: 0 },
      });
      await app.start();
      fail!();
      await reasonOf(app.finished());
    } finally {
      console.error = print;
    }
    assertEquals(lines.map((each) => each.split("\n")[0]), [
      "Recovering process 'a': lost",
      'Recovering process \'app\': Cannot keep "app" running: "a" ended after 0 restarts within 600000 ms: lost',
    ]);
    assertEquals(lines[1]!.includes("\n"), false);
  });
});
