import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { type Child, Supervisor } from "@golib/runner/supervisor";
import { reasonOf } from "./_helpers.ts";
import { parts, pass, states, supervise } from "./_parts.ts";

function named(name: string, children: Child[], restarts = 1): Supervisor {
  return supervise(children, {
    name,
    backoff: { initial: 1 },
    intensity: { restarts, window: 1_000 },
  });
}

function causes(error: unknown): string[] {
  const found: string[] = [];
  for (
    let each = error as Error | undefined;
    each;
    each = each.cause as Error
  ) {
    found.push(each.message);
  }
  return found;
}

describe("Supervisor: nesting", () => {
  it("starts and stops a tree in the order of its dependencies", async () => {
    const { a, b, c, log } = parts(["a", "b", "c"]);
    const inner = named("inner", [a, { runner: b.runner, dependsOn: ["a"] }]);
    const outer = named("outer", [
      { runner: c.runner, dependsOn: ["inner"] },
      { runner: inner },
    ]);
    await outer.start();
    await outer.stop();
    assertEquals(log, [
      "a up",
      "b up",
      "c up",
      "c down",
      "b down",
      "a down",
    ]);
    assertEquals(inner.state, "stopped");
  });

  it("restarts a supervisor that has failed, and all below it", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const inner = named("inner", [a, b]);
    const outer = named("outer", [{ runner: inner }]);
    await outer.start();
    log.length = 0;
    a.fail();
    await pass(time, 10);
    a.fail();
    await pass(time, 10);
    assertEquals(log, ["a up", "b down", "a up", "b up"]);
    assertEquals([inner.state, outer.status().restarts], ["running", 1]);
    await outer.stop();
  });

  it("escalates from level to level with the chain of causes", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const top = named("top", [{
      runner: named("middle", [{ runner: named("low", [a], 0) }], 0),
    }], 0);
    await top.start();
    a.fail();
    await pass(time, 1);
    const kept = (name: string, child: string) =>
      `Cannot keep "${name}" running: "${child}" ended after 0 restarts within 1000 ms`;
    assertEquals(causes(await reasonOf(top.finished())), [
      kept("top", "middle"),
      kept("middle", "low"),
      kept("low", "a"),
      "a lost",
    ]);
    assertEquals(top.state, "stopped");
  });

  it("fails to start with the chain of causes", async () => {
    const { a } = parts(["a"]);
    a.onStart = "fail";
    const top = named("top", [{ runner: named("low", [a]) }]);
    assertEquals(causes(await reasonOf(top.start())), [
      'Cannot start "low" of "top": Cannot start "a" of "low": a is broken',
      'Cannot start "a" of "low": a is broken',
      "a is broken",
    ]);
  });

  it("names what did not end with the supervisors that it is under", async () => {
    using time = new FakeTime();
    const { a, b, c } = parts(["a", "b", "c"]);
    const inner = named("inner", [a, b]);
    const outer = named("outer", [{ runner: inner }, c]);
    await outer.start();
    b.onStop = c.onStop = "hang";
    const stop = reasonOf(outer.stop({ timeout: 100 }));
    await pass(time, 101);
    const { message } = await stop as Error;
    assert(message.endsWith('; not stopped: "inner" ("b"), "c"'), message);
    b.release.open();
    c.release.open();
    await pass(time, 1);
    assertEquals([inner.state, outer.state], ["stopped", "stopped"]);
  });

  it("passes on what is left of the budget, level by level", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const inner = named("inner", [a]);
    const outer = named("outer", [
      { runner: inner },
      { runner: b.runner, dependsOn: ["inner"] },
    ]);
    await outer.start();
    a.onStop = b.onStop = "hang";
    const stop = reasonOf(outer.stop({ timeout: 1_000 }));
    await pass(time, 900);
    assertEquals(states(inner), ["a stopping"]);
    await pass(time, 100);
    assert((await stop as Error).message.endsWith('"inner" ("a"), "b"'));
    a.release.open();
    b.release.open();
    await pass(time, 1);
  });

  it("escalates within its budget though a child does not end", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const low = supervise([a, b], {
      name: "low",
      intensity: { restarts: 0 },
      stopTimeout: 200,
    });
    const top = supervise([{ runner: low, restart: "temporary" }]);
    await top.start();
    b.onStop = "hang";
    a.fail();
    await pass(time, 201);
    // A temporary child that has ended is deleted.
    assertEquals(states(top), []);
    const error = await reasonOf(low.finished()) as Error;
    assert(error.message.endsWith('; not stopped: "b"'), error.message);
    assertStrictEquals(top.errorsLast()?.cause, error);
    b.release.open();
    await pass(time, 1);
    await top.stop();
  });

  const strange: [string, unknown][] = [
    ["gives nothing", () => {}],
    ["gives a number of children", () => ({ children: 3 })],
    ["throws", () => {
      throw new Error("unknown");
    }],
    ["is a text", "fine"],
  ];
  for (const [what, status] of strange) {
    it(`takes a runner whose status ${what}`, async () => {
      using time = new FakeTime();
      const { a } = parts(["a"]);
      Object.assign(a.runner, { status });
      const app = supervise([a]);
      await app.start();
      a.onStop = "hang";
      const stop = reasonOf(app.stop({ timeout: 10 }));
      await pass(time, 10);
      assert((await stop as Error).message.endsWith('not stopped: "a"'));
      assertStrictEquals(app.status().children[0]?.children, undefined);
      a.release.open();
      await app.finished();
    });
  }

  it("shows the whole tree in its status", async () => {
    const { a } = parts(["a"]);
    const top = new Supervisor([{ runner: named("low", [a]) }]);
    await top.start();
    const [low] = top.status().children;
    assertEquals(low?.children?.map(({ name, state }) => [name, state]), [
      ["a", "running"],
    ]);
    await top.stop();
  });
});
