import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { Supervisor } from "@golib/runner/supervisor";
import type { SupervisorEvent } from "@golib/runner/supervisor";
import { gate, reasonOf, watch } from "./_helpers.ts";
import { drain, Part, pass, states, supervise } from "./_parts.ts";

describe("Supervisor: create", () => {
  it("makes a new runner for each start", async () => {
    using time = new FakeTime();
    const made: Part[] = [];
    const create = () => {
      const part = new Part("a");
      made.push(part);
      return part.runner;
    };
    const app = supervise([{ create, name: "a" }]);
    assertEquals([app.runnerOf("a"), made.length], [undefined, 0]);
    await app.start();
    assert(app.runnerOf("a") === made[0]!.runner);
    made[0]!.fail();
    await pass(time, 100);
    assertEquals([made.length, made[1]!.starts], [2, 1]);
    assert(app.children()[0]!.runner === made[1]!.runner);
    assertEquals(app.status().restarts, 1);
    await app.stop();
    await app.start();
    assertEquals(made.length, 3);
    await app.stop();
  });

  it("needs a name in the constructor", () => {
    assertThrows(
      () => new Supervisor([{ create: () => new Part("a").runner }]),
      TypeError,
      "'name' must be a string",
    );
    assertThrows(
      () => {
        const { runner } = new Part("a");
        new Supervisor([{ runner, create: () => runner }]);
      },
      TypeError,
      "'runner' must be absent where there is 'create'",
    );
  });

  const wrong: [string, () => never, string][] = [
    ["throws", () => {
      throw new Error("no more");
    }, "no more"],
    ["gives no runner", () => ({}) as never, "'create' gave no runner"],
  ];
  for (const [what, create, message] of wrong) {
    it(`fails the start where it ${what}`, async () => {
      const app = supervise([{ create, name: "a" }]);
      const error = await reasonOf(app.start()) as Error;
      assertEquals(error.message, `Cannot start "a" of "app": ${message}`);
    });
  }

  it("fails a start for which it gives a runner that it gave before", async () => {
    using time = new FakeTime();
    const part = new Part("a");
    const app = supervise([{ create: () => part.runner, name: "a" }]);
    await app.start();
    part.fail();
    await pass(time, 100);
    assertEquals([part.starts, ...states(app)], [1, "a waiting"]);
    assertEquals(
      app.status().children[0]?.error?.message,
      "'create' gave a runner that it gave before",
    );
    await app.stop();
  });

  it("is called off by a stop, and bound by startTimeout", async () => {
    using time = new FakeTime();
    let given: AbortSignal | undefined;
    const create = (signal: AbortSignal) => {
      given = signal;
      return gate().promise as never;
    };
    const app = supervise([{ create, name: "a", startTimeout: 50 }]);
    const start = reasonOf(app.start());
    await drain();
    await app.stop();
    assertEquals([given?.aborted, app.state], [true, "stopped"]);
    assertEquals((await start as Error).name, "AbortError");
    const again = reasonOf(app.start());
    await pass(time, 50);
    assertEquals(
      (await again as Error).message,
      'Cannot start "a" of "app": it was not ready within 50 ms',
    );
    assertEquals(given?.aborted, true);
  });

  it("is not called while the run before has not ended", async () => {
    using time = new FakeTime();
    const made: Part[] = [];
    const create = () => {
      const part = new Part("a");
      part.onStop = "hang";
      made.push(part);
      return part.runner;
    };
    const app = supervise([{ create, name: "a", stopTimeout: 10 }]);
    await app.start();
    const call = watch(app.restartChild("a"));
    await pass(time, 1_000);
    assertEquals([call.status, made.length], ["rejected", 1]);
    made[0]!.release.open();
    await pass(time, 1_000);
    assertEquals([made.length, ...states(app)], [2, "a running"]);
    made[1]!.onStop = "end";
    await app.stop();
  });
});

describe("Supervisor: a pool of like children", () => {
  it("names those that have no name", async () => {
    const app = supervise([], { name: "pool" });
    await app.start();
    const create = () => new Part("worker").runner;
    assertEquals(await app.addChild({ create }), "pool-1");
    assertEquals(await app.addChild({ create, name: "pool-2" }), "pool-2");
    assertEquals(await app.addChild({ create }), "pool-3");
    assertEquals(states(app), [
      "pool-1 running",
      "pool-2 running",
      "pool-3 running",
    ]);
    await app.stop();
  });

  it("deletes temporary ones that have ended, and tells of it", async () => {
    const app = supervise([new Part("root")], { name: "pool" });
    await app.start();
    const told: string[] = [];
    app.observe((event: SupervisorEvent) => {
      if (event.type === "child") told.push(`${event.child} ${event.to}`);
      if (event.type === "children") {
        told.push(`${event.change} ${event.child}: ${event.error?.message}`);
      }
    });
    const part = new Part("job");
    const child = { runner: part.runner, restart: "temporary" } as const;
    assertEquals(await app.addChild(child), "job");
    part.fail();
    await drain();
    assertEquals(told, [
      "added job: undefined",
      "job waiting",
      "job starting",
      "job running",
      "job stopped",
      "removed job: job lost",
    ]);
    assertEquals(states(app), ["root running"]);
    await app.addChild(child);
    part.end();
    await drain();
    await app.stop();
    await app.start();
    assertEquals(states(app), ["root running"]);
    await app.stop();
  });

  it("has temporary ones of the constructor again at the next start", async () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => new Part(name));
    const app = supervise([
      a!,
      { runner: b!.runner, restart: "temporary" },
      { runner: c!.runner, dependsOn: ["b"] },
    ]);
    await app.start();
    b!.end();
    await drain();
    assertEquals(states(app), ["a running", "c running"]);
    await app.restart();
    assertEquals(states(app), ["a running", "b running", "c running"]);
    await app.stop();
  });

  it("takes a platform that refuses a controller for a failed start", async () => {
    using time = new FakeTime();
    const made: Part[] = [];
    const create = () => {
      const part = new Part("b");
      made.push(part);
      return part.runner;
    };
    const app = supervise([{ name: "b", create }]);
    await app.start();
    made[0]!.fail();
    await drain();
    const { AbortController } = globalThis;
    let refusals = 0;
    globalThis.AbortController = class {
      constructor() {
        refusals++;
        throw new Error("no controller");
      }
    } as never;
    try {
      await pass(time, 110);
    } finally {
      globalThis.AbortController = AbortController;
    }
    assertEquals([refusals, made.length, ...states(app)], [1, 1, "b waiting"]);
    assert(app.errorsList().at(-1)!.message.includes("no controller"));
    await pass(time, 1_000);
    assertEquals([made.length, ...states(app)], [2, "b running"]);
    await app.stop();
  });
});
