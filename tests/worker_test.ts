import { expose, WorkerRunner } from "@golib/runner/worker";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { receivedError, sentError } from "../worker/_messages.ts";
import { Mirror } from "../worker/_mirror.ts";
import { defaultIsolation, lackOf } from "../worker/_runtime.ts";
import { StartStop } from "@golib/runner";

const url = "file:///worker.js";
// Edge platforms have no workers, and browsers no processes.
const isolation = defaultIsolation();
const hasWorkers = lackOf(isolation) === undefined;

describe("WorkerRunner", () => {
  it("says so where the platform has no workers of its kind", () => {
    for (const kind of ["thread", "process"] as const) {
      const lack = lackOf(kind);
      const make = () => new WorkerRunner(url, { isolation: kind });
      if (lack) assertThrows(make, Error, lack);
      else assertEquals(make().state, "stopped");
    }
  });

  it("refuses what makes no sense, before anything starts", () => {
    const make = (options: object, at: unknown = url) => () =>
      new WorkerRunner(at as string, options);
    assertThrows(make({ isolation: "fibre" }), TypeError, "'isolation'");
    assertThrows(make({ stallTimeout: -1 }), RangeError, "'stallTimeout'");
    assertThrows(make({ killDelay: "1" }), TypeError, "'killDelay'");
    assertThrows(make({ maxMemory: 0 }), RangeError, "'maxMemory'");
    assertThrows(make({ workers: 0 }), RangeError, "'workers'");
    assertThrows(make({ workers: 1.5 }), RangeError, "'workers'");
    assertThrows(make({ execArgv: "--x" }), TypeError, "'execArgv'");
    assertThrows(make({ execArgv: [5] }), TypeError, "'execArgv'");
    assertThrows(make({ stallTimeOut: 1 }), TypeError, "stallTimeout");
    if (hasWorkers) {
      assertThrows(make({}, "no url"), TypeError, "'url' must be a URL");
    }
  });

  it("refuses calls while it is stopped, and bad ones", {
    ignore: !hasWorkers,
  }, async () => {
    const worker = new WorkerRunner(url);
    await assertRejects(
      () => worker.call("x", 1 as never),
      Error,
      'Cannot call "x" of "worker": the worker is stopped',
    );
    await assertRejects(
      () => worker.call("x", 1 as never, { signal: {} as never }),
      TypeError,
      "'signal'",
    );
    const reason = new Error("enough");
    const error = await worker.call("x", 1 as never, {
      signal: AbortSignal.abort(reason),
    }).catch((error) => error);
    assertEquals(error, reason);
    assertEquals(worker.children(), []);
    await worker.stop();
  });
});

describe("A call", () => {
  it("has the types of the function that it calls", () => {
    interface Calls {
      size(bytes: Uint8Array): number;
      now(): Promise<Date>;
    }
    type Answers = [Promise<number>, Promise<Date>, Promise<unknown>];
    // Never called: it is for the compiler.
    const use = (
      typed: WorkerRunner<Calls>,
      untyped: WorkerRunner,
    ): Answers => {
      // @ts-expect-error It is no such value.
      void typed.call("size", "no bytes");
      // @ts-expect-error It needs a value.
      void typed.call("size");
      // @ts-expect-error There is no such function.
      void typed.call("sizes", new Uint8Array(1));
      return [
        typed.call("size", new Uint8Array(1), { transfer: [] }),
        typed.call("now"),
        untyped.call("size", new Uint8Array(1)),
      ];
    };
    assertEquals(typeof use, "function");
  });
});

describe("expose", () => {
  it("refuses a program that is no worker, and what is no runner", () => {
    const runner = new StartStop(() => {});
    assertThrows(() => expose(1 as never), TypeError, "'runner'");
    assertThrows(() => expose({} as never), TypeError, "'runner.start'");
    assertThrows(
      () => expose(runner, { calls: { size: 1 as never } }),
      TypeError,
      "'calls.size'",
    );
    assertThrows(() => expose(runner), Error, "does not run in a worker");
  });
});

describe("An error that crosses over", () => {
  it("keeps its name, message, stack, causes and parts", () => {
    const cause = new TypeError("deep", { cause: "no error" });
    const error = new AggregateError([new RangeError("part")], "all", {
      cause,
    });
    const sent = JSON.parse(JSON.stringify(sentError(error)));
    const got = receivedError(sent) as AggregateError;
    assertEquals([got.name, got.message], ["AggregateError", "all"]);
    assertEquals(got.stack, error.stack);
    const inner = got.cause as Error;
    assertEquals([inner.name, inner.message], ["TypeError", "deep"]);
    assertEquals((inner.cause as Error).message, "no error");
    assertEquals(got.errors.map(({ name }) => name), ["RangeError"]);
  });

  it("is an abort where it was one, and a time-out", () => {
    for (const name of ["AbortError", "TimeoutError"]) {
      const got = receivedError(sentError(new DOMException("why", name)));
      assertEquals([got.name, got.message], [name, "why"]);
      assert(got instanceof DOMException);
    }
  });

  it("is cut where its causes turn in a circle, and made of anything", () => {
    const error = new Error("round");
    error.cause = error;
    let depth = 0;
    for (
      let each: unknown = receivedError(sentError(error));
      each instanceof Error;
      each = each.cause
    ) depth++;
    assert(depth > 1 && depth < 20, `it is ${depth} deep`);
    assertEquals(receivedError(sentError(undefined)).message, "undefined");
    assertEquals(receivedError(sentError({ a: 1 })).name, "Error");
  });
});

describe("The mirror of a worker's runner", () => {
  it("shows what was told, and that the worker has gone", async () => {
    const now = Date.now();
    const mirror = new Mirror({
      name: "inner",
      state: "running",
      since: now - 1_000,
      errorsTotal: 2,
      children: [{
        name: "beat",
        state: "running",
        since: now - 500,
        errorsTotal: 0,
        nextRun: now + 60_000,
        tickingSince: now - 100,
        ticks: {
          total: 3,
          failed: 1,
          failedInARow: 0,
          missed: 2,
          skipped: 0,
          lastStart: now,
        },
      }],
    });
    assertEquals([mirror.name, mirror.state], ["inner", "running"]);
    assert(mirror.uptime() >= 1_000 && mirror.errorsTotal() === 2);
    const [{ name, runner }] = mirror.children() as [
      { name: string; runner: Mirror },
    ];
    assertEquals([name, runner.ticks?.total], ["beat", 3]);
    assertEquals(runner.ticks?.lastStart?.getTime(), now);
    assertEquals(runner.nextRun?.getTime(), now + 60_000);
    const { tickingSince } = runner;
    assert(performance.now() - tickingSince! > 99);
    await assertRejects(() => runner.start(), Error, "with its worker");
    mirror.update({
      name: "inner",
      state: "running",
      since: now,
      errorsTotal: 0,
    });
    assertEquals(mirror.children(), []);
    mirror.lose();
    assertEquals([mirror.state, mirror.uptime()], ["stopped", 0]);
    assertEquals(mirror.nextRun, undefined);
  });
});
