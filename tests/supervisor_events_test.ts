import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, untilAborted } from "@golib/runner";
import type { SupervisorEvent } from "@golib/runner/supervisor";
import { gate, reasonOf } from "./_helpers.ts";
import { drain, parts, pass, short, supervise } from "./_parts.ts";

describe("Supervisor: events", () => {
  it("tell of the supervisor and its children in order", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const events: SupervisorEvent[] = [];
    const app = supervise([a, b], {
      strategy: "rest-for-one",
      observer: (event) => events.push(event),
    });
    await app.start();
    a.fail();
    await pass(time, 100);
    await app.stop();
    assertEquals(events.map(short), [
      "starting",
      "a waiting",
      "b waiting",
      "a starting",
      "a running",
      "b starting",
      "b running",
      "running",
      "error start",
      "a waiting",
      "restart a+b in 100",
      "b stopping",
      "b waiting",
      "a starting",
      "a running",
      "b starting",
      "b running",
      "stopping",
      "b stopping",
      "b stopped",
      "a stopping",
      "a stopped",
      "stopped",
    ]);
    assert(events.every(({ runner }) => runner === app));
  });

  it("come no more to an observer that has left", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    let told = 0;
    const leave = app.observe(() => told++);
    leave();
    await app.start();
    await app.stop();
    assertEquals(told, 0);
  });

  it("come to those who joined before they happened", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a]);
    const late: string[] = [];
    app.observe((event) => {
      if (short(event) === "a starting") {
        app.observe((event) => late.push(short(event)));
      }
    });
    await app.start();
    assertEquals(late, ["a running", "running"]);
    await app.stop();
  });

  it("print an observer that throws or rejects, and go on", async () => {
    const { a } = parts(["a"]);
    const printed: string[] = [];
    const print = console.error;
    console.error = (text: string) => printed.push(text);
    const told: string[] = [];
    const app = supervise([a]);
    app.observe((event) => {
      if (short(event) === "a running") throw new Error("deaf");
    });
    app.observe((event) =>
      (short(event) === "a starting"
        ? Promise.reject(new Error("mute"))
        : undefined) as unknown as void
    );
    app.observe((event) => told.push(short(event)));
    await app.start();
    await drain();
    console.error = print;
    assertEquals(told.at(-1), "running");
    assertEquals(printed.length, 2);
    assertStringIncludes(printed.join(), "observer of app");
    await app.stop();
  });

  it("may stop the supervisor", async () => {
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, b]);
    app.observe((event) => {
      if (short(event) === "a starting") app.stop();
    });
    const error = await reasonOf(app.start()) as Error;
    assertEquals(error.name, "AbortError");
    await app.finished();
    assertEquals([a.runner.state, b.runner.state], ["stopped", "stopped"]);
  });
});

describe("Supervisor: errors", () => {
  it("has what its children failed with", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a], { maxErrors: 2, intensity: { restarts: 9 } });
    await app.start();
    for (const count of [1, 2, 3]) {
      a.fail(`lost ${count}`);
      await pass(time, 1_000);
    }
    assertEquals(app.errorsTotal(), 3);
    assertEquals(app.errorsList().map(({ message }) => message), [
      'Cannot keep "a" of "app" running: a lost 2',
      'Cannot keep "a" of "app" running: a lost 3',
    ]);
    assertEquals((app.errorsLast()?.cause as Error).message, "a lost 3");
    await app.stop();
    assertEquals(app.errorsTotal(), 3);
    await app.start();
    assertEquals([app.errorsTotal(), app.errorsLast()], [0, undefined]);
    await app.stop();
  });

  it("has those of all that fail at once, though one takes the others down", async () => {
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, b], { strategy: "one-for-all" });
    await app.start();
    a.fail();
    b.fail();
    await drain();
    assertEquals(app.errorsList().map(({ message }) => message), [
      'Cannot keep "a" of "app" running: a lost',
      'Cannot keep "b" of "app" running: b lost',
    ]);
    assertEquals(app.status().children[1]?.error?.message, "b lost");
    await app.stop();
  });

  it("counts the failure of a child once that ended late and was started again", async () => {
    using time = new FakeTime();
    const { b } = parts(["b"]);
    const app = supervise([{ runner: b.runner, stopTimeout: 10 }], {
      backoff: { initial: 20 },
    });
    await app.start();
    b.onStop = "hang";
    void app.restartChild("b");
    await pass(time, 25);
    b.onStop = "end";
    b.release.open();
    await pass(time, 100);
    const before = app.errorsTotal();
    b.fail();
    await drain();
    assertEquals(app.errorsTotal() - before, 1);
    await app.stop();
  });

  it("has those of a child that waits for others to go down first", async () => {
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, b], { strategy: "rest-for-one" });
    await app.start();
    b.onStop = "hang";
    app.restartChild("a");
    await drain();
    a.fail();
    await drain();
    assertEquals(app.errorsTotal(), 1);
    assertEquals(app.status().children[0]?.error?.message, "a lost");
    b.release.open();
    await app.stop();
  });

  it("prints them unless printErrors is false", async () => {
    const { a } = parts(["a"]);
    const printed: string[] = [];
    const print = console.error;
    console.error = (text: string) => printed.push(text);
    const app = supervise([{ runner: a.runner, restart: "temporary" }], {
      printErrors: true,
    });
    await app.start();
    a.fail();
    await drain();
    console.error = print;
    await app.stop();
    assertEquals(printed.length, 1);
    assertStringIncludes(
      printed[0]!,
      'Recovering process \'app\': Cannot keep "a" of "app" running: a lost',
    );
  });

  for (const printErrors of [true, false]) {
    const who = printErrors ? "its runner" : "the supervisor";
    for (const call of ["restartChild", "stop"] as const) {
      it(`prints once, by ${who}, that a child was late in ${call}`, async () => {
        using time = new FakeTime();
        const { a } = parts(["a"]);
        const released = gate();
        const runner = new StartStop(
          async (signal) => {
            await untilAborted(signal);
            await released.promise;
          },
          undefined,
          { name: "b", printErrors },
        );
        const printed: string[] = [];
        const print = console.error;
        console.error = (text: string) => printed.push(text);
        const app = supervise([
          a,
          { runner, dependsOn: ["a"], stopTimeout: 50 },
        ], { printErrors: true });
        await app.start();
        if (call === "stop") void app.stop();
        else void app.restartChild("b");
        await pass(time, 60);
        released.open();
        await pass(time, 60);
        console.error = print;
        await app.stop();
        assertEquals([printed.length, app.errorsTotal()], [1, 1]);
        const name = printErrors ? "b" : "app";
        assertStringIncludes(printed[0]!, `Recovering process '${name}'`);
      });
    }
  }

  it("wraps what is no error", async () => {
    const { a } = parts(["a"]);
    a.runner.start = () => Promise.reject(null);
    const app = supervise([a]);
    const { cause } = await reasonOf(app.start()) as Error;
    assertEquals((cause as Error).cause, null);
  });

  it("reports a child that does not end for a restart", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, stopTimeout: 50 }], {
      strategy: "one-for-all",
      backoff: { initial: 1 },
    });
    const errors: SupervisorEvent[] = [];
    app.observe((event) => {
      if (event.type === "error" && event.phase === "stop") errors.push(event);
    });
    await app.start();
    b.onStop = "hang";
    a.fail();
    await pass(time, 50);
    assertEquals(errors.length, 1);
    assertStringIncludes(
      app.errorsList()[1]!.message,
      'Cannot stop "b" of "app": ',
    );
    b.release.open();
    await pass(time, 5_000);
    await app.stop();
  });
});

describe("Supervisor: status", () => {
  it("has state, uptime, restarts, last error and next attempt", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, restart: "permanent" }]);
    await app.start();
    b.fail();
    await pass(time, 30);
    const { children, ...own } = app.status();
    assertEquals([own.name, own.state, own.restarts], ["app", "running", 0]);
    const [first, second] = children;
    assertEquals(
      [first?.state, first?.restart, first?.nextAttempt, first?.error],
      ["running", "transient", undefined, undefined],
    );
    assertEquals({ ...second, error: second?.error?.message }, {
      name: "b",
      state: "waiting",
      restart: "permanent",
      uptime: 0,
      restarts: 0,
      error: "b lost",
      nextAttempt: 70,
      circuit: "closed",
      dependsOn: [],
      ticks: undefined,
      children: undefined,
    });
    await pass(time, 70);
    const after = app.status();
    assertEquals([after.restarts, after.children[1]?.state], [1, "running"]);
    await app.stop();
  });

  it("forgets at the next start", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    a.fail();
    await pass(time, 100);
    await app.stop();
    assertStrictEquals(app.status().restarts, 1);
    await app.start();
    const { restarts, children } = app.status();
    assertEquals([restarts, children[0]?.error], [0, undefined]);
    await app.stop();
  });
});
