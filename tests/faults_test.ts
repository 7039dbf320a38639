import { assert, assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { StartStop, Ticker } from "@golib/runner";
import { canKill, type Ended, spawn, type Surroundings } from "./_child.ts";
import { effort } from "./_effort.ts";
import { failure } from "./_helpers.ts";
import { wait } from "./_watch.ts";

const { process, Bun } = globalThis as {
  process?: {
    env: Record<string, string | undefined>;
    platform?: string;
    getBuiltinModule(name: string): { existsSync(path: string): boolean };
  };
  Bun?: unknown;
};

/** How long a process is held up as a whole, in milliseconds. */
const STALL = Number(
  process?.env["GOLIB_RUNNER_STALL"] ??
    effort(1_500, 10_000),
);

async function run(
  scenario: string,
  surroundings?: Surroundings,
): Promise<readonly unknown[]> {
  const child = await spawn("./_faults_program.ts", scenario, surroundings);
  return said(await child.ended);
}

function said({ code, errors, lines }: Ended): unknown[] {
  assertEquals([code, errors], [0, ""]);
  return lines.map((line) => JSON.parse(line));
}

type Tick = readonly [number, number, number];

/** Lays the grid through what a ticker told; gives how many points it covered. */
function assertGrid(ticks: readonly Tick[], interval: number): number {
  const start = ticks[0]![0] - interval;
  let covered = 0;
  for (const [scheduledAt, startedAt, missed] of ticks) {
    const oldest = Math.round((scheduledAt - start) / interval);
    assertLess(Math.abs(scheduledAt - start - oldest * interval), 0.01);
    assertEquals(oldest > covered, true, "a point had two ticks");
    covered += 1 + missed;
    assert(oldest <= covered && start + covered * interval - 1 < startedAt);
  }
  return covered;
}

const isTick = (line: unknown): line is Tick =>
  Array.isArray(line) && line.length === 3;

/** Where Debian's `faketime` has its library, and others theirs. */
const LIBRARIES = ["x86_64-linux-gnu/", "aarch64-linux-gnu/", ""].map((each) =>
  `/usr/lib/${each}faketime/libfaketimeMT.so.1`
);

// Not by an `await import`: a bundle for edge platforms and pages has none at the
// top of a module.
const library = canKill && process?.platform === "linux"
  ? LIBRARIES.find((each) =>
    process.getBuiltinModule("node:fs").existsSync(each)
  )
  : undefined;

describe("A fault", { ignore: !canKill }, () => {
  it("that holds the process up costs ticks, and moves no grid", async () => {
    const child = await spawn("./_faults_program.ts", "stalled", {
      limit: STALL + 20_000,
    });
    await child.said('"now"');
    child.kill("SIGSTOP");
    await wait(STALL);
    child.kill("SIGCONT");
    const lines = said(await child.ended);
    const ticks = lines.filter(isTick);

    assertEquals(ticks.length, 12);
    const covered = assertGrid(ticks, 100);
    assertLess(STALL / 100 - 2, covered - ticks.length);
    assertEquals(ticks.filter(([, , missed]) => missed > 9).length, 1);
    assertEquals(lines.at(-1), "TimeoutError");
  });

  it("that blocks the loop for ten intervals is one late tick", async () => {
    const ticks = (await run("blocked")).filter(isTick);

    assertEquals(ticks.length, 8);
    assertLess(8 + 7, assertGrid(ticks, 50));
    assertEquals(ticks.filter(([, , missed]) => missed > 7).length, 1);
  });

  it("of memory does not come from cycles or errors", {
    // Bun has no limit to set.
    ignore: Bun !== undefined,
  }, async () => {
    assertEquals(await run("littleMemory", { memory: 32 }), [[50_000, 100]]);
  });

  it("of the user's abort listeners keeps no stop from its end", async () => {
    const [service, ...stubborn] = await run("throwingListeners");
    const [state, stops, errors, thrown] = service as unknown[];
    assertEquals([state, stops, errors], ["stopped", 2, 0]);
    assertLess(2, thrown as number);
    assertEquals(stubborn, ["TimeoutError", ["stopped", 1]]);
  });

  it("of a thenable is caught wherever it is returned", async () => {
    const clean = ["in time", "stopped"];
    const said = await run("thenable");
    const expected = (place: string, kind: string) => {
      const isError = !["both", "lateThrow", "silent"].includes(kind);
      const name = kind === "reverse" ? "EvalError" : "RangeError";
      // The states running, stopping and stopped.
      if (place === "observer") return [...clean, isError ? 3 : 0];
      if (kind === "silent") {
        return ["TimeoutError", "stopping", "TimeoutError", 0];
      }
      return [...clean, ...(isError ? [name] : []), 0];
    };
    const kinds = [
      "both",
      "reverse",
      "throws",
      "lateThrow",
      "silent",
      "getter",
    ];
    const places = ["start", "stop", "tick", "observer"];
    assertEquals(
      said,
      kinds.flatMap((kind) =>
        places.map((place) => [place, kind, ...expected(place, kind)])
      ),
    );
  });
});

describe("The wall clock", { ignore: library === undefined }, () => {
  it("may be set by hours, and no tick is early, late or lost", async () => {
    const { mkdtempSync, rmSync, writeFileSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const folder = mkdtempSync(`${tmpdir()}/runner-clock-`);
    const file = `${folder}/offset`;
    const env = {
      LD_PRELOAD: library!,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    try {
      let ended: Ended;
      let attempts = 0;
      do {
        writeFileSync(file, "+0");
        const child = await spawn("./_faults_program.ts", "clockSet", { env });
        await child.said("[5,-7,0]").catch(() => {});
        child.kill("SIGKILL");
        ended = await child.ended;
        // One in twelve times Deno dies of that library, whatever it runs.
      } while (ended.signal === "SIGSEGV" && ++attempts < 5);
      assertEquals(ended.errors, "");
      const lines = ended.lines.map((line) => JSON.parse(line));
      const ticks = lines.filter((line): line is Tick =>
        isTick(line) && line !== lines.at(-1)
      );
      assertEquals(lines.at(-1), [5, -7, 0]);
      const graces = lines.filter((line): line is [string, number] =>
        Array.isArray(line) && line[0] === "TimeoutError"
      );
      assertEquals(graces.length, 3);
      for (const [, passed] of graces) {
        assertLess(199, passed);
        assertLess(passed, 5_000);
      }
      assertEquals(ticks.length, 30);
      // A busy machine may miss some, never as many as an hour has.
      assertLess(assertGrid(ticks, 50), 60);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("A thenable", () => {
  const quiet = { printErrors: false };
  // deno-lint-ignore no-explicit-any
  const thenable = (then: (...calls: any[]) => void) => ({ then });

  it("that calls both callbacks, and often, ends a run once", async () => {
    const states: string[] = [];
    const runner = new StartStop(
      () =>
        thenable((resolve, reject) => {
          resolve();
          reject(new Error("too late"));
          resolve();
        }),
      undefined,
      {
        ...quiet,
        observer: (event) => event.type === "state" && states.push(event.to),
      },
    );
    await runner.start();
    await runner.finished();
    assertEquals(states, ["running", "stopped"]);
    assertEquals(runner.errorsTotal(), 0);
  });

  it("that throws from then is an error of the run", async () => {
    const runner = new StartStop(
      () =>
        thenable(() => {
          throw new RangeError("no then");
        }),
      undefined,
      quiet,
    );
    await runner.start();
    assertEquals(await failure(runner.finished()), "RangeError");
  });

  it("that has a hostile then is an error of the run", async () => {
    const hostile = {
      get then() {
        throw new RangeError("no getter");
      },
    };
    const runner = new StartStop(() => hostile, undefined, quiet);
    await runner.start();
    assertEquals(await failure(runner.finished()), "RangeError");

    const ticker = new Ticker(60_000, () => hostile, quiet);
    await ticker.tick();
    assertEquals(ticker.errorsLast()?.name, "RangeError");
    assertEquals(ticker.state, "stopped");
  });

  it("that throws after it has resolved is no error", async () => {
    const ticker = new Ticker(60_000, () =>
      thenable((resolve) => {
        resolve();
        throw new Error("too late");
      }), quiet);
    await ticker.tick();
    assertEquals(ticker.errorsTotal(), 0);
  });

  it("that never answers ends a stop by its grace", async () => {
    const runner = new StartStop(() => thenable(() => {}), undefined, quiet);
    await runner.start();
    assertEquals(await failure(runner.stop({ timeout: 5 })), "TimeoutError");
    assertEquals(runner.state, "stopping");
  });
});
