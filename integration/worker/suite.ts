// What a worker has to do on every engine, as a thread or as a process.

import {
  StartStop,
  Supervisor,
  untilAborted,
  WorkerRunner,
} from "./library.ts";

/** Where it runs, and what can be asked for there. */
export interface Place {
  readonly isolation: "thread" | "process";
  /** Where the workers' modules are. */
  url(name: string): URL;
  /** Whether the platform says how a worker has exited. */
  readonly hasExitCode: boolean;
  /** Whether a worker without memory ends alone. */
  readonly hasMemoryLimit: boolean;
  /** Resolves once a program that exits beside a blocked worker is gone, with it. */
  exitWhileBlocked?(): Promise<void>;
  /** Has the platform make no process; gives the way back. */
  breakProcesses?(): () => void;
  /** Runs only the cases whose names have this text. */
  readonly only?: string | undefined;
}

type Any = WorkerRunner<Record<string, (value: never) => unknown>>;

function assert(value: unknown, message: string): asserts value {
  if (!value) throw new Error(message);
}

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${a} is not ${b}`);
}

async function reason(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it resolved");
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs all cases; what fails comes as text. */
export async function run(
  place: Place,
): Promise<{ passed: string[]; failed: string[] }> {
  const passed: string[] = [];
  const failed: string[] = [];
  const made: Any[] = [];
  const make = (name: string, options: object = {}): Any => {
    const runner: Any = new WorkerRunner(place.url(name), {
      name: "work",
      isolation: place.isolation,
      printErrors: false,
      stopTimeout: 20_000,
      ...options,
    });
    made.push(runner);
    return runner;
  };
  const it = async (name: string, body: () => Promise<void>) => {
    if (place.only && !name.includes(place.only)) return;
    try {
      await Promise.race([
        body(),
        pause(60_000).then(() => {
          throw new Error("it takes longer than a minute");
        }),
      ]);
      passed.push(name);
    } catch (error) {
      failed.push(`${name}: ${(error as Error)?.stack ?? error}`);
    }
    await Promise.all(
      made.splice(0).map((each) => each.stop({ timeout: 0 }).catch(() => {})),
    );
  };

  await it("is running once the runner inside is ready, and stopped after it", async () => {
    const states: string[] = [];
    const worker = make("basic_worker");
    worker.observe((event) => {
      if (event.type === "state") states.push(event.to);
    });
    const start = worker.start();
    equal(worker.state, "starting");
    await start;
    equal(worker.state, "running");
    await worker.stop();
    await worker.start();
    await worker.stop();
    const cycle = ["starting", "running", "stopping", "stopped"];
    equal(states, [...cycle, ...cycle]);
    equal(worker.errorsTotal(), 0);
  });

  await it("answers calls, with what is cloned and what is moved", async () => {
    const worker = make("basic_worker");
    await worker.start();
    const value = { list: [1, "two"], when: new Date(0) };
    equal(await worker.call("echo", value as never), value);
    const bytes = new Uint8Array(1_000);
    const transfer = [bytes.buffer];
    equal(await worker.call("size", bytes as never, { transfer }), 1_000);
    if (place.isolation === "thread") equal(bytes.byteLength, 0);
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, n) => worker.call("echo", n as never)),
    );
    equal(all, Array.from({ length: 50 }, (_, n) => n));
  });

  await it("passes on what a call throws, with its cause and its stack", async () => {
    const worker = make("basic_worker");
    await worker.start();
    const error = await reason(worker.call("fail", "no" as never));
    equal([error.name, error.message], ["RangeError", "no"]);
    equal((error.cause as Error).message, "deep");
    assert(/fail/.test(error.stack ?? ""), `the stack is ${error.stack}`);
    const unknown = await reason(worker.call("nothing", 0 as never));
    assert(/no such call/.test(unknown.message), unknown.message);
  });

  await it("refuses what cannot be cloned, on the way and back", async () => {
    const worker = make("basic_worker");
    await worker.start();
    const there = await reason(worker.call("echo", (() => {}) as never));
    equal(there.name, "DataCloneError");
    const back = await reason(worker.call("function", 0 as never));
    equal(back.name, "DataCloneError");
    equal(await worker.call("echo", 1 as never), 1);
  });

  await it("gives a call up with its signal, in the worker too", async () => {
    const worker = make("basic_worker");
    await worker.start();
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...values: Parameters<typeof add>) => {
      listeners++;
      add(...values);
    };
    signal.removeEventListener = (...values: Parameters<typeof remove>) => {
      listeners--;
      remove(...values);
    };
    await worker.call("echo", 1 as never, { signal });
    equal(listeners, 0);
    const call = worker.call("wait", 60_000 as never, { signal });
    controller.abort(new Error("enough"));
    equal((await reason(call)).message, "enough");
    equal(
      (await reason(worker.call("echo", 1 as never, { signal }))).message,
      "enough",
    );
    // Its wait has ended, so that the worker is free to stop.
    await worker.stop();
  });

  await it("carries along what the program likes, and does without what it cannot", async () => {
    let carried: (() => unknown) | undefined;
    const carry = () => carried?.();
    const worker = make("basic_worker", { carry });
    await worker.start();
    const ask = () => worker.call("carried", 0 as never);
    equal(await ask(), "nothing");
    carried = () => ({ trace: "1-2" });
    equal(await ask(), { trace: "1-2" });
    // A call that fails has it, too, and leaves nothing behind.
    await reason(worker.call("fail", "no" as never));
    carried = undefined;
    equal(await ask(), "nothing");
    carried = () => {
      throw new Error("no trace");
    };
    equal(await ask(), "nothing");
    carried = () => () => {};
    equal((await reason(ask())).name, "DataCloneError");
    const wrong = { carry: 1 };
    const error = await reason(
      Promise.resolve().then(() => make("basic_worker", wrong)),
    );
    equal(error.name, "TypeError");
  });

  await it("refuses calls while it is not running", async () => {
    const worker = make("basic_worker");
    const error = await reason(worker.call("echo", 1 as never));
    assert(/the worker is stopped/.test(error.message), error.message);
  });

  await it("shows the runners inside", async () => {
    const worker = make("basic_worker");
    equal(worker.children(), []);
    await worker.start();
    const find = () => {
      const [entry] = worker.children();
      const tree = entry?.runner as Any | undefined;
      return tree?.children?.().map(({ name, runner }) => ({
        name,
        state: (runner as Any).state,
        total: (runner as unknown as { ticks?: { total: number } }).ticks
          ?.total,
        runner: runner!,
      }));
    };
    for (let count = 0; count < 100 && !(find()?.[1]?.total); count++) {
      await pause(50);
    }
    const [service, beat] = find()!;
    equal([service!.name, service!.state], ["service", "running"]);
    equal([beat!.name, beat!.state], ["beat", "running"]);
    assert(beat!.total! > 0, "no tick is seen");
    assert(beat!.runner.uptime() > 0, "it has no uptime");
    assert(
      /with its worker/.test((await reason(beat!.runner.stop())).message),
      "it stops",
    );
    await worker.stop();
    equal(beat!.runner.isRunning(), false);
  });

  for (const how of ["loop", "block"]) {
    await it(`is killed when the grace passes in a ${how}`, async () => {
      const worker = make("basic_worker", { stopTimeout: 300 });
      await worker.start();
      const call = worker.call(how, 0 as never);
      call.catch(() => {});
      await pause(50);
      const error = await reason(worker.stop());
      equal(error.name, "TimeoutError");
      await worker.finished().catch(() => {});
      equal(worker.state, "stopped");
      assert(
        /before it had answered/.test((await reason(call)).message),
        "call",
      );
      await worker.start();
      equal(await worker.call("echo", 2 as never), 2);
    });

    await it(`fails when it stalls in a ${how}`, async () => {
      const worker = make("basic_worker", { stallTimeout: 1_500 });
      await worker.start();
      const call = worker.call(how, 0 as never);
      call.catch(() => {});
      const error = await reason(worker.finished());
      assert(/did not turn within 1500 ms/.test(error.message), error.message);
      const failure = await reason(call);
      assert(/did not turn/.test((failure.cause as Error).message), "cause");
      equal(worker.state, "stopped");
    });
  }

  await it("does not stall while it is idle, or busy in short", async () => {
    const worker = make("basic_worker", { stallTimeout: 1_000 });
    await worker.start();
    await pause(2_500);
    equal(await worker.call("echo", 3 as never), 3);
    equal(worker.state, "running");
  });

  for (const how of ["crash", "reject"]) {
    await it(`ends its run with what nobody catches in it: ${how}`, async () => {
      const worker = make("basic_worker");
      await worker.start();
      equal(await worker.call(how, 0 as never), "soon");
      const error = await reason(worker.finished());
      assert(/nobody (catches|awaits) this/.test(error.message), error.message);
      equal(error.name, "TypeError");
      equal(worker.state, "stopped");
    });
  }

  if (place.hasExitCode) {
    await it("ends its run where it exits", async () => {
      const worker = make("basic_worker");
      await worker.start();
      const call = worker.call("exit", 3 as never);
      call.catch(() => {});
      const error = await reason(worker.finished());
      assert(/exit code 3/.test(error.message), error.message);
      assert(
        /before it had answered/.test((await reason(call)).message),
        "call",
      );
    });
  }

  if (place.hasMemoryLimit) {
    await it("ends its run alone where it has no memory", async () => {
      const worker = make("basic_worker", { maxMemory: 64 });
      await worker.start();
      const call = worker.call("memory", 0 as never);
      call.catch(() => {});
      const error = await reason(worker.finished());
      assert(
        /Cannot run "work" in a worker/.test(error.message),
        error.message,
      );
      await worker.start();
      equal(await worker.call("echo", 4 as never), 4);
    });
  }

  await it("rejects its start where the module does not load", async () => {
    const worker = make("broken_worker");
    const error = await reason(worker.start());
    assert(/Cannot run "work" in a worker/.test(error.message), error.message);
    equal(worker.state, "stopped");
    const absent = make("no_such_worker");
    const other = await reason(absent.start());
    assert(/Cannot run "work" in a worker/.test(other.message), other.message);
    equal(absent.state, "stopped");
  });

  await it("rejects its start where the worker never answers", async () => {
    const worker = make("silent_worker", { startTimeout: 700 });
    const error = await reason(worker.start());
    equal(error.name, "TimeoutError");
    await worker.finished().catch(() => {});
    equal(worker.state, "stopped");
  });

  await it("rejects its start where the worker has another version", async () => {
    const worker = make("other_version_worker");
    const error = await reason(worker.start());
    assert(
      /golib-runner-0.*the same version/.test(error.message),
      error.message,
    );
  });

  await it("rejects its start where the worker exposes two runners", async () => {
    const worker = make("twice_worker");
    const start = await worker.start().then(() => undefined, (error) => error);
    const error = start ?? await reason(worker.finished());
    assert(/has exposed one already/.test(error.message), error.message);
  });

  await it("rejects its start where no process can be made", async () => {
    const restore = place.breakProcesses?.();
    if (!restore) return;
    try {
      const worker = make("basic_worker", { startTimeout: 30_000 });
      const error = await reason(worker.start());
      assert(/Cannot run "work" in a/.test(error.message), error.message);
      equal(worker.state, "stopped");
    } finally {
      restore();
    }
  });

  await it("goes with the program that exits, although it is blocked", async () => {
    await place.exitWhileBlocked?.();
  });

  await it("ends its run where the worker's module sends what it likes", async () => {
    for (const data of [null, 5, { type: "failed", id: 1 }, { type: "tree" }]) {
      const worker = make("basic_worker");
      await worker.start();
      worker.call("say", data as never).catch(() => {});
      const error = await reason(worker.finished());
      assert(/does not say/.test(error.message), error.message);
    }
  });

  await it("calls nothing that was not exposed", async () => {
    const worker = make("basic_worker");
    await worker.start();
    for (const name of ["toString", "__proto__", "constructor"]) {
      const error = await reason(worker.call(name, 0 as never));
      assert(/no such call/.test(error.message), error.message);
    }
  });

  await it("fails as the runner inside fails", async () => {
    const worker = make("failing_worker");
    const error = await reason(worker.start());
    equal([error.name, error.message], ["RangeError", "no disk"]);
    equal((error.cause as Error).message, "EIO");
  });

  await it("ends as it is asked in every phase", async () => {
    const cases: [string, number][] = [
      ["stubborn_worker", 0],
      ["stubborn_worker", 100],
      ["basic_worker", 0],
      ["basic_worker", 20],
      ["basic_worker", 400],
    ];
    for (const [name, ms] of cases) {
      const worker = make(name, { stopTimeout: 500 });
      const controller = new AbortController();
      const start = worker.start({ signal: controller.signal });
      start.catch(() => {});
      if (ms > 0) await pause(ms);
      controller.abort(new Error("enough"));
      const end = await Promise.race([
        worker.finished().then(() => "ended", () => "ended"),
        pause(20_000).then(() => "late"),
      ]);
      equal([name, ms, end, worker.state], [name, ms, "ended", "stopped"]);
    }
  });

  await it("restarts under a supervisor that finds it stalled", async () => {
    const worker = make("basic_worker", { stallTimeout: 1_000 });
    const app = new Supervisor([{ runner: worker, restart: "permanent" }], {
      name: "app",
      printErrors: false,
      stopTimeout: 20_000,
    });
    await app.start();
    worker.call("loop", 0 as never).catch(() => {});
    await worker.finished().catch(() => {});
    for (let count = 0; count < 400 && !worker.isRunning(); count++) {
      await pause(50);
    }
    equal(await worker.call("echo", 5 as never), 5);
    await app.stop();
    equal(worker.state, "stopped");
  });

  for (const strategy of ["one-for-all", "rest-for-one"] as const) {
    await it(`is killed in a group restart (${strategy}), which goes on`, async () => {
      let starts = 0;
      let fail: (error: Error) => void = () => {};
      const store = new StartStop(
        async (signal, { ready }) => {
          starts++;
          ready();
          await Promise.race([
            untilAborted(signal),
            new Promise((_resolve, reject) => fail = reject),
          ]);
        },
        undefined,
        { name: "store", awaitReady: true, printErrors: false },
      );
      const worker = make("basic_worker", { stopTimeout: 500 });
      const app = new Supervisor([{ runner: store }, { runner: worker }], {
        name: "app",
        strategy,
        printErrors: false,
        stopTimeout: 20_000,
        backoff: { initial: 1 },
      });
      await app.start();
      worker.call("loop", 0 as never).catch(() => {});
      await pause(50);
      fail(new Error("lost"));
      const states: string[] = [];
      worker.observe((event) => {
        if (event.type === "state") states.push(event.to);
      });
      for (let count = 0; count < 400 && !states.includes("running"); count++) {
        await pause(50);
      }
      // All were down before any started, and no run was beside another.
      equal(states, ["stopping", "stopped", "starting", "running"]);
      equal([app.state, starts], ["running", 2]);
      equal(await worker.call("echo", 6 as never), 6);
      const errors = app.errorsList().map(({ message }) => message).join();
      assert(/"work" of "app".*within 500 ms/.test(errors), errors);
      await app.stop();
    });
  }

  await it("stops with its tree within the budget although it is blocked", async () => {
    const worker = make("basic_worker");
    const inner = new Supervisor([{ runner: worker, stopTimeout: 500 }], {
      name: "inner",
      printErrors: false,
    });
    const app = new Supervisor([{ runner: inner }], {
      name: "app",
      printErrors: false,
      stopTimeout: 30_000,
    });
    await app.start();
    worker.call("loop", 0 as never).catch(() => {});
    await pause(50);
    await app.stop();
    equal([app.state, worker.state], ["stopped", "stopped"]);
  });

  await it("stops with its tree although there is no time for a kill", async () => {
    const worker = make("basic_worker");
    const app = new Supervisor([{ runner: worker }], {
      name: "app",
      printErrors: false,
      stopTimeout: 0,
    });
    await app.start();
    worker.call("loop", 0 as never).catch(() => {});
    await pause(50);
    const error = await reason(app.stop());
    equal(error.name, "TimeoutError");
    await app.finished().catch(() => {});
    equal([app.state, worker.state], ["stopped", "stopped"]);
  });

  await it("spreads calls over a pool, and one that crashes loses its own alone", async () => {
    const worker = make("basic_worker", { workers: 3 });
    await worker.start();
    equal(worker.children().map(({ name }) => name), [
      "inner-1",
      "inner-2",
      "inner-3",
    ]);
    const waits = Array.from(
      { length: 3 },
      () => worker.call("wait", 1_500 as never),
    );
    equal(await worker.call("crash", 0 as never), "soon");
    const ends = await Promise.allSettled(waits);
    const lost = ends.filter(({ status }) => status === "rejected");
    equal(lost.length, 1);
    equal(worker.state, "running");
    const again = Array.from(
      { length: 9 },
      (_, n) => worker.call("echo", n as never),
    );
    equal((await Promise.all(again)).length, 9);
    equal(worker.errorsTotal(), 1);
    await worker.stop();
  });

  await it("fails where all of a pool crash and none answers", async () => {
    const worker = make("later_worker", { workers: 2 });
    await worker.start().catch(() => {});
    const error = await reason(worker.finished());
    equal(error.message, "no disk");
    equal(worker.state, "stopped");
  });

  await it("ends cleanly where the runner inside does", async () => {
    const worker = make("done_worker");
    await worker.start();
    await worker.finished();
    equal(worker.state, "stopped");
  });

  await it("has been ready where it says so and ends while the program is busy", async () => {
    const worker = make("done_worker", { stopTimeout: 5_000 });
    let isOver = false;
    const start = worker.start().finally(() => isOver = true);
    start.catch(() => {});
    for (let count = 0; count < 300 && !isOver; count++) {
      // What is said meanwhile comes all at once.
      const until = performance.now() + 150;
      while (performance.now() < until);
      await pause(0);
    }
    await start;
    await worker.finished();
    equal(worker.errorsTotal(), 0);
  });

  return { passed, failed };
}
