import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, type StartStopOptions, Ticker } from "@golib/runner";
import { Printed, reasonOf, serve, turns, watch } from "./_helpers.ts";

/** A runner whose start function has thrown the value. */
async function failed(
  value: unknown,
  options: StartStopOptions = {},
): Promise<StartStop> {
  const runner = new StartStop(
    () => {
      throw value;
    },
    undefined,
    { printErrors: false, ...options },
  );
  await runner.start();
  await reasonOf(runner.finished());
  return runner;
}

describe("errors", () => {
  it("are what a start function throws or rejects with", async () => {
    const broken = new TypeError("broken");
    const ways = [
      () => {
        throw broken;
      },
      () => Promise.reject(broken),
    ];
    for (const start of ways) {
      const runner = new StartStop(start, undefined, { printErrors: false });
      await runner.start();
      await reasonOf(runner.finished());
      assertStrictEquals(runner.errorsLast(), broken);
      assertEquals([runner.errorsTotal(), runner.errorsList().length], [1, 1]);
    }
  });

  it("are what a tick function throws or rejects with, in order", async () => {
    using time = new FakeTime();
    let ticks = 0;
    const ticker = new Ticker(10, () => {
      const error = new Error(`tick ${++ticks}`);
      if (ticks % 2 === 0) return Promise.reject(error);
      throw error;
    }, { printErrors: false });
    await ticker.start();
    for (let tick = 0; tick < 4; tick++) {
      await time.tickAsync(10);
      await time.runMicrotasks();
    }
    assertEquals(
      ticker.errorsList().map(({ message }) => message),
      ["tick 1", "tick 2", "tick 3", "tick 4"],
    );
    await ticker.stop();
  });

  it("are recorded in the order in which they happen", async () => {
    const service = serve({}, {
      stubborn: true,
      stop: () => Promise.reject(new Error("close")),
    });
    const { runner } = service;
    await runner.start();
    reasonOf(runner.stop({ signal: AbortSignal.abort() }));
    await reasonOf(runner.stop({ timeout: 0 }));
    service.run().end.fail(new Error("flush"));
    await reasonOf(runner.finished());
    assertEquals(
      runner.errorsList().map(({ name, message }) =>
        name === "Error" ? message : name
      ),
      ["close", "TimeoutError", "flush"],
    );
    assertEquals(runner.errorsLast()?.message, "flush");
  });

  it("are kept as they are where they have an Error's shape, of whatever realm", async () => {
    const shaped = { name: "Foreign", message: "of another realm" };
    for (const value of [shaped, new DOMException("quota", "QuotaError")]) {
      assertStrictEquals((await failed(value)).errorsLast(), value as Error);
    }
  });

  it("wrap a value that is no Error, as their cause", async () => {
    const values = ["text", 0, NaN, 10n, true, Symbol("s"), {}, [], () => {}];
    for (const value of [...values, null, undefined]) {
      const error = (await failed(value)).errorsLast();
      assert(error instanceof Error);
      assert("cause" in error);
      assertStrictEquals(error.cause, value);
    }
    assertEquals(
      (await failed("disk full")).errorsLast()?.message,
      "disk full",
    );
  });

  it("wrap what has only a part of an Error's shape", async () => {
    const values = [
      { name: "Foreign" },
      { message: "of another realm" },
      { name: "Foreign", message: 7 },
      { name: 7, message: "of another realm" },
      Object.assign(() => {}, { message: "of a function" }),
    ];
    for (const value of values) {
      const error = (await failed(value)).errorsLast();
      assert(error instanceof Error);
      assertStrictEquals(error.cause, value);
    }
  });

  it("have a message also where the value has no text", async () => {
    const error = (await failed(Object.create(null))).errorsLast();
    assertStringIncludes(String(error?.message), " without a text");
  });

  it("are what start() and finished() reject with, as recorded", async () => {
    for (const value of [new Error("broken"), "broken", undefined]) {
      const service = serve({ awaitReady: true });
      const started = reasonOf(service.runner.start());
      const finished = reasonOf(service.runner.finished());
      service.run().end.fail(value);
      assertStrictEquals(await started, service.runner.errorsLast());
      assertStrictEquals(await finished, service.runner.errorsLast());
    }
  });

  it("are given as a copy of the list, oldest first", async () => {
    const runner = await failed(new Error("broken"));
    const list = runner.errorsList();
    list.push(new Error("mine"));
    assertEquals([runner.errorsList().length, runner.errorsTotal()], [1, 1]);
    assertNotStrictEquals(runner.errorsList(), runner.errorsList());
  });

  it("include the TimeoutError of a start, of phase start", async () => {
    const phases: string[] = [];
    const { runner } = serve({
      awaitReady: true,
      observer: (event) => event.type === "error" && phases.push(event.phase),
    });
    const reason = await reasonOf(runner.start({ timeout: 0 }));
    assertEquals((reason as Error).name, "TimeoutError");
    await reasonOf(runner.finished());
    assertEquals(runner.errorsList(), [reason as Error]);
    assertEquals(phases, ["start"]);
  });

  it("include that a run ended before it was ready, of phase start", async () => {
    const phases: string[] = [];
    const runner = new StartStop(() => {}, undefined, {
      awaitReady: true,
      printErrors: false,
      observer: (event) => event.type === "error" && phases.push(event.phase),
    });
    const reason = await reasonOf(runner.start());
    assertEquals(runner.errorsList(), [reason as Error]);
    assertEquals(phases, ["start"]);
  });

  it("include the first grace that passes for a run, not later ones", async () => {
    const service = serve({}, { stubborn: true });
    const { runner } = service;
    await runner.start();
    const first = await reasonOf(runner.stop({ timeout: 0 }));
    await reasonOf(runner.stop({ timeout: 0 }));
    await reasonOf(runner.restart({ timeout: 0 }));
    assertEquals(runner.errorsList(), [first as Error]);
    service.run().end.open();
    await runner.finished();
  });

  it("do not include the AbortError of a call that was called off", async () => {
    const { runner } = serve({ awaitReady: true });
    const calls = [runner.start(), runner.restart(), runner.start()];
    await runner.stop();
    for (const call of calls) {
      assertEquals((await reasonOf(call) as Error).name, "AbortError");
    }
    assertEquals(runner.errorsTotal(), 0);
  });

  it("do not include a caller's own reason", async () => {
    const service = serve({ awaitReady: true });
    const { runner } = service;
    const reason = new Error("mine");
    const signal = AbortSignal.abort(reason);
    assertStrictEquals(await reasonOf(runner.start({ signal })), reason);
    const life = new AbortController();
    const started = reasonOf(runner.start({ signal: life.signal }));
    life.abort(reason);
    assertStrictEquals(await started, reason);
    await runner.finished();
    runner.start();
    assertStrictEquals(await reasonOf(runner.finished({ signal })), reason);
    assertStrictEquals(await reasonOf(runner.stop({ signal })), reason);
    await runner.finished();
    assertEquals(runner.errorsTotal(), 0);
  });
});

describe("maxErrors", () => {
  async function ticked(count: number, maxErrors?: number): Promise<Ticker> {
    let ticks = 0;
    const ticker = new Ticker(
      1,
      (_signal, control) => {
        if (ticks === count) control.stop();
        else throw new Error(String(++ticks));
      },
      { printErrors: false, ...(maxErrors && { maxErrors }) },
    );
    using time = new FakeTime();
    await ticker.start();
    time.tick(count + 1);
    await ticker.finished();
    return ticker;
  }

  it("is how many of the newest are kept, while errorsTotal() counts all", async () => {
    for (const count of [0, 1, 2, 3, 4, 5, 6, 7, 100]) {
      const ticker = await ticked(count, 3);
      const expected = [count - 2, count - 1, count].filter((each) => each > 0);
      assertEquals(
        ticker.errorsList().map(({ message }) => Number(message)),
        expected,
      );
      assertEquals(
        [ticker.errorsTotal(), Number(ticker.errorsLast()?.message ?? 0)],
        [count, count],
      );
    }
  });

  it("is 100 by default", async () => {
    const ticker = await ticked(250);
    const list = ticker.errorsList();
    assertEquals(
      [list.length, list[0]!.message, ticker.errorsTotal()],
      [100, "151", 250],
    );
  });

  it("may be 1, and Infinity", async () => {
    const one = await ticked(5, 1);
    assertEquals(one.errorsList().map(({ message }) => message), ["5"]);
    const all = await ticked(250, Infinity);
    assertEquals([all.errorsList().length, all.errorsTotal()], [250, 250]);
    assertEquals(all.errorsLast()?.message, "250");
  });
});

describe("printErrors", () => {
  it("prints each recorded error, with its name and stack", async () => {
    using printed = new Printed();
    const error = new Error("disk full");
    error.stack = "Error: disk full\n    at backup (disk.ts:7:1)";
    await failed(error, { name: "backup", printErrors: true });
    assertEquals(printed.lines, ["Recovering process 'backup': disk full"]);
    assertEquals(printed.texts[0]!.split("\n").slice(1), [
      "phase: start",
      "trace #0 => backup (disk.ts:7:1)",
    ]);
  });

  it("is true by default", async () => {
    using printed = new Printed();
    const runner = new StartStop(() => Promise.reject(new Error("broken")));
    await runner.start();
    await reasonOf(runner.finished());
    assertEquals(printed.lines, ["Recovering process 'start-stop': broken"]);
  });

  it("prints also what is recorded of a timeout, a grace and readiness", async () => {
    using printed = new Printed();
    const service = serve({
      name: "db",
      printErrors: true,
      awaitReady: true,
    }, { stubborn: true });
    const { runner } = service;
    await reasonOf(runner.start({ timeout: 0 }));
    await reasonOf(runner.stop({ timeout: 0 }));
    service.run().end.open();
    await reasonOf(runner.finished());
    const started = reasonOf(runner.start());
    service.run().end.open();
    await started;
    assertEquals(
      printed.lines.map((line) =>
        /ready within|end within|before it was/.exec(
          line,
        )?.[0]
      ),
      ["ready within", "end within", "before it was"],
    );
  });

  it("prints nothing where it is false", async () => {
    using printed = new Printed();
    await failed(new Error("broken"));
    assertEquals(printed.texts, []);
  });

  it("prints whether anybody observes or awaits, or not", async () => {
    using printed = new Printed();
    const service = serve({ printErrors: true, awaitReady: true });
    const { runner } = service;
    runner.observe(() => {});
    const calls = [runner.start(), runner.finished()].map(reasonOf);
    service.run().end.fail(new Error("broken"));
    await Promise.all(calls);
    assertEquals(printed.texts.length, 1);
  });

  it("prints nothing of a clean stop or a call that was called off", async () => {
    using printed = new Printed();
    const { runner } = serve({ printErrors: true, awaitReady: true });
    const calls = [runner.start(), runner.start()].map(reasonOf);
    await runner.stop();
    await Promise.all(calls);
    assertEquals(printed.texts, []);
  });

  it("survives a console.error that throws", async () => {
    const print = console.error;
    console.error = () => {
      throw new Error("no console");
    };
    try {
      const runner = await failed(new Error("broken"), { printErrors: true });
      assertEquals([runner.state, runner.errorsTotal()], ["stopped", 1]);
    } finally {
      console.error = print;
    }
  });
});

describe("what nobody awaits", () => {
  it("causes no unhandled rejection", async () => {
    // Each engine's test runner fails where there is one.
    const service = serve({ awaitReady: true }, { stubborn: true });
    const { runner } = service;
    runner.start({ signal: AbortSignal.abort() });
    runner.start({ timeout: 0 });
    runner.finished();
    runner.finished({ signal: AbortSignal.abort() });
    runner.restart();
    runner.stop({ timeout: 0 });
    runner.stop({ signal: AbortSignal.abort() });
    runner.start();
    await new Promise((resolve) => setTimeout(resolve, 5));
    service.run().end.fail(new Error("flush"));
    await turns();
    runner.finished();
    runner.stop();
    service.run().end.fail(new Error("flush"));
    await turns();
    const failing = new StartStop(
      () => Promise.reject(new Error("broken")),
      undefined,
      {
        printErrors: false,
      },
    );
    failing.start();
    failing.finished();
    await turns();
    assertEquals([runner.state, failing.state], ["stopped", "stopped"]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it("rejects unheard only for bad input", async () => {
    const { runner } = serve();
    const bad = runner.start({ timeout: NaN });
    const outcome = watch(bad);
    await turns(2);
    assertEquals((outcome.reason as Error).name, "RangeError");
  });
});
