/** What the tests of `shutdown/` and `reload/` kill: a scenario by its name. */

import { main, shutdownSignal } from "../shutdown/mod.ts";
import { Reloadable } from "../reload/mod.ts";
import { StartStop } from "../start_stop/mod.ts";
import { Supervisor } from "../supervisor/mod.ts";
import { untilAborted } from "../tools.ts";

interface Program {
  exitCode?: number;
  pid: number;
  argv: string[];
  execArgv: string[];
  kill(pid: number, signal: string): void;
  listenerCount(name: string): number;
}

const { process } = globalThis as unknown as { process: Program };
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A service that does nothing but wait. */
function service(stop?: () => unknown, stopTimeout = 10_000): StartStop {
  return new StartStop(
    async (signal) => {
      console.log("up");
      await untilAborted(signal);
      console.log(`told: ${signal.reason.message}`);
      await stop?.();
      console.log("down");
    },
    undefined,
    { name: "service", stopTimeout },
  );
}

/** One of several, ready when it has waited for something. */
function part(name: string, opens?: Promise<unknown>): StartStop {
  opens?.catch(() => {});
  return new StartStop(
    async (signal, { ready }) => {
      console.log(`start ${name}`);
      if (opens) await Promise.race([opens, untilAborted(signal)]);
      ready();
      await untilAborted(signal);
      console.log(`stop ${name}`);
    },
    undefined,
    { name, awaitReady: true },
  );
}

const scenarios: Record<string, () => Promise<unknown>> = {
  wait: () => main(service()),
  lateChild: () =>
    main(
      new Supervisor([
        { runner: part("database") },
        {
          runner: service(() => wait(400)),
          dependsOn: ["database"],
          stopTimeout: 50,
        },
      ], { name: "app", stopTimeout: 30_000 }),
    ),
  signalOption: () => {
    const end = new AbortController();
    return main(service(() => wait(300)), {
      signal: end.signal,
      notReady: (reason) =>
        console.log(`not ready: ${(reason as Error).message}`),
      drainDelay: 50,
      onReady: () => end.abort(new Error("enough")),
    });
  },
  signalAborted: async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    console.log(`code ${await main(service(), { signal })}`);
  },
  ignore: () => main(service(() => wait(800)), { secondSignal: "ignore" }),
  force: () =>
    main(
      new StartStop(
        async (signal, { force }) => {
          console.log("up");
          await untilAborted(signal);
          console.log(`told: ${signal.reason.message}`);
          await untilAborted(force);
          console.log("cut");
        },
        undefined,
        { stopTimeout: 60_000 },
      ),
      { secondSignal: "force" },
    ),
  forceIgnored: () =>
    main(service(() => wait(60_000), 60_000), {
      secondSignal: "force",
      forceExit: 60_000,
    }),
  forceDrain: () =>
    main(service(), {
      secondSignal: "force",
      drainDelay: 60_000,
      notReady: () => console.log("not ready"),
    }),
  uncaught: () => {
    setTimeout(() => {
      throw new Error("a wrong turn");
    }, 50);
    const late = setTimeout(() => {
      void Promise.reject(new Error("another one"));
    }, 100);
    return main(service(() => wait(300)), {
      uncaught: true,
      drainDelay: 60_000,
      after: () => clearTimeout(late),
    });
  },
  uncaughtHangs: () => {
    setTimeout(() => {
      throw new Error("a wrong turn");
    }, 50);
    return main(service(() => wait(60_000)), {
      uncaught: true,
      stopTimeout: 100,
      forceExit: 100,
    });
  },
  after: () =>
    main(service(), {
      async after(code) {
        await wait(100);
        console.log(`after ${code}`);
      },
    }),
  afterHangs: () =>
    main(new StartStop(() => {}), {
      stopTimeout: 100,
      after: () => new Promise(() => {}),
    }),
  afterThrows: () =>
    main(new StartStop(() => {}), {
      after: () => Promise.reject(new Error("no farewell")),
    }),
  onReadyThrows: () =>
    main(service(), {
      onReady() {
        console.log("ready");
        throw new Error("nobody to tell");
      },
    }),
  several: () =>
    main(["a", "b", "c"].map((name) => part(name)), {
      onReady: () => console.log("up"),
    }),
  severalStarting: () =>
    main([part("a"), part("b", new Promise(() => {})), part("c")]),
  severalFail: () =>
    main([
      part("a"),
      part("b", wait(10).then(() => Promise.reject(new Error("no port")))),
      part("c"),
    ]),
  severalFailEarly: () =>
    main([
      new StartStop(async () => {
        await wait(50);
        throw new Error("disk full");
      }),
      part("b", new Promise(() => {})),
    ]),
  severalEnd: () =>
    main([
      new StartStop(() => wait(50), undefined, { name: "job" }),
      new StartStop(
        async () => {
          await wait(200);
          console.log("the last");
        },
      ),
    ]),
  leftover: async () => {
    setInterval(() => {}, 1_000);
    await main(service(), { forceExit: 200 });
    console.log("over");
  },
  leftoverInfinite: async () => {
    setInterval(() => {}, 1_000);
    await main(service(), { forceExit: Infinity });
    await wait(500);
    console.log("still there");
  },
  leftoverNamed: async () => {
    setInterval(() => {}, 1_000);
    await main(new StartStop(() => {}), { watchdog: 50, forceExit: Infinity });
    await wait(300);
    console.log("still there");
  },
  watched: async () => {
    try {
      await main(service());
    } catch (error) {
      console.log((error as Error).message);
    }
  },
  watchedAnyway: async () => {
    const end = new AbortController();
    const code = await main(
      new StartStop(async (signal) => {
        console.log("up");
        await untilAborted(signal);
      }),
      {
        watchdog: "ignore",
        signal: end.signal,
        onReady: () => end.abort(),
      },
    );
    console.log(`code ${code}`);
  },
  // What follows has its time on a machine that is busy as well.
  quick: async () => {
    await main(service(), { forceExit: 60_000 });
    console.log("over");
    await wait(30_000);
    console.log("done");
  },
  slowThenOver: async () => {
    await main(service(() => wait(200)), { forceExit: 60_000 });
    console.log("over");
    await wait(30_000);
    console.log("done");
  },
  copied: async () => {
    await main(service(), { forceExit: 60_000 });
    process.kill(process.pid, "SIGINT");
    await wait(400);
    console.log("done");
  },
  copiedAgain: async () => {
    await main(service(), { forceExit: 60_000 });
    setTimeout(() => process.kill(process.pid, "SIGINT"), 20);
    const code = await main(
      new StartStop(async (signal) => {
        await Promise.race([wait(400), untilAborted(signal)]);
        console.log(signal.aborted ? "told" : "done");
      }),
    );
    console.log(`code ${code}`);
  },
  slow: () => main(service(() => wait(300))),
  endless: () => main(service(() => wait(60_000))),
  stubborn: () => main(service(() => wait(60_000), 100), { forceExit: 200 }),
  job: () => main(new StartStop(() => wait(10))),
  fail: () =>
    main(
      new StartStop(async () => {
        await wait(10);
        throw new Error("disk full");
      }),
    ),
  unready: () =>
    main(
      new StartStop((signal) => untilAborted(signal), undefined, {
        awaitReady: true,
        startTimeout: 50,
      }),
    ),
  starting: () =>
    main(
      new StartStop(
        async (signal) => {
          console.log("starting");
          await untilAborted(signal);
          console.log("called off");
        },
        undefined,
        { awaitReady: true },
      ),
      { drainDelay: 60_000 },
    ),
  drain: () => {
    let notReadyAt = 0;
    return main(
      service(() => {
        const passed = performance.now() - notReadyAt;
        console.log(passed > 190 ? "after the delay" : `after ${passed}`);
      }),
      {
        drainDelay: 200,
        notReady() {
          notReadyAt = performance.now();
          console.log("not ready");
        },
      },
    );
  },
  drainEnds: () =>
    main(
      new StartStop(async () => {
        console.log("up");
        await wait(500);
      }),
      { drainDelay: 60_000 },
    ),
  notReadyThrows: () =>
    main(service(), {
      notReady: () => Promise.reject(new Error("balancer is gone")),
    }),
  stopsItself: () => {
    const runner = service();
    setTimeout(() => runner.stop(), 20);
    return main(runner);
  },
  foreign: () => {
    const runner = {
      start: () => Promise.reject(new Error("no such port")),
      stop: () => Promise.resolve(),
      restart: () => Promise.resolve(),
      isRunning: () => false,
      uptime: () => 0,
      finished: () => Promise.resolve(),
    };
    return main(runner as unknown as StartStop);
  },
  ownCode: () => {
    process.exitCode = 3;
    return main(new StartStop(() => {}));
  },
  hangup: () => main(service(), { signals: ["SIGHUP", "SIGBREAK"] }),
  ownCodeLate: () => {
    process.exitCode = 3;
    return main(service(() => wait(60_000), 50), { forceExit: 100 });
  },
  oneAfterTheOther: async () => {
    await main(service(() => wait(60_000), 50), { forceExit: 50 });
    await main(
      new StartStop(async () => {
        await wait(300);
        console.log("the other");
      }),
      { forceExit: 50 },
    );
  },
  sideBySide: () =>
    Promise.all([
      main(new StartStop(() => {}), { forceExit: 50 }),
      main(new StartStop(() => wait(300))),
    ]),
  thread: async () => {
    const { Worker, isMainThread } = await import("node:worker_threads");
    if (!isMainThread) return shutdownSignal();
    const { url } = import.meta;
    const argv = { argv: ["thread"] };
    if (!process.execArgv.includes("tsx")) {
      return new Worker(new URL(url), argv);
    }
    // Node 20 does not hand on to a thread what takes the types off.
    const { href } = new URL(import.meta.resolve("tsx/esm/api"));
    const code = `import("${href}").then((tsx) => tsx.register())
      .then(() => import("${url}"))`;
    return new Worker(code, { ...argv, eval: true });
  },
  leak: async () => {
    setInterval(() => {}, 1_000);
    await main(new StartStop(() => {}), { forceExit: 50 });
    const left = ["SIGINT", "SIGTERM"].map((name) =>
      process.listenerCount(name)
    );
    console.log(`listeners: ${left}`);
    await wait(100);
    console.log("waiting");
  },
  nowhere: async () => {
    const { process } = globalThis;
    // Still there for what the engine itself needs of it later.
    Object.defineProperty(globalThis, "process", {
      value: undefined,
      configurable: true,
      writable: true,
    });
    const code = await main(new StartStop(() => wait(10)));
    Object.defineProperty(globalThis, "process", {
      value: process,
      configurable: true,
      writable: true,
    });
    console.log(`code ${code}`);
  },
  reload: async () => {
    const app = new Reloadable((generation) =>
      new StartStop(
        async (signal, { ready }) => {
          console.log(`start ${generation}`);
          if (generation === 1) ready();
          await untilAborted(signal);
          console.log(`end ${generation}`);
        },
        undefined,
        { awaitReady: true },
      )
    );
    const ended = main(app);
    await wait(50);
    app.reload().catch(({ name }) => console.log(`reload: ${name}`));
    await ended;
  },
  restartDelay: () =>
    main(
      new Supervisor([{
        name: "flaky",
        runner: new StartStop(
          async () => {
            await wait(50);
            throw new Error("connection lost");
          },
          undefined,
          { printErrors: false },
        ),
      }], {
        printErrors: false,
        backoff: { initial: 60_000, max: 60_000, random: () => 1 },
        observer(event) {
          if (event.type === "restart") console.log("waiting");
        },
      }),
    ),
  signal: async () => {
    const hold = setInterval(() => {}, 1_000);
    const signal = shutdownSignal();
    console.log("up");
    await untilAborted(signal);
    console.log([signal.reason.name, signal.reason.signal].join(" "));
    clearInterval(hold);
  },
  signalLet: async () => {
    const signal = shutdownSignal();
    signal.dispose();
    console.log("up");
    await wait(60_000);
  },
  signalTwice: async () => {
    setTimeout(() => {}, 60_000);
    const signal = shutdownSignal();
    console.log("up");
    await untilAborted(signal);
    console.log("told");
  },
};

const scenario = process.argv.at(-1)!;
await scenarios[scenario]!();
