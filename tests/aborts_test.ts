import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, Ticker, untilAborted } from "@golib/runner";
import { reasonOf, serve, turns } from "./_helpers.ts";

/** Makes what a run rejects with, knowing the run's signal. */
type Rejection = (signal: AbortSignal) => unknown;

const abortError = () => new DOMException("aborted", "AbortError");
const timeoutError = (cause?: unknown) =>
  Object.assign(new Error("too late", { cause }), { name: "TimeoutError" });
const caused = (cause: unknown) => new Error("wrapped", { cause });
const deep = (cause: unknown, depth: number): unknown =>
  depth === 0 ? cause : deep(caused(cause), depth - 1);

/** What is recorded of a run that is stopped and then rejects. */
async function recorded(
  rejection: Rejection,
  ...reason: unknown[]
): Promise<Error[]> {
  const life = new AbortController();
  const runner = new StartStop(
    async (signal) => {
      await untilAborted(signal);
      throw rejection(signal);
    },
    undefined,
    { printErrors: false },
  );
  await runner.start({ signal: life.signal });
  if (reason.length > 0) life.abort(reason[0]);
  else await runner.stop();
  const finished = await runner.finished().then(() => "clean", () => "failed");
  const errors = runner.errorsList();
  assertEquals(finished, errors.length > 0 ? "failed" : "clean");
  return errors;
}

const REASONS: Record<string, unknown> = {
  "an Error": new Error("shutdown"),
  "a TimeoutError": new DOMException("signal timed out", "TimeoutError"),
  "a text": "SIGTERM",
  "a number": 15,
  "NaN": NaN,
  "null": null,
  "a symbol": Symbol("end"),
  "an object": { code: 15 },
  "a function": () => {},
};

const CLEAN: Record<string, Rejection> = {
  "the run's own abort reason": (signal) => signal.reason,
  "an AbortError": abortError,
  "an AbortError that is no DOMException": () =>
    Object.assign(new Error("aborted"), { name: "AbortError" }),
  "an AbortError by shape alone": () => ({ name: "AbortError", message: "" }),
  "an AbortError as a cause": () => caused(abortError()),
  "an AbortError deep in the chain of causes": () => deep(abortError(), 20),
  "the reason as a cause": (signal) => caused(signal.reason),
  "the reason deep in the chain of causes": (signal) => deep(signal.reason, 20),
  "an AbortError with a cause of its own": () =>
    Object.assign(abortError(), { cause: new Error("inner") }),
  "an AggregateError of AbortErrors": () =>
    new AggregateError([abortError(), abortError()]),
  "an AggregateError of the reason and an AbortError as a cause": (signal) =>
    new AggregateError([signal.reason, caused(abortError())]),
  "an AggregateError that names one AbortError twice": () => {
    const error = caused(abortError());
    return new AggregateError([error, error]);
  },
  "an AggregateError of two errors with one cause": () => {
    const cause = abortError();
    return new AggregateError([caused(cause), caused(cause)]);
  },
  "an AggregateError within another": () =>
    new AggregateError([new AggregateError([abortError()]), abortError()]),
  "an AggregateError as a cause": () =>
    caused(new AggregateError([abortError()])),
  "an AggregateError of two thousand AbortErrors": () =>
    new AggregateError(Array.from({ length: 2_000 }, abortError)),
};

const ERRORS: Record<string, Rejection> = {
  "a plain Error": () => new Error("broken"),
  "a TimeoutError": () => timeoutError(),
  "a TimeoutError as a DOMException": () =>
    new DOMException("too late", "TimeoutError"),
  "a TimeoutError that wraps an AbortError": () => timeoutError(abortError()),
  "a TimeoutError that wraps the reason": (signal) =>
    timeoutError(signal.reason),
  "a TimeoutError that wraps an AbortError, as a cause": () =>
    caused(timeoutError(abortError())),
  "an AggregateError with an error among its errors": () =>
    new AggregateError([abortError(), new Error("broken")]),
  "an AggregateError without errors": () => new AggregateError([]),
  "an Error whose message names an AbortError": () => new Error("AbortError"),
  "a text that names an AbortError": () => "AbortError",
  "nothing": () => undefined,
  "null": () => null,
  "an Error with the reason's message alone": (signal) =>
    new Error((signal.reason as Error).message),
};

describe("a rejection after the run's signal aborted is not an error", () => {
  for (const [name, rejection] of Object.entries(CLEAN)) {
    it(`with ${name}`, async () => {
      assertEquals(await recorded(rejection), []);
      const custom = new Error("shutdown");
      assertEquals(await recorded(rejection, custom), []);
    });
  }

  for (const [name, reason] of Object.entries(REASONS)) {
    it(`with a caller's reason that is ${name}, bare or as a cause`, async () => {
      assertEquals(await recorded((signal) => signal.reason, reason), []);
      assertEquals(await recorded(() => reason, reason), []);
      assertEquals(await recorded(() => caused(reason), reason), []);
      assertEquals(
        await recorded(() => new AggregateError([reason]), reason),
        [],
      );
    });
  }

  it("with the TimeoutError of AbortSignal.timeout as the start's signal", async () => {
    const runner = new StartStop(
      (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
      undefined,
      { printErrors: false },
    );
    await runner.start({ signal: AbortSignal.timeout(5) });
    await runner.finished();
    assertEquals([runner.state, runner.errorsTotal()], ["stopped", 0]);
  });

  it("thrown inside the call that aborts", async () => {
    const runner: StartStop = new StartStop(
      (signal) => {
        runner.stop();
        signal.throwIfAborted();
      },
      undefined,
      { printErrors: false },
    );
    await runner.start();
    await runner.finished();
    assertEquals(runner.errorsTotal(), 0);
  });

  it("while readiness is awaited", async () => {
    const runner = new StartStop(
      (signal) => untilAborted(signal).then(() => signal.throwIfAborted()),
      undefined,
      { awaitReady: true, printErrors: false },
    );
    const started = reasonOf(runner.start());
    await runner.stop();
    assertEquals((await started as Error).name, "AbortError");
    await runner.finished();
    assertEquals(runner.errorsTotal(), 0);
  });

  it("of a tick", async () => {
    const ticker = new Ticker(
      60_000,
      (signal) => untilAborted(signal).then(() => signal.throwIfAborted()),
      { immediate: true, printErrors: false },
    );
    await ticker.start();
    await ticker.stop();
    assertEquals(ticker.errorsTotal(), 0);
  });
});

describe("a rejection after the run's signal aborted is an error", () => {
  for (const [name, rejection] of Object.entries(ERRORS)) {
    it(`with ${name}`, async () => {
      assertEquals((await recorded(rejection)).length, 1);
      const custom = new Error("shutdown");
      assertEquals((await recorded(rejection, custom)).length, 1);
    });
  }

  it("with another TimeoutError than that of the start's signal", async () => {
    const reason = new DOMException("signal timed out", "TimeoutError");
    const other = () => new DOMException("signal timed out", "TimeoutError");
    assertEquals((await recorded(other, reason)).length, 1);
  });

  it("with another text than the reason", async () => {
    assertEquals((await recorded(() => "SIGINT", "SIGTERM")).length, 1);
  });
});

describe("an AbortError is an error", () => {
  it("while the run's signal is not aborted", async () => {
    for (const rejection of [abortError(), caused(abortError())]) {
      const service = serve();
      await service.runner.start();
      service.run().end.fail(rejection);
      await reasonOf(service.runner.finished());
      assertEquals(service.runner.errorsList().length, 1);
    }
  });

  it("also where it came of another signal that aborted", async () => {
    const other = AbortSignal.abort();
    const runner = new StartStop(() => other.throwIfAborted(), undefined, {
      printErrors: false,
    });
    await runner.start();
    assertEquals(
      (await reasonOf(runner.finished()) as Error).name,
      "AbortError",
    );
    assertEquals(runner.errorsTotal(), 1);
  });

  it("in a tick while neither its signal nor the run's is aborted", async () => {
    const ticker = new Ticker(60_000, () => Promise.reject(abortError()), {
      immediate: true,
      printErrors: false,
    });
    await ticker.start();
    await turns();
    assertEquals(ticker.errorsTotal(), 1);
    await ticker.stop();
  });
});

describe("for the stop function only its own signal counts", () => {
  for (
    const [name, rejection] of Object.entries({
      "an AbortError": () => abortError(),
      "the reason of the run": (run: AbortSignal) => run.reason,
    })
  ) {
    it(`${name} is an error while that has not aborted`, async () => {
      const service = serve({}, {
        stop: () => Promise.reject(rejection(service.run().signal)),
      });
      await service.runner.start();
      await service.runner.stop();
      assertEquals(service.runner.errorsList().length, 1);
    });

    it(`${name} is none once that has aborted`, async () => {
      using time = new FakeTime();
      const service = serve({}, {
        stop: async (signal) => {
          await untilAborted(signal);
          throw rejection(service.run().signal);
        },
      });
      await service.runner.start();
      const stopped = reasonOf(service.runner.stop({ timeout: 10 }));
      await time.tickAsync(10);
      await stopped;
      await service.runner.finished();
      // That of the grace alone.
      assertEquals(service.runner.errorsList(), [await stopped]);
    });
  }

  it("any other error is one, whether that has aborted or not", async () => {
    for (const timeout of [0, 1_000]) {
      const service = serve({}, {
        stop: async (signal) => {
          if (timeout === 0) await untilAborted(signal);
          throw new Error("close");
        },
      });
      await service.runner.start();
      await service.runner.stop({ timeout }).catch(() => {});
      await service.runner.finished();
      assertEquals(service.runner.errorsLast()?.message, "close");
    }
  });
});

describe("a run that ends by itself", () => {
  it("ends without an abort of its signal", async () => {
    for (const end of ["open", "fail"] as const) {
      const service = serve();
      const life = new AbortController();
      await service.runner.start({ signal: life.signal });
      service.run().end[end](new Error("broken"));
      await service.runner.finished().catch(() => {});
      life.abort();
      await turns();
      assertEquals(service.run().signal.aborted, false);
      assertEquals(service.run().control.force.aborted, false);
    }
  });
});
