import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import type { Strategy } from "@golib/runner/supervisor";
import { watch } from "./_helpers.ts";
import { drain, type Part, parts, pass, states, supervise } from "./_parts.ts";

describe("Supervisor: order", () => {
  it("starts nothing on a dependency that is to go down", async () => {
    using time = new FakeTime();
    const { a, b, c, log } = parts(["a", "b", "c"]);
    const app = supervise([
      a,
      { runner: b.runner, dependsOn: ["a"], stopTimeout: 200 },
      { runner: c.runner, dependsOn: ["a"] },
    ], { strategy: "rest-for-one" });
    await app.start();
    c.fail();
    await drain();
    b.onStop = "hang";
    const call = watch(app.restartChild("a", { group: true }));
    await pass(time, 150);
    log.length = 0;
    b.release.open();
    await pass(time, 10);
    assertEquals([call.status, ...log], [
      "resolved",
      "a down",
      "a up",
      "b up",
      "c up",
    ]);
    b.onStop = "end";
    await app.stop();
  });

  it("adds nothing to a dependency that is to go down", async () => {
    using time = new FakeTime();
    const { a, b, c, log } = parts(["a", "b", "c"]);
    const app = supervise([
      a,
      { runner: b.runner, dependsOn: ["a"], stopTimeout: 200 },
    ], { strategy: "rest-for-one" });
    await app.start();
    b.onStop = "hang";
    app.restartChild("a", { group: true });
    await drain();
    log.length = 0;
    app.addChild({ runner: c.runner, dependsOn: ["a"] });
    await drain();
    b.release.open();
    await pass(time, 10);
    assertEquals(log, ["a down", "a up", "b up", "c up"]);
    b.onStop = "end";
    await app.stop();
  });

  const gone: [string, Strategy, (part: Part) => void][] = [
    ["has ended", "rest-for-one", (part) => part.end()],
    ["waits for its restart", "one-for-one", (part) => part.fail()],
  ];
  for (const [what, strategy, goes] of gone) {
    it(`stops in reverse past a child that ${what}`, async () => {
      using time = new FakeTime();
      const { a, b, c, log } = parts(["a", "b", "c"]);
      const chain = strategy === "rest-for-one" ? [a, b, c] : [
        a,
        { runner: b.runner, dependsOn: ["a"] },
        { runner: c.runner, dependsOn: ["b"] },
      ];
      const app = supervise(chain, { strategy });
      await app.start();
      goes(b);
      await drain();
      c.onStop = "hang";
      log.length = 0;
      const stop = watch(app.stop());
      await pass(time, 10);
      assertEquals(log, ["c down"]);
      c.release.open();
      await drain();
      assertEquals([stop.status, ...log], ["resolved", "c down", "a down"]);
    });
  }

  it("starts past a child that is not started again", async () => {
    using time = new FakeTime();
    const { a, b, c } = parts(["a", "b", "c"]);
    const app = supervise([
      { runner: a.runner, startTimeout: 50 },
      { runner: b.runner, restart: "temporary" },
      c,
    ], { strategy: "rest-for-one" });
    await app.start();
    b.end();
    await drain();
    a.onStart = "hang";
    a.fail();
    await pass(time, 120);
    assertEquals(states(app), ["a starting", "c waiting"]);
    await app.stop();
  });

  it("waits for none that is to go and did not end in time", async () => {
    using time = new FakeTime();
    const { a, b, c } = parts(["a", "b", "c"]);
    const app = supervise([a, { runner: b.runner, stopTimeout: 10 }, c], {
      strategy: "rest-for-one",
    });
    await app.start();
    b.onStop = "hang";
    app.removeChild("b");
    await pass(time, 20);
    c.fail();
    await pass(time, 1_000);
    assertEquals(states(app), ["a running", "b stopping", "c running"]);
    b.release.open();
    await app.stop();
  });
});
