import { StartStop, Ticker } from "@golib/runner";
import { assertEquals, assertGreater, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canKill, spawn } from "./_child.ts";

/** What a scenario says, in a process of its own, once it has ended well. */
async function run(scenario: string): Promise<unknown[]> {
  const child = await spawn("./_import_program.ts", scenario);
  const { code, signal, lines, errors } = await child.ended;
  assertEquals([code, signal, errors], [0, null, ""]);
  return lines.map((line) => JSON.parse(line));
}

describe("The module", () => {
  it("starts nothing as it is imported or constructs a runner", {
    ignore: !canKill,
  }, async () => {
    assertEquals(await run("starts"), [[], [], [
      "AbortController",
      "setTimeout",
    ]]);
  });

  it("has the parts that can be imported by themselves", async () => {
    const whole = await import("@golib/runner");
    const { StartStop } = await import("@golib/runner/start-stop");
    const { Ticker } = await import("@golib/runner/ticker");
    const tools = await import("@golib/runner/tools");
    assertStrictEquals(StartStop, whole.StartStop);
    assertStrictEquals(Ticker, whole.Ticker);
    assertEquals(Object.keys(tools).sort(), [
      "recoveryCaller",
      "runNbr",
      "runTick",
      "untilAborted",
    ]);
    assertEquals({ ...whole, ...tools }, { ...whole });
  });

  it("depends on nothing at run time but its own files", {
    ignore: !canKill,
  }, async () => {
    const { readdirSync, readFileSync } = await import("node:fs");
    const root = new URL("../", import.meta.url);
    const { exports } = JSON.parse(
      readFileSync(new URL("deno.json", root), "utf8"),
    );
    const folders = new Set(["_internal/"]);
    const files: URL[] = [];
    for (const path of Object.values<string>(exports)) {
      const file = new URL(path, root);
      files.push(file);
      const folder = path.replace(/[^/]*$/, "");
      if (folder !== "./") folders.add(folder);
    }
    for (const folder of folders) {
      for (const name of readdirSync(new URL(folder, root))) {
        if (name.endsWith(".ts")) files.push(new URL(folder + name, root));
      }
    }
    const foreign = files.flatMap((file) => {
      // The examples in the comments are for those who have the package.
      const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
      const imports = /(?:\bfrom |\bimport\(|^import )"([^".][^"\n]*)"/gm;
      return [...code.matchAll(imports)].map(([text]) => text);
    });
    assertEquals(foreign, []);
    assertGreater(files.length, 15);
  });

  it("makes no timer, controller or random number in a constructor", () => {
    const { setTimeout, AbortController } = globalThis;
    const { random } = Math;
    const calls: string[] = [];
    const note = (name: string) => () => {
      calls.push(name);
      return 0;
    };
    Object.assign(globalThis, {
      setTimeout: note("setTimeout"),
      AbortController: note("AbortController"),
    });
    Math.random = note("random");
    try {
      new Ticker(10, () => {}, { immediate: true, tickTimeout: 5 });
      new StartStop(() => {}, () => {}, { awaitReady: true });
    } finally {
      Object.assign(globalThis, { setTimeout, AbortController });
      Math.random = random;
    }
    assertEquals(calls, []);
  });

  it("uses no globals but those that are named in the contract", {
    ignore: !canKill,
  }, async () => {
    const named = new Set([
      "AbortController",
      "AbortSignal",
      "setTimeout",
      "clearTimeout",
      "performance",
      "performance.now",
      "Date",
      "Date.now",
      "DOMException",
      "console",
      "console.error",
      // Asked whether they are there, in the one file that does so.
      "Deno",
      "EdgeRuntime",
      "document",
      "WebSocketPair",
      "process",
    ]);
    const [used] = await run("globals") as [string[]];
    assertEquals(used.filter((name) => !named.has(name)), []);
    // The watching watches.
    assertEquals(
      ["console.error", "performance.now", "setTimeout"].filter(
        (name) => used.includes(name),
      ).length,
      3,
    );
  });

  // The first tick takes 250 of 100 ms: the next comes at the fourth point.
  const grid = [[0, 2, 0], [1, 3, 1]];
  for (
    const [scenario, clock] of [
      ["freshAll", "all there is"],
      ["freshDate", "Date and timers"],
      ["freshPerformance", "performance and timers"],
      ["freshShared", "Date and timers, by FakeTime's one set of functions"],
    ] as const
  ) {
    it(`may be imported under a clock that fakes ${clock}`, {
      ignore: !canKill,
    }, async () => {
      // Under that clock, under the engine's, and under another.
      assertEquals(await run(scenario), [grid, "a grid", grid]);
    });
  }

  it("may be imported under @sinonjs/fake-timers, whose Date looks native", {
    // Deno asks a configuration for it that a process of a test does not have.
    ignore: !canKill || "Deno" in globalThis,
  }, async () => {
    assertEquals(await run("freshUnderSinon"), [[0, 2, 0], "a grid"]);
  });

  it("does not share timers where they belong to requests", {
    ignore: !canKill,
  }, async () => {
    assertEquals(await run("requests"), [[0, true]]);
  });
});
