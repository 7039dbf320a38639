/** What a runner says beside its state: reasons, times of errors, limits. */

import { StartStop, Ticker, untilAborted } from "@golib/runner";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { reasonOf, serve } from "./_helpers.ts";

describe("stop() with a reason", () => {
  it("aborts the signals of the run with it", async () => {
    const reason = new Error("SIGTERM");
    const { runner, run } = serve();
    await runner.start();
    const { signal, control } = run();
    await runner.stop({ reason });
    assert(signal.reason === reason);
    assert(control.force.reason === reason || !control.force.aborted);
  });

  it("takes any value, and an AbortError where there is none", async () => {
    const { runner, run } = serve();
    for (const reason of [null, 0, "", "over"]) {
      await runner.start();
      await runner.stop({ reason });
      assertEquals(run().signal.reason, reason);
    }
    await runner.start();
    await runner.stop({ reason: undefined });
    assertEquals((run().signal.reason as Error).name, "AbortError");
  });

  it("leaves the reason of a run that was asked to stop before", async () => {
    const { runner, run } = serve({}, { stubborn: true });
    await runner.start();
    const first = runner.stop({ reason: "first" });
    const second = runner.stop({ reason: "second" });
    run().end.open();
    await Promise.all([first, second]);
    assertEquals(run().signal.reason, "first");
  });

  it("is a clean end of a run that rejects with it", async () => {
    const { runner } = serve();
    const job = new StartStop(async (signal) => {
      await untilAborted(signal);
      throw signal.reason;
    });
    await job.start();
    await job.stop({ reason: new Error("enough") });
    await job.finished();
    assertEquals(job.errorsTotal(), 0);
    await runner.stop({ reason: "of a runner that is stopped" });
  });

  it("rejects a start that waits for readiness with an AbortError", async () => {
    const { runner } = serve({ awaitReady: true });
    const start = reasonOf(runner.start());
    await runner.stop({ reason: new Error("enough") });
    assertEquals((await start as Error).name, "AbortError");
  });

  it("reaches a tick", async () => {
    let seen: unknown;
    const ticker = new Ticker(1_000, async (signal) => {
      await untilAborted(signal);
      seen = signal.reason;
    }, { immediate: true });
    await ticker.start();
    await ticker.stop({ reason: "over" });
    assertEquals(seen, "over");
  });
});

describe("errorsLog()", () => {
  it("has each error with its phase and the time it was recorded", async () => {
    const before = Date.now();
    const job = new StartStop(
      (signal) => untilAborted(signal).then(() => Promise.reject("start")),
      () => Promise.reject(new Error("stop")),
      { printErrors: false },
    );
    await job.start();
    await job.stop();
    const log = job.errorsLog();
    assertEquals(log.map(({ error }) => error), job.errorsList());
    assertEquals(log.map(({ phase }) => phase).sort(), ["start", "stop"]);
    for (const { at } of log) {
      assert(+at >= before && +at <= Date.now());
    }
    log[0]!.at.setTime(0);
    assert(+job.errorsLog()[0]!.at >= before);
  });

  it("keeps the newest, and is emptied at the launch", async () => {
    const ticker = new Ticker(1_000, () => Promise.reject(new Error("no")), {
      maxErrors: 2,
      printErrors: false,
    });
    await ticker.start();
    for (let count = 0; count < 3; count++) await ticker.tick();
    assertEquals(ticker.errorsLog().map(({ phase }) => phase), [
      "tick",
      "tick",
    ]);
    await ticker.restart();
    assertEquals(ticker.errorsLog(), []);
    await ticker.stop();
  });
});

describe("what a runner says of itself", () => {
  it("has its stopTimeout", () => {
    assertEquals(new Ticker(1_000, () => {}).stopTimeout, 2_000);
    assertEquals(serve({ stopTimeout: 5 }).runner.stopTimeout, 5);
  });

  it("takes beats of a service in every state, without an effect", async () => {
    const { runner, run } = serve({ staleAfter: 1_000 });
    await runner.start();
    const { beat } = run().control;
    beat();
    assertEquals(runner.state, "running");
    await runner.stop();
    beat();
    assertEquals(runner.state, "stopped");
    assertThrows(() => serve({ staleAfter: -1 }), RangeError, "staleAfter");
  });
});
