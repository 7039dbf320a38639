import { isLongLived } from "../_internal/runtime.ts";
import { Ticker } from "@golib/runner";
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import {
  CountingController,
  gate,
  reasonOf,
  serve,
  turns,
  watch,
} from "./_helpers.ts";
import { wait } from "./_watch.ts";

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

  it("a start that waits for readiness launches nothing, and leaves its signal", async () => {
    const service = serve({ awaitReady: true });
    const life = new CountingController();
    const { signal } = life;
    await withoutTimers(async () => {
      const refused = reasonOf(service.runner.start({ signal }));
      assertEquals(service.runner.state, "stopped");
      assertEquals(String(await refused), "Error: no timers here");
    });
    assertEquals([service.runs.length, life.count], [0, 0]);
    await service.runner.finished();

    const started = service.runner.start({ signal });
    service.run().control.ready();
    await started;
    await service.runner.stop();
    assertEquals([service.runs.length, life.count], [1, 0]);
  });
});

describe("A timer that is refused in the middle of a launch", () => {
  it("is an error of the tick, and observers go on hearing", async () => {
    const seen: string[] = [];
    const end = gate();
    const ticker = new Ticker(1_000, () => end.promise, {
      immediate: true,
      tickTimeout: 50,
      printErrors: false,
      observer: (event) =>
        seen.push(event.type === "state" ? event.to : event.type),
    });
    await withoutTimers(async () => {
      await ticker.start();
      assertEquals(seen, ["running", "error"]);
      end.open();
      await reasonOf(ticker.finished());
    });
    // The tick's limit, then the next tick.
    assertEquals(seen, ["running", "error", "tick", "error", "stopped"]);
    assertEquals(
      ticker.errorsLog().map(({ error, phase }) =>
        `${phase}: ${error.message}`
      ),
      ["tick: no timers here", "start: no timers here"],
    );
    await ticker.tick();
    assertEquals(seen.slice(5), ["running", "tick", "stopped"]);
  });
});

describe("Where controllers are refused", () => {
  const life = () => new CountingController();

  /** As edge platforms of before autumn 2026 do at module scope. */
  async function withoutControllers(
    body: () => Promise<void>,
    allowed = 0,
  ): Promise<void> {
    const { AbortController } = globalThis;
    globalThis.AbortController = class {
      constructor() {
        if (allowed-- > 0) return new AbortController();
        throw new Error("no controllers here");
      }
    } as unknown as typeof AbortController;
    try {
      await body();
    } finally {
      globalThis.AbortController = AbortController;
    }
  }

  for (const awaitReady of [false, true]) {
    it(`a start rejects and launches nothing, with awaitReady ${awaitReady}`, async () => {
      const service = serve({ awaitReady });
      const life = new CountingController();
      const { signal } = life;
      await withoutControllers(async () => {
        for (const options of [undefined, { signal }]) {
          const refused = await reasonOf(service.runner.start(options));
          assertEquals(String(refused), "Error: no controllers here");
        }
      });
      assertEquals(
        [service.runner.state, service.runs.length, life.count],
        ["stopped", 0, 0],
      );
    });
  }

  it("a start is recorded too, and causes no unhandled rejection", async () => {
    const { runner } = serve();
    await withoutControllers(async () => {
      void runner.start();
      void runner.start({ signal: life().signal });
      await turns();
    });
    assertEquals(
      runner.errorsLog().map(({ error, phase }) => [phase, error.message]),
      Array(2).fill(["start", "no controllers here"]),
    );
    await runner.start();
    assertEquals([runner.state, runner.errorsTotal()], ["running", 0]);
    await runner.stop();
  });

  it("a stop calls the stop function all the same, and records it", async () => {
    const service = serve();
    await service.runner.start();
    await withoutControllers(() => service.runner.stop());
    assertEquals([service.stops, service.runner.state], [1, "stopped"]);
    assertEquals(
      service.runner.errorsLog().map(({ error, phase }) => [
        phase,
        error.message,
      ]),
      [["stop", "no controllers here"]],
    );
  });

  it("a tick that is to have one fails, and the ticker goes on", async () => {
    const seen: string[] = [];
    let ticks = 0;
    const ticker = new Ticker(3, () => void ticks++, {
      tickTimeout: 1_000,
      printErrors: false,
      observer: (event) =>
        seen.push(event.type === "state" ? event.to : event.type),
    });
    let isRefused = false;
    await withoutControllers(async () => {
      const start = ticker.start();
      // On edge platforms a run has its controller from its launch on.
      isRefused = !isLongLived();
      if (isRefused) {
        const refused = await reasonOf(start);
        assertEquals(String(refused), "Error: no controllers here");
        return;
      }
      await start;
      while (!seen.includes("tick")) await wait(1);
    });
    if (isRefused) return;
    assertEquals(seen.slice(0, 3), ["running", "error", "tick"]);
    assertEquals(ticker.errorsList()[0]?.message, "no controllers here");
    while (ticks === 0) await wait(1);
    await ticker.stop();
  });

  it("a tick rejects and leaves its signal", async () => {
    let ticks = 0;
    const ticker = new Ticker(1_000, () => void ticks++);
    const life = new CountingController();
    const { signal } = life;
    await withoutControllers(async () => {
      const refused = await reasonOf(ticker.tick({ signal }));
      assertEquals(String(refused), "Error: no controllers here");
    });
    assertEquals([ticker.state, ticks, life.count], ["stopped", 0, 0]);
    await ticker.tick({ signal });
    assertEquals([ticker.state, ticks, life.count], ["stopped", 1, 0]);
  });

  it("a tick whose run is refused leaves its signal", async () => {
    // Under a fake clock a run has a controller from its launch on.
    using _time = new FakeTime();
    let ticks = 0;
    const ticker = new Ticker(1_000, () => void ticks++);
    const life = new CountingController();
    await withoutControllers(async () => {
      const refused = await reasonOf(ticker.tick({ signal: life.signal }));
      assertEquals(String(refused), "Error: no controllers here");
    }, 1);
    assertEquals([ticker.state, ticks, life.count], ["stopped", 0, 0]);
  });
});
