import {
  assert,
  assertEquals,
  assertFalse,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { delay } from "@std/async";
import { describe, it } from "@std/testing/bdd";
import {
  main,
  type MainOptions,
  type MainRunner,
  shutdownSignal,
  type ShutdownSignalOptions,
  type SignalName,
} from "../shutdown/mod.ts";
import { StartStop } from "../start_stop/mod.ts";
import { canKill, type Child, type Ended, isNode, spawn } from "./_child.ts";

const processes = { ignore: !canKill };
const program = (scenario: string): Promise<Child> =>
  spawn("./_shutdown_program.ts", scenario);

async function run(scenario: string): Promise<Ended> {
  return await (await program(scenario)).ended;
}

/** Runs it until it has said a line, and kills it then. */
async function kill(
  scenario: string,
  signal: "SIGINT" | "SIGTERM" | "SIGHUP" = "SIGTERM",
  line = "up",
): Promise<Ended> {
  const child = await program(scenario);
  await child.said(line);
  child.kill(signal);
  return await child.ended;
}

/**
 * Runs what has to come within 100 ms of something else until it has: a machine
 * that is busy may take longer, now and then.
 */
async function inTime(
  attempt: () => Promise<Ended>,
  isRight: (ended: Ended) => boolean,
): Promise<Ended> {
  for (let left = 4;; left--) {
    const ended = await attempt();
    if (isRight(ended) || left === 0) return ended;
  }
}

function outcome({ code, signal, lines, errors }: Ended): unknown {
  return { code, signal, lines, errors };
}

describe("main() ends with the exit code", () => {
  it(
    "0 after a clean stop, having kept alive what only waits",
    processes,
    async () => {
      const child = await program("wait");
      await child.said("up");
      await delay(300);
      child.kill("SIGTERM");
      assertEquals(outcome(await child.ended), {
        code: 0,
        signal: null,
        lines: ["up", "told: Received SIGTERM", "down"],
        errors: "",
      });
    },
  );

  it("0 after Ctrl-C, once the stop is complete", processes, async () => {
    assertEquals(outcome(await kill("slow", "SIGINT")), {
      code: 0,
      signal: null,
      lines: ["up", "told: Received SIGINT", "down"],
      errors: "",
    });
  });

  it("0 when the runner ends by itself", processes, async () => {
    assertEquals(outcome(await run("job")), {
      code: 0,
      signal: null,
      lines: [],
      errors: "",
    });
  });

  it("0 when the program stops its runner itself", processes, async () => {
    const { code, errors } = await run("stopsItself");
    assertEquals([code, errors], [0, ""]);
  });

  it("0 when a start is called off", processes, async () => {
    assertEquals(outcome(await kill("starting", "SIGTERM", "starting")), {
      code: 0,
      signal: null,
      lines: ["starting", "called off"],
      errors: "",
    });
  });

  it(
    "0 when a supervisor is stopped that waits to restart a child",
    processes,
    async () => {
      assertEquals(outcome(await kill("restartDelay", "SIGTERM", "waiting")), {
        code: 0,
        signal: null,
        lines: ["waiting"],
        errors: "",
      });
    },
  );

  it("1 when the runner fails, which is printed once", processes, async () => {
    const { code, errors } = await run("fail");
    assertEquals([code, errors.split("disk full").length - 1], [1, 1]);
  });

  it("1 when it is not ready in time", processes, async () => {
    const { code, errors } = await run("unready");
    assertEquals(code, 1);
    assertStringIncludes(errors, "not ready within 50 ms");
  });

  it(
    "1 when a start fails that records nothing, which is printed",
    processes,
    async () => {
      const { code, errors } = await run("foreign");
      assertEquals(code, 1);
      assertStringIncludes(errors, "no such port");
    },
  );

  it("1 when the stop takes too long, and it does end", processes, async () => {
    const startedAt = performance.now();
    const { code, signal, lines, errors } = await kill("stubborn");
    assertEquals([code, signal], [1, null]);
    assertFalse(lines.includes("down"));
    assertStringIncludes(errors, "did not end within 100 ms");
    assertStringIncludes(errors, "keeps the process alive");
    assertLess(performance.now() - startedAt, 15_000);
  });

  it(
    "1 when a child of a supervisor took too long, which is printed once",
    processes,
    async () => {
      const { code, lines, errors } = await kill("lateChild");
      assertEquals([code, lines.at(-1)], [1, "down"]);
      assertEquals(errors.split("did not end within 50 ms").length - 1, 1);
    },
  );

  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    it(`${code} at once on a second signal, ${signal}`, processes, async () => {
      const child = await program("endless");
      await child.said("up");
      child.kill("SIGTERM");
      await child.said("told: Received SIGTERM");
      await delay(250);
      child.kill(signal);
      const ended = await child.ended;
      assertEquals([ended.code, ended.signal], [code, null]);
      assertFalse(ended.lines.includes("down"));
    });
  }

  it(
    "0 when one Ctrl-C comes twice, as from a task runner",
    processes,
    async () => {
      const { code, lines } = await inTime(async () => {
        const child = await program("slow");
        await child.said("up");
        child.kill("SIGINT");
        await child.said("told: Received SIGINT");
        child.kill("SIGINT");
        return await child.ended;
      }, ({ code }) => code === 0);
      assertEquals([code, lines.at(-1)], [0, "down"]);
    },
  );

  it("of the program where that has set one", processes, async () => {
    assertEquals((await run("ownCode")).code, 3);
    assertEquals((await kill("ownCodeLate")).code, 3);
  });
});

describe("main()", () => {
  it("drains between 'not ready' and the stop", processes, async () => {
    const { code, lines } = await kill("drain");
    assertEquals([code, lines], [0, [
      "up",
      "not ready",
      "told: Received SIGTERM",
      "after the delay",
      "down",
    ]]);
  });

  it(
    "does not drain on when the runner has ended meanwhile",
    processes,
    async () => {
      const { code, errors } = await kill("drainEnds");
      assertEquals([code, errors], [0, ""]);
    },
  );

  it("stops all the same when notReady throws", processes, async () => {
    const { code, lines, errors } = await kill("notReadyThrows");
    assertEquals([code, lines.at(-1)], [0, "down"]);
    assertStringIncludes(errors, "balancer is gone");
  });

  it(
    "listens to the signals it is told, as far as there are such",
    processes,
    async () => {
      const { code, lines } = await kill("hangup", "SIGHUP");
      assertEquals([code, lines], [0, [
        "up",
        "told: Received SIGHUP",
        "down",
      ]]);
    },
  );

  it(
    "names what keeps the process alive, and has let go of it",
    processes,
    async () => {
      const { code, signal, lines, errors } = await kill(
        "leak",
        "SIGTERM",
        "waiting",
      );
      assertEquals([code, signal, lines], [null, "SIGTERM", [
        "listeners: 0,0",
        "waiting",
      ]]);
      assertMatch(
        errors,
        isNode
          ? /keeps the process alive: .*2 Timeout/
          : /keeps the process alive: ./,
      );
    },
  );

  it("lets another one go on where one has ended", processes, async () => {
    const { code, errors } = await run("sideBySide");
    assertEquals([code, errors], [0, ""]);
    const late = await kill("oneAfterTheOther");
    assertEquals([late.code, late.lines.at(-1)], [1, "the other"]);
  });

  it(
    "runs where there is no process, and says that nothing will stop it",
    processes,
    async () => {
      const { code, lines, errors } = await run("nowhere");
      assertEquals([code, lines], [0, ["code 0"]]);
      assertStringIncludes(errors, "shutdownSignal: this platform");
    },
  );

  it("refuses what it cannot run", async () => {
    const runner = new StartStop(() => {});
    const cases: [unknown, unknown, ErrorConstructor, string][] = [
      [undefined, {}, TypeError, "'runner' must be a runner with 'finished'"],
      [[], {}, TypeError, "'runner' must be a list of at least one runner"],
      [[runner, runner], {}, TypeError, "none of them twice"],
      [[runner, {}], {}, TypeError, "'runner' must be a runner with"],
      [runner, { signal: {} }, TypeError, "'signal' must be an AbortSignal"],
      [runner, AbortSignal.abort(), TypeError, "main(runner, { signal })"],
      [runner, { onReady: 1 }, TypeError, "'onReady' must be a function"],
      [runner, { after: 1 }, TypeError, "'after' must be a function"],
      [runner, { healthy: 1 }, TypeError, "'healthy' must be a function"],
      [runner, { uncaught: 1 }, TypeError, "'uncaught' must be a boolean"],
      [runner, { secondSignal: "stop" }, TypeError, "'secondSignal' must be"],
      [runner, { forceExit: -1 }, RangeError, "'forceExit'"],
      [runner, { stopTimeout: NaN }, RangeError, "'stopTimeout'"],
      [runner, { watchdog: "no" }, TypeError, "'watchdog'"],
      [runner, { force_exit: 1 }, TypeError, "did you mean 'forceExit'?"],
      [{}, {}, TypeError, "'runner'"],
      [runner, null, TypeError, "'options' must be an object"],
      [runner, { signals: "SIGINT" }, TypeError, "'signals'"],
      [runner, { signals: [] }, TypeError, "'signals'"],
      [runner, { signals: ["INT"] }, TypeError, "'signals'"],
      [runner, { signals: null }, TypeError, "'signals'"],
      [runner, { notReady: 1 }, TypeError, "'notReady' must be a function"],
      [runner, { drainDelay: "1" }, TypeError, "'drainDelay' must be a number"],
      [runner, { drainDelay: -1 }, RangeError, "current value is -1"],
      [runner, { watchdog: NaN }, RangeError, "current value is NaN"],
    ];
    for (const [first, second, kind, text] of cases) {
      const error = await assertRejects(
        () => main(first as MainRunner, second as MainOptions),
        kind,
        text,
      );
      assertStringIncludes(error.message, "Cannot ");
    }
    assertEquals(runner.state, "stopped");
  });
});

/** Sends a second signal once the first has been heard, and not with it. */
async function killTwice(
  scenario: string,
  told = "told: Received SIGTERM",
): Promise<Child> {
  const child = await program(scenario);
  await child.said("up");
  child.kill("SIGTERM");
  await child.said(told);
  await delay(250);
  child.kill("SIGTERM");
  return child;
}

describe("main() with options", () => {
  it("ends by its 'signal' as by a first signal", processes, async () => {
    const { code, lines, errors } = await run("signalOption");
    assertEquals([code, lines, errors], [0, [
      "up",
      "not ready: enough",
      "told: enough",
      "down",
    ], ""]);
  });

  it(
    "is not cut by a first signal that follows its own",
    processes,
    async () => {
      const child = await program("signalOption");
      await child.said("told: enough");
      await delay(150);
      child.kill("SIGTERM");
      const { code, lines } = await child.ended;
      assertEquals([code, lines.at(-1)], [0, "down"]);
    },
  );

  it("starts nothing where its 'signal' has aborted", processes, async () => {
    const { code, lines, errors } = await run("signalAborted");
    assertEquals([code, lines, errors], [0, ["code 0"], ""]);
  });

  it(
    "lets nothing but the first signal count by 'ignore'",
    processes,
    async () => {
      const child = await killTwice("ignore");
      const { code, lines } = await child.ended;
      assertEquals([code, lines.at(-1)], [0, "down"]);
    },
  );

  it("cuts what is left on a second signal by 'force'", processes, async () => {
    const child = await killTwice("force");
    const { code, lines, errors } = await child.ended;
    assertEquals([code, lines.at(-1)], [1, "cut"]);
    assertStringIncludes(errors, "Received SIGTERM");
  });

  it("is ended by a third signal then", processes, async () => {
    const child = await killTwice("forceIgnored");
    await delay(250);
    child.kill("SIGTERM");
    const { code, lines } = await child.ended;
    assertEquals([code, lines.includes("down")], [143, false]);
  });

  it("does not wait for a drain when it is forced", processes, async () => {
    const child = await killTwice("forceDrain", "not ready");
    const { code, lines } = await child.ended;
    assertEquals([code, lines.includes("told: Received SIGTERM")], [1, true]);
  });

  it(
    "stops with 1 after an uncaught error by 'uncaught'",
    processes,
    async () => {
      const { code, lines, errors } = await run("uncaught");
      assertEquals([code, lines], [1, ["up", "told: a wrong turn", "down"]]);
      assertStringIncludes(errors, "'uncaught exception': a wrong turn");
      assertStringIncludes(errors, "'unhandled rejection': another one");
    },
  );

  it("ends then, also where the stop takes too long", processes, async () => {
    const { code, errors } = await run("uncaughtHangs");
    assertEquals(code, 1);
    assertStringIncludes(errors, "did not end within 100 ms");
    assertStringIncludes(errors, "it is ended now");
  });

  it("waits for 'after', but not for ever", processes, async () => {
    const { code, lines } = await kill("after");
    assertEquals([code, lines.at(-1)], [0, "after 0"]);
    const late = await run("afterHangs");
    assertEquals(late.code, 1);
    assertStringIncludes(late.errors, "did not settle within 100 ms");
    const wrong = await run("afterThrows");
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.errors, "'after': no farewell");
  });

  it(
    "calls onReady when it is up, and prints what that throws",
    processes,
    async () => {
      const { code, lines, errors } = await kill(
        "onReadyThrows",
        "SIGTERM",
        "ready",
      );
      assertEquals([code, lines.slice(0, 2)], [0, ["up", "ready"]]);
      assertStringIncludes(errors, "'onReady': nobody to tell");
    },
  );

  it(
    "ends a process that is held after it was asked to stop",
    processes,
    async () => {
      const { code, lines, errors } = await kill("leftover");
      assertEquals([code, lines.at(-1)], [0, "over"]);
      assertMatch(errors, /keeps the process alive; it is ended now: ./);
    },
  );

  it("ends nothing with an infinite 'forceExit'", processes, async () => {
    const child = await program("leftoverInfinite");
    await child.said("up");
    child.kill("SIGTERM");
    await child.said("still there");
    child.kill("SIGKILL");
    const { signal, errors } = await child.ended;
    assertEquals([signal, errors], ["SIGKILL", ""]);
  });

  it("only names what holds a process, by 'watchdog'", processes, async () => {
    const child = await program("leftoverNamed");
    await child.said("still there");
    child.kill("SIGKILL");
    const { errors } = await child.ended;
    assertMatch(errors, /keeps the process alive: ./);
  });
});

describe("main() of several runners", () => {
  it("starts them in order, and stops them in reverse", processes, async () => {
    const { code, lines, errors } = await kill("several");
    assertEquals([code, lines, errors], [0, [
      "start a",
      "start b",
      "start c",
      "up",
      "stop c",
      "stop b",
      "stop a",
    ], ""]);
  });

  it("starts no more of them when it is asked to stop", processes, async () => {
    const { code, lines } = await kill("severalStarting", "SIGTERM", "start b");
    assertEquals([code, lines], [0, [
      "start a",
      "start b",
      "stop b",
      "stop a",
    ]]);
  });

  it("stops the others with 1 when one fails", processes, async () => {
    const { code, lines, errors } = await run("severalFail");
    assertEquals([code, lines], [1, ["start a", "start b", "stop a"]]);
    assertEquals(errors.split("no port").length - 1, 1);
    const early = await run("severalFailEarly");
    assertEquals([early.code, early.lines], [1, ["start b", "stop b"]]);
  });

  it("ends when all have ended", processes, async () => {
    const { code, lines } = await run("severalEnd");
    assertEquals([code, lines], [0, ["the last"]]);
  });
});

describe("main() after its end", () => {
  it("takes a copy of its signal for nothing", processes, async () => {
    for (const scenario of ["copied", "copiedAgain"]) {
      const { code, signal, lines } = await inTime(
        () => kill(scenario, "SIGINT"),
        ({ lines }) => lines.includes("done"),
      );
      assertEquals([code, signal, lines.includes("done")], [0, null, true]);
    }
  });

  it("lets another signal have its effect", processes, async () => {
    const child = await program("slowThenOver");
    await child.said("up");
    child.kill("SIGINT");
    await child.said("over");
    child.kill("SIGTERM");
    // A machine that is busy may have let go of it already.
    const { code, signal } = await child.ended;
    assert(code === 143 || signal === "SIGTERM");
  });

  it(
    "lets go of the signals once copies can come no more",
    processes,
    async () => {
      const child = await program("quick");
      await child.said("up");
      child.kill("SIGINT");
      await child.said("over");
      await delay(250);
      child.kill("SIGINT");
      const { signal, lines } = await child.ended;
      assertEquals([signal, lines.includes("done")], ["SIGINT", false]);
    },
  );
});

describe("main() under systemd", () => {
  const [NOTIFY_SOCKET, PATH] = ["/nowhere/at/all", "/nowhere"];

  it("says once that it cannot be told", processes, async () => {
    const child = await spawn("./_shutdown_program.ts", "after", {
      env: { NOTIFY_SOCKET, PATH },
    });
    await child.said("up");
    child.kill("SIGTERM");
    const { code, errors } = await child.ended;
    assertEquals(code, 0);
    // Node says in lines of its own what is experimental.
    const own = errors.replaceAll(/^\(.*\n/gm, "");
    assertMatch(own, /^.*systemd.*\n$/);
  });

  it(
    "refuses to start where no sign of life can be given",
    processes,
    async () => {
      const env = {
        NOTIFY_SOCKET: "vsock:2:1",
        WATCHDOG_USEC: "1000000",
        PATH,
      };
      const [refused, ignored] = await Promise.all(
        ["watched", "watchedAnyway"].map((scenario) =>
          spawn("./_shutdown_program.ts", scenario, { env })
        ),
      );
      const { lines } = await refused!.ended;
      assertMatch(lines[0]!, /^Cannot run the program: WATCHDOG_USEC is set/);
      assertEquals((await ignored!.ended).lines, ["up", "code 0"]);
    },
  );
});

describe("shutdownSignal()", () => {
  it("aborts with a reason that names the signal", processes, async () => {
    assertEquals(outcome(await kill("signal")), {
      code: 0,
      signal: null,
      lines: ["up", "AbortError SIGTERM"],
      errors: "",
    });
  });

  it("listens no more once disposed of", processes, async () => {
    const { code, signal } = await kill("signalLet");
    assertEquals([code, signal], [null, "SIGTERM"]);
  });

  it("lets a second signal end the process", processes, async () => {
    const child = await program("signalTwice");
    await child.said("up");
    child.kill("SIGTERM");
    await child.said("told");
    await delay(250);
    child.kill("SIGTERM");
    assertEquals((await child.ended).code, 143);
  });

  it("leaves out what the platform does not know", processes, () => {
    const signals = ["SIGTERM", "SIGNAL"] as SignalName[];
    const signal = shutdownSignal({ signals });
    assertEquals(signal.signals, ["SIGTERM"]);
    signal.dispose();
  });

  it("says so in a thread, which is sent no signals", processes, async () => {
    assertStringIncludes((await run("thread")).errors, "no such signals");
  });

  it("is disposable, and says what it listens to", processes, () => {
    const signal = shutdownSignal({ signals: ["SIGTERM", "SIGTERM"] });
    assertEquals(signal.signals.slice(0, 1), ["SIGTERM"]);
    if (Symbol.dispose) signal[Symbol.dispose]();
    else signal.dispose();
    signal.dispose();
    assertEquals(signal.signals, []);
    assertFalse(signal.aborted);
    assert(signal instanceof AbortSignal);
  });

  it("refuses what is no list of signals", () => {
    for (const options of [null, 1, { signals: null }, { signals: [1] }]) {
      assertThrows(
        () => shutdownSignal(options as unknown as ShutdownSignalOptions),
        TypeError,
        "Cannot listen for shutdown: ",
      );
    }
  });
});
