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
});
