// What can only be seen where the engine's own clock is moved by hand.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canKill, spawn } from "./_child.ts";

/** What a scenario says, in a process of its own, once it has ended well. */
async function run(scenario: string): Promise<unknown[]> {
  const child = await spawn("./_engine_program.ts", scenario);
  const { code, signal, lines, errors } = await child.ended;
  assertEquals([code, signal, errors], [0, null, ""]);
  return lines.map((line) => JSON.parse(line));
}

describe("On the engine's own clock", () => {
  it(
    "tickers share a timer where it belongs to the program, else each has its own",
    {
      ignore: !canKill,
    },
    async () => {
      assertEquals(await run("hosts"), [
        ["Deno", 1],
        ["process", 1],
        ["document", 1],
        ["", 2],
        ["process", 2],
        ["process", 2],
        ["Deno,EdgeRuntime", 2],
        ["process,WebSocketPair", 2],
      ]);
    },
  );

  it(
    "a ticker whose timer a fake clock has swallowed goes on with the next that starts",
    {
      ignore: !canKill,
    },
    async () => {
      assertEquals(await run("within"), [[2, 0], [3, 0], [true, 1], 0]);
    },
  );

  it(
    "the process waits for all but a ticker that is not persistent, as on another",
    {
      ignore: !canKill,
    },
    async () => {
      // Those that it need not wait for, and those that it has to: of tickers without
      // the option, with it and without it, of a grace, and of runTick.
      const timers = [[0, 3], [0, 3], [3, 0], [0, 1], [0, 2]];
      assertEquals(await run("held"), [...timers, ...timers]);
    },
  );

  it(
    "a tick that rings after another began when the observers of that were done",
    {
      ignore: !canKill,
    },
    async () => {
      assertEquals(await run("rung"), [40]);
    },
  );

  for (
    const [scenario, clock] of [
      ["freshAll", "all there is"],
      ["freshDate", "Date and timers"],
      ["freshPerformance", "performance and timers"],
      ["freshShared", "Date and timers, by FakeTime's one set of functions"],
    ] as const
  ) {
    it(
      `a module that was loaded under a clock that fakes ${clock} finds it later`,
      {
        ignore: !canKill,
      },
      async () => {
        const missed = [0, 2, 0];
        // FakeTime's timers are left to run out.
        const left = scenario === "freshShared" ? 1 : 0;
        assertEquals(await run(scenario), [
          [missed, left],
          [missed, 0],
          [missed, 0],
          [missed, 0],
        ]);
      },
    );
  }
});
