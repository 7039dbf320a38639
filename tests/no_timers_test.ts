import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { serve, turns, watch } from "./_helpers.ts";

/** Refuses timers while it lasts, as edge platforms do outside a request. */
async function withoutTimers(body: () => Promise<void>): Promise<void> {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (() => {
    throw new Error("no timers here");
  }) as unknown as typeof setTimeout;
  try {
    assertThrows(() => globalThis.setTimeout(() => {}));
    await body();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
}

describe("Where timers are refused", () => {
  it("a stop tells the run to end, and waits without a limit", async () => {
    const service = serve();
    await service.runner.start();
    const run = service.run();
    await withoutTimers(async () => {
      const stop = watch(service.runner.stop());
      assertEquals([run.signal.aborted, service.stops], [true, 1]);
      await turns();
      assertEquals([stop.status, service.runner.state], [
        "resolved",
        "stopped",
      ]);
    });
    await service.runner.start();
    await service.runner.stop();
    assertEquals(service.runs.length, 2);
  });

  it("an abort of the caller's signal tells the run to end", async () => {
    const service = serve();
    const life = new AbortController();
    await service.runner.start({ signal: life.signal });
    await withoutTimers(async () => {
      life.abort();
      await service.runner.finished();
    });
    assertEquals(service.stops, 1);
    assertEquals(service.runner.errorsTotal(), 0);
  });

  it("a restart replaces the run", async () => {
    const service = serve();
    await service.runner.start();
    await withoutTimers(async () => {
      await service.runner.restart();
      assertEquals([service.runs.length, service.most], [2, 1]);
      await service.runner.stop();
    });
    assertEquals(service.runner.state, "stopped");
  });
});
