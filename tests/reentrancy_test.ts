// Calls from wherever user code runs: the run's own functions, listeners of its
// signals, observers, getters of options, look-alikes of signals, the console.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { StartStop, Ticker, untilAborted } from "@golib/runner";
import { gate, reasonOf, serve, turns, watch } from "./_helpers.ts";

type Verb = "start" | "stop" | "restart";
const VERBS: Verb[] = ["start", "stop", "restart"];

/** What is left once all has settled, after a call that was made once. */
const LEFT: Record<Verb, [string, number]> = {
  start: ["running", 2],
  restart: ["running", 2],
  stop: ["stopped", 1],
};

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}

describe("a call within the start function", () => {
  for (const verb of VERBS) {
    for (const awaitReady of [false, true]) {
      it(`of ${verb}() takes effect, awaitReady ${awaitReady}`, async () => {
        let inner: Promise<void> | undefined;
        const service = serve({ awaitReady }, {
          begin({ control }, index) {
            if (index === 0) inner = service.runner[verb]();
            if (awaitReady) control.ready();
          },
        });
        const outer = watch(service.runner.start());
        assertEquals(service.runner.state, "stopping");
        await inner;
        await turns();
        assertEquals(outer.status, awaitReady ? "rejected" : "resolved");
        assertEquals(
          [service.runner.state, service.runs.length],
          LEFT[verb],
        );
        assertEquals([service.most, service.stops], [1, 1]);
        await service.runner.stop();
        assertEquals(service.runner.errorsTotal(), 0);
      });
    }
  }

  it("that then throws leaves what was asked for", async () => {
    for (const verb of VERBS) {
      let launches = 0;
      const runner: StartStop = new StartStop(
        (signal) => {
          if (launches++ > 0) return untilAborted(signal);
          runner[verb]();
          throw new Error("broken");
        },
        undefined,
        { printErrors: false },
      );
      await runner.start();
      await turns();
      assertEquals([runner.state, launches], LEFT[verb]);
      await runner.stop();
    }
  });

  it("of start() in each run never grows the stack", async () => {
    let launches = 0;
    const runner: StartStop = new StartStop(
      () => {
        if (++launches < 5_000) runner.start();
        throw new Error("broken");
      },
      undefined,
      { printErrors: false },
    );
    await runner.start();
    await runner.finished().catch(() => {});
    assertEquals([launches, runner.state], [5_000, "stopped"]);
  });

  it("that throws, with thousands of starts in the queue, settles them all", async () => {
    const held = gate();
    let launches = 0;
    const runner = new StartStop(
      () => {
        if (launches++ === 0) return held.promise;
        throw new Error("broken");
      },
      undefined,
      { printErrors: false },
    );
    await runner.start();
    const calls = Array.from({ length: 5_000 }, () => runner.start());
    const finished = runner.finished();
    held.open();
    await Promise.all(calls);
    await reasonOf(finished);
    assertEquals([launches, runner.state], [5_001, "stopped"]);
  });
});

describe("a call within the stop function", () => {
  for (const verb of VERBS) {
    it(`of ${verb}() takes effect`, async () => {
      let inner: Promise<void> | undefined;
      const service = serve({}, {
        stop() {
          if (service.runs.length === 1) inner = service.runner[verb]();
        },
      });
      await service.runner.start();
      const outer = watch(service.runner.stop());
      await inner;
      await turns();
      assertEquals(outer.status, "resolved");
      assertEquals([service.runner.state, service.runs.length], LEFT[verb]);
      assertEquals(service.most, 1);
      await service.runner.stop();
      assertEquals(service.runner.errorsTotal(), 0);
    });
  }
});

describe("a call within a listener of the run's signal", () => {
  for (const verb of VERBS) {
    it(`of ${verb}() takes effect`, async () => {
      let inner: Promise<void> | undefined;
      const service = serve({}, {
        begin({ signal }, index) {
          if (index > 0) return;
          signal.addEventListener("abort", () => {
            inner = service.runner[verb]();
          });
        },
      });
      await service.runner.start();
      const outer = watch(service.runner.stop());
      await inner;
      await turns();
      assertEquals(outer.status, "resolved");
      assertEquals([service.runner.state, service.runs.length], LEFT[verb]);
      assertEquals([service.most, service.stops], [1, 1]);
      await service.runner.stop();
    });

    it(`of ${verb}() takes effect where a restart() aborts it`, async () => {
      const service = serve({}, {
        begin({ signal }, index) {
          if (index > 0) return;
          signal.addEventListener("abort", () => service.runner[verb]());
        },
      });
      await service.runner.start();
      const outer = watch(service.runner.restart());
      await turns();
      const stopped = verb === "stop";
      assertEquals(outer.status, stopped ? "rejected" : "resolved");
      assertEquals(
        [service.runner.state, service.runs.length],
        stopped ? ["stopped", 1] : ["running", 3],
      );
      assertEquals(service.most, 1);
      await service.runner.stop();
    });
  }
});

describe("a call within a listener of control.force", () => {
  for (const verb of VERBS) {
    it(`of ${verb}() takes effect`, async () => {
      const service = serve({}, {
        stubborn: true,
        begin({ control, end }, index) {
          if (index > 0) return;
          control.force.addEventListener("abort", () => {
            service.runner[verb]();
            end.open();
          });
        },
      });
      await service.runner.start();
      reasonOf(service.runner.stop({ signal: AbortSignal.abort() }));
      await turns();
      assertEquals([service.runner.state, service.runs.length], LEFT[verb]);
      assertEquals(service.most, 1);
      service.run().end.open();
      await service.runner.stop();
    });
  }
});

describe("a call within a listener of the caller's signal", () => {
  for (const verb of VERBS) {
    for (const first of [true, false]) {
      it(
        `of ${verb}() takes effect, ${
          first ? "before" : "after"
        } the runner has heard`,
        async () => {
          const life = new AbortController();
          const service = serve();
          let inner: Promise<void> | undefined;
          const listen = () =>
            life.signal.addEventListener("abort", () => {
              inner = service.runner[verb]();
            });
          if (first) listen();
          await service.runner.start({ signal: life.signal });
          if (!first) listen();
          life.abort("Ctrl-C");
          const outcome = await inner!.then(() => "ok", (reason) => reason);
          await turns();
          // A restart carries the signal over, which has aborted.
          assertEquals(outcome, verb === "restart" ? "Ctrl-C" : "ok");
          assertEquals(
            [service.runner.state, service.runs.length],
            verb === "start" ? ["running", 2] : ["stopped", 1],
          );
          assertEquals(service.most, 1);
          await service.runner.stop();
        },
      );
    }
  }
});

describe("a call within a getter of options", () => {
  for (const outer of VERBS) {
    for (const inner of VERBS) {
      for (const from of ["stopped", "running"]) {
        it(`of ${inner}() comes before the ${outer}(), from ${from}`, async () => {
          for (const kind of ["StartStop", "Ticker"]) {
            const service = serve();
            const runner = kind === "StartStop"
              ? service.runner
              : new Ticker(3_600_000, () => {});
            if (from === "running") await runner.start();
            const call = once(() => void runner[inner]());
            const called = runner[outer]({
              get timeout() {
                call();
                return 60_000;
              },
            });
            await called;
            await turns();
            assertEquals(
              [runner.state, service.most > 1],
              [outer === "stop" ? "stopped" : "running", false],
            );
            await runner.stop();
            assertEquals([runner.state, runner.errorsTotal()], ["stopped", 0]);
          }
        });
      }
    }
  }
});

describe("a look-alike of a signal", () => {
  function alike(traps: Partial<Record<string, () => unknown>>): AbortSignal {
    return {
      get aborted() {
        return traps["aborted"]?.() ?? false;
      },
      get reason() {
        return traps["reason"]?.();
      },
      addEventListener: () => traps["add"]?.(),
      removeEventListener: () => traps["remove"]?.(),
    } as unknown as AbortSignal;
  }
  const refuse = () => {
    throw new Error("a trap");
  };

  it("that throws as it is read or listened to rejects the call alone", async () => {
    for (const trap of ["aborted", "add"]) {
      const service = serve();
      const { runner } = service;
      const signal = alike({ [trap]: refuse });
      for (const state of ["stopped", "running"]) {
        assertEquals(runner.state, state);
        for (const verb of [...VERBS, "finished"] as const) {
          // Nothing to stop needs no signal, and nothing to wait for neither.
          const reason = await runner[verb]({ signal }).catch((error) => error);
          if (reason !== undefined) assertEquals(reason.message, "a trap");
          assertEquals(runner.state, state);
        }
        if (state === "stopped") await runner.start();
      }
      await runner.stop();
    }
  });

  it("that throws as its reason is read rejects with what it throws", async () => {
    const signal = alike({ aborted: () => true, reason: refuse });
    const { runner } = serve();
    const reason = await reasonOf(runner.start({ signal }));
    assertEquals((reason as Error).message, "a trap");
  });

  it("that has no reason rejects with an AbortError", async () => {
    const signal = alike({ aborted: () => true });
    const { runner } = serve();
    const reason = await reasonOf(runner.start({ signal }));
    const { name, message } = reason as Error;
    assertEquals([name, message], ["AbortError", "The signal was aborted"]);
  });

  it("that throws as it is left is printed and harms nothing", async () => {
    const print = console.error;
    let printed = 0;
    console.error = (text: string) => {
      if (text.includes("'removeEventListener': a trap")) printed++;
    };
    try {
      const service = serve();
      const signal = alike({ remove: refuse });
      await service.runner.start({ signal });
      await service.runner.stop({ signal });
      assertEquals(service.runner.state, "stopped");
      assert(printed > 0);
    } finally {
      console.error = print;
    }
  });

  for (const verb of VERBS) {
    for (const trap of ["aborted", "add", "remove"]) {
      it(`that calls ${verb}() in its trap '${trap}' never makes two runs`, async () => {
        for (let at = 1; at <= 6; at++) {
          let count = 0;
          const service = serve({ stopTimeout: 60_000 });
          const { runner } = service;
          const signal = alike({
            [trap]() {
              if (++count === at) runner[verb]();
              return false;
            },
          });
          await runner.start({ signal });
          await runner.restart().catch(() => {});
          await Promise.allSettled([
            runner.start({ signal }),
            runner.restart({ signal }),
          ]);
          await runner.stop({ signal });
          await turns();
          await runner.start({ signal });
          service.run().end.open();
          await turns();
          await runner.stop();
          assertEquals([runner.state, service.most], ["stopped", 1], `${at}`);
        }
      });
    }
  }
});

describe("a call within console.error", () => {
  for (const verb of VERBS) {
    it(`of ${verb}() takes effect`, async () => {
      for (const awaitReady of [false, true]) {
        const print = console.error;
        const service = serve({ awaitReady, printErrors: true }, {
          begin: ({ control }, index) =>
            awaitReady && index > 0 && control.ready(),
        });
        const { runner } = service;
        console.error = once(() => void runner[verb]());
        try {
          runner.start();
          service.run().end.fail(new Error("broken"));
          await turns();
          assertEquals([runner.state, service.runs.length], LEFT[verb]);
          assertEquals(service.most, 1);
          await runner.stop();
        } finally {
          console.error = print;
        }
      }
    });
  }

  it("of stop() stops a run but once, whose time for readiness has passed", async () => {
    const print = console.error;
    const service = serve({
      awaitReady: true,
      startTimeout: 0,
      printErrors: true,
    });
    const { runner } = service;
    console.error = once(() => void runner.stop());
    try {
      const started = await reasonOf(runner.start()) as Error;
      await turns();
      assertEquals([started.name, runner.state, service.stops], [
        "AbortError",
        "stopped",
        1,
      ]);
    } finally {
      console.error = print;
    }
  });
});
