/** Start functions that return at once, though there is a stop function. */

import { StartStop, untilAborted } from "@golib/runner";
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { Printed, turns } from "./_helpers.ts";

describe("A start function that returns at once", () => {
  it("is named on standard error where there is a stop function", async () => {
    using printed = new Printed();
    const main = new StartStop(() => {}, () => {}, { name: "main" });
    await main.start();
    await main.finished();
    assertEquals(printed.texts.length, 1);
    const line = printed.texts[0]!;
    assert(line.startsWith('"main": the start function has returned'), line);
    assert(line.includes("Resource") && line.includes("untilAborted"), line);
    assert(!line.includes("\n"));
    assertEquals([main.state, main.errorsTotal()], ["stopped", 0]);
  });

  it("is named once a runner", async () => {
    using printed = new Printed();
    for (const runner of [0, 1].map(() => new StartStop(() => {}, () => {}))) {
      for (let count = 0; count < 3; count++) {
        await runner.start();
        await runner.finished();
      }
    }
    assertEquals(printed.texts.length, 2);
  });

  it("is named also where it is async", async () => {
    using printed = new Printed();
    const runner = new StartStop(() => turns(3), () => {});
    await runner.start();
    await runner.finished();
    assertEquals(printed.texts.length, 1);
  });

  it("is not named otherwise", async () => {
    using printed = new Printed();
    const nothing = () => {};
    const runners = [
      // No stop function could wait in vain.
      new StartStop(nothing),
      new StartStop(nothing, {}),
      // Asked to be silent.
      new StartStop(nothing, nothing, { printErrors: false }),
      // It has said that it is ready.
      new StartStop((_signal, { ready }) => ready(), nothing, {
        awaitReady: true,
      }),
      // It has got further than its launch.
      new StartStop(
        () => new Promise((resolve) => setTimeout(resolve, 5)),
        nothing,
      ),
      // It was asked to stop.
      new StartStop((signal) => untilAborted(signal), nothing),
    ];
    for (const each of runners) {
      await each.start();
      if (each === runners.at(-1)) await each.stop();
      await each.finished();
    }
    assertEquals(printed.texts, []);
  });

  it("is not named where it throws: that is printed anyway", async () => {
    using printed = new Printed();
    const runner = new StartStop(() => {
      throw new Error("no");
    }, () => {});
    await runner.start();
    await runner.finished().catch(() => {});
    assertEquals(printed.lines, ["Recovering process 'start-stop': no"]);
  });

  it("leaves no timer, whichever way it goes", async () => {
    using time = new FakeTime();
    const runner = new StartStop((signal) => untilAborted(signal), () => {});
    await runner.start();
    await runner.stop();
    await runner.start();
    time.tick(1);
    await runner.stop();
    assertEquals(runner.state, "stopped");
  });
});
