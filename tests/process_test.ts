import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canKill, spawn } from "./_child.ts";
import { wait } from "./_watch.ts";

/** Runs a scenario to its end; fails if it ends badly, or only when killed. */
async function run(scenario: string): Promise<readonly string[]> {
  const child = await spawn("./_process_program.ts", scenario);
  const { code, signal, lines, errors } = await child.ended;
  assertEquals([code, signal, errors], [0, null, ""]);
  return lines;
}

describe("The process", { ignore: !canKill }, () => {
  it("is kept alive by a ticker, until that is stopped", async () => {
    assertEquals(await run("ticker"), ["tick", "tick", "tick"]);
  });

  it("may be held up as a whole: one late tick, then the grid", async () => {
    const child = await spawn("./_process_program.ts", "stalled");
    await child.said("now");
    child.kill("SIGSTOP");
    await wait(630);
    child.kill("SIGCONT");
    const { code, lines } = await child.ended;
    const ticks = lines.filter((line) => line !== "now").map((line) =>
      JSON.parse(line) as [number, number, number]
    );
    assertEquals([code, ticks.length], [0, 8]);
    const start = ticks[0]![0] - 100;
    let point = 0;
    for (const [scheduledAt, startedAt, missed] of ticks) {
      const oldest = Math.round((scheduledAt - start) / 100);
      assertLess(Math.abs(scheduledAt - start - oldest * 100), 0.01);
      // A signal that comes within a tick makes it an overrun.
      assertLess(point, oldest);
      point += 1 + missed;
      assertLess(oldest, point + 1);
      assertLess(start + point * 100 - 0.01, startedAt);
    }
    assertLess(4, point - ticks.length);
    assertEquals(ticks.filter(([, , missed]) => missed > 4).length, 1);
  });

  it("is not kept alive by a ticker with persistent: false", async () => {
    assertEquals(await run("quietTicker"), ["up"]);
  });

  it("is kept alive by one ticker while another that does not ticks beside it", async () => {
    const lines = await run("quietTickerBesideAnother");
    assertEquals(lines.filter((line) => line === "loud").length, 1);
    assertEquals(lines.at(-1), "loud");
    assertLess(1, lines.length);
  });

  it("is not kept alive by a reset of a ticker with persistent: false", async () => {
    assertEquals(await run("quietTickerWithReset"), ["tick", "done"]);
  });

  it("is kept alive by the grace of a ticker with persistent: false", async () => {
    assertEquals(await run("quietTickerThatStops"), ["TimeoutError"]);
  });

  it("is not kept alive by a StartStop itself", async () => {
    assertEquals(await run("service"), ["up"]);
  });

  it("is kept alive by a grace that runs", async () => {
    assertEquals(await run("grace"), ["TimeoutError"]);
  });

  it("is kept alive by the grace that an abort has started", async () => {
    assertEquals(await run("graceOfNobody"), ["TimeoutError"]);
  });

  it("is kept alive by a wait for readiness", async () => {
    assertEquals(await run("readiness"), ["TimeoutError"]);
  });

  it("is kept alive by a grace and a wait for readiness without a limit", async () => {
    assertEquals(await run("unlimitedGrace"), ["stopped"]);
    assertEquals(await run("unlimitedReadiness"), ["ready"]);
  });

  it("is held by nothing once all has stopped, however long the limits", async () => {
    assertEquals(await run("rest"), ["false", "stopped stopped"]);
  });

  it("sees no unhandled rejection and no timer left after a storm of calls", async () => {
    assertEquals(await run("storm"), ["stopped stopped"]);
  });
});
