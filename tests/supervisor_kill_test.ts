import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { reasonOf, watch } from "./_helpers.ts";
import { drain, type Part, parts, pass, states, supervise } from "./_parts.ts";

/** Has a part say that its run is killed once its time to end is over. */
function killable({ runner }: Part, killTimeout = 0): Part["runner"] {
  return Object.assign(runner, { killTimeout });
}

// A run that can be killed is over some time after its grace, so that what waits for
// it goes on.
describe("Supervisor: children that can be killed", () => {
  for (const strategy of ["one-for-all", "rest-for-one"] as const) {
    it(`restarts ${strategy} once the one that does not end is killed`, async () => {
      using time = new FakeTime();
      const { a, b } = parts(["a", "b"]);
      const runner = killable(b);
      const app = supervise([a, { runner, stopTimeout: 50 }], { strategy });
      await app.start();
      b.onStop = "hang";
      a.fail();
      await pass(time, 150);
      // Its time is over, and it is about to be.
      assertEquals([app.state, ...states(app)], [
        "running",
        "a waiting",
        "b stopping",
      ]);
      assertEquals(a.starts, 1);
      b.onStop = "end";
      b.release.open();
      await pass(time, 100);
      assertEquals(states(app), ["a running", "b running"]);
      assertEquals([a.starts, b.starts], [2, 2]);
      const [, cut] = app.errorsList();
      assertEquals(
        cut?.message,
        'Cannot stop "b" of "app": it did not end within 50 ms',
      );
      await app.stop();
      assertEquals(app.errorsTotal(), 2);
    });

    it(`fails ${strategy} where the kill does not end the run either`, async () => {
      using time = new FakeTime();
      const { a, b } = parts(["a", "b"]);
      const runner = killable(b, 3_000);
      const app = supervise([a, { runner, stopTimeout: 50 }], { strategy });
      await app.start();
      b.onStop = "hang";
      a.fail();
      const end = reasonOf(app.finished());
      await pass(time, 50 + 3_000 + 4_999);
      assertEquals(app.state, "running");
      await pass(time, 2);
      const { message } = await end as Error;
      assertEquals(
        message,
        'Cannot keep "app" running: "b" did not end within 8050 ms; not stopped: "b"',
      );
      assertEquals([a.starts, b.starts], [1, 1]);
      b.release.open();
      await drain();
    });
  }

  it("restarts the child alone that was killed, and settles who asked", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, { runner: killable(b), stopTimeout: 50 }]);
    await app.start();
    b.onStop = "hang";
    const restart = watch(app.restartChild("b"));
    await pass(time, 60);
    assertEquals([restart.status, b.starts], ["pending", 1]);
    b.onStop = "end";
    b.release.open();
    await pass(time, 10);
    assertEquals([restart.status, b.starts], ["resolved", 2]);
    assertEquals(states(app), ["a running", "b running"]);
    await app.stop();
  });

  it("rejects a stop of the child that had to be killed, and keeps it down", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, { runner: killable(b), stopTimeout: 50 }]);
    await app.start();
    b.onStop = "hang";
    const stop = watch(app.stopChild("b"));
    await pass(time, 60);
    assertEquals([stop.status, ...states(app)], [
      "rejected",
      "a running",
      "b stopping",
    ]);
    assertEquals((stop.reason as Error).name, "TimeoutError");
    const again = watch(app.stopChild("b"));
    b.release.open();
    await pass(time, 10);
    assertEquals([again.status, ...states(app)], [
      "resolved",
      "a running",
      "b stopped",
    ]);
    await app.stop();
  });

  it("kills it early enough for the tree to stop within its budget", async () => {
    for (
      const { killTimeout, after } of [
        { killTimeout: 0, after: 900 },
        { killTimeout: 300, after: 600 },
        // There is no time for it: it has its share.
        { killTimeout: 2_000, after: 900 },
      ]
    ) {
      using time = new FakeTime();
      const { a, b, log } = parts(["a", "b"]);
      const { runner } = b;
      const stop = runner.stop.bind(runner);
      const times: unknown[] = [];
      runner.stop = (options) => {
        times.push(options?.timeout);
        return stop(options);
      };
      const app = supervise([
        a,
        { runner: killable(b, killTimeout), dependsOn: ["a"] },
      ]);
      await app.start();
      b.onStop = "hang";
      log.length = 0;
      const end = watch(app.stop({ timeout: 1_000 }));
      await pass(time, after - 1);
      assertEquals([times, log], [[after], ["b down"]]);
      // What it depends on need not wait for the kill.
      await pass(time, 2);
      assertEquals(log, ["b down", "a down"]);
      assertEquals(end.status, "pending");
      b.release.open();
      await pass(time, 10);
      assertEquals([end.status, app.state], ["resolved", "stopped"]);
    }
  });

  it("waits for the kill where it fails by itself", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, { runner: killable(b), stopTimeout: 50 }], {
      intensity: { restarts: 0 },
      stopTimeout: 200,
    });
    await app.start();
    b.onStop = "hang";
    a.fail();
    const end = watch(app.finished());
    await pass(time, 300);
    assertEquals(end.status, "pending");
    b.release.open();
    await drain();
    const { message } = end.reason as Error;
    assert(!message.includes("not stopped"), message);
    await app.start().then(() => app.stop());
  });

  it("asks nothing more of a run that is being killed", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const runner = killable(b);
    const app = supervise([a, { runner, stopTimeout: 50 }], {
      strategy: "one-for-all",
    });
    await app.start();
    b.onStop = "hang";
    a.fail();
    await pass(time, 60);
    let stops = 0;
    const stop = runner.stop.bind(runner);
    runner.stop = (options) => {
      stops++;
      return stop(options);
    };
    log.length = 0;
    const end = watch(app.stop({ timeout: 1_000 }));
    await pass(time, 100);
    assertEquals([stops, end.status], [0, "pending"]);
    b.release.open();
    await drain();
    assertEquals([end.status, app.state, log], ["resolved", "stopped", []]);
  });
});
