/** In which async context the functions of a run work. */

import {
  type Runner,
  StartStop,
  Ticker,
  type TickerOptions,
  untilAborted,
} from "@golib/runner";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { gate, turns } from "./_helpers.ts";

interface Storage {
  run<T>(value: unknown, work: () => T): T;
  getStore(): unknown;
}

interface Hooks {
  readonly AsyncLocalStorage?: new () => Storage;
  createHook?(callbacks: Record<string, (id: number) => void>): {
    enable(): void;
    disable(): void;
  };
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): Hooks };
  readonly Bun?: object;
  readonly navigator?: { userAgent?: string };
}

const host = globalThis as Host;
const hooks = host.process?.getBuiltinModule?.("node:async_hooks");
const Class = hooks?.AsyncLocalStorage;
const storage = Class && new Class();

/** A test of what only engines with contexts have. */
function kept(name: string, test: (request: Storage) => Promise<void>): void {
  (storage ? it : it.skip)(name, () => test(storage!));
}

/** Lets real time pass until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

function ticking(interval: number, options?: TickerOptions) {
  const seen: unknown[] = [];
  const ticker = new Ticker(interval, () => {
    seen.push(storage!.getStore());
  }, options);
  return { ticker, seen };
}

describe("The context of a run", () => {
  kept("is that of its start, for each of two tickers", async (request) => {
    const one = ticking(5);
    const other = ticking(5);
    await request.run("one", () => one.ticker.start());
    await request.run("other", () => other.ticker.start());
    await until(() => one.seen.length >= 5 && other.seen.length >= 5);
    await Promise.all([one.ticker.stop(), other.ticker.stop()]);
    assertEquals([...new Set(one.seen)], ["one"]);
    assertEquals([...new Set(other.seen)], ["other"]);
  });

  // Bun and workerd have the function, and it does nothing.
  const hasHooks = hooks?.createHook && !host.Bun &&
    host.navigator?.userAgent !== "Cloudflare-Workers";
  (hasHooks ? it : it.skip)(
    "is that of its start also for those who follow it by hooks",
    async () => {
      const contexts = new Map<number, string>();
      const entered: (string | undefined)[] = [];
      const hook = hooks!.createHook!({
        init: (id) => {
          const here = entered.at(-1);
          if (here) contexts.set(id, here);
        },
        before: (id) => void entered.push(contexts.get(id) ?? entered.at(-1)),
        after: () => void entered.pop(),
        destroy: (id) => void contexts.delete(id),
      });
      const seen: Record<string, Set<unknown>> = {};
      const tickers = ["one", "other"].map((name) => {
        const own = seen[name] = new Set();
        return new Ticker(5, () => void own.add(entered.at(-1)), { name });
      });
      hook.enable();
      try {
        for (const ticker of tickers) {
          entered.push(ticker.name);
          void ticker.start();
          entered.pop();
        }
        await until(() => tickers.every(({ ticks }) => ticks.total > 3));
      } finally {
        hook.disable();
      }
      for (const ticker of tickers) await ticker.stop();
      assertEquals(seen, {
        one: new Set(["one"]),
        other: new Set(["other"]),
      });
    },
  );

  kept("is none for one that was started in none", async (request) => {
    const inside = ticking(5);
    const bare = ticking(5);
    await request.run("inside", () => inside.ticker.start());
    await bare.ticker.start();
    await until(() => inside.seen.length >= 3 && bare.seen.length >= 3);
    await request.run("a third", () => bare.ticker.stop());
    await inside.ticker.stop();
    assertEquals([...new Set(bare.seen)], [undefined]);
  });

  kept("holds after each await of an async tick", async (request) => {
    const seen: unknown[] = [];
    const ticker = new Ticker(3, async () => {
      seen.push(request.getStore());
      await new Promise((resolve) => setTimeout(resolve, 4));
      seen.push(request.getStore());
    });
    await request.run("async", () => ticker.start());
    await until(() => seen.length >= 8);
    await ticker.stop();
    assertEquals([...new Set(seen)], ["async"]);
  });

  kept(
    "is not changed by a tick() or reset() from another",
    async (request) => {
      const { ticker, seen } = ticking(10_000);
      await request.run("start", () => ticker.start());
      await request.run("host", () => ticker.tick());
      assertEquals(seen, ["host"]);
      request.run("reset", () => ticker.reset(3));
      await until(() => seen.length >= 4);
      await request.run("another host", () => ticker.tick());
      await until(() => seen.length >= 7);
      await request.run("stop", () => ticker.stop());
      assertEquals(
        seen.filter((each) => each !== "start"),
        ["host", "another host"],
      );
    },
  );

  kept("is that of tick() where that launches it", async (request) => {
    const { ticker, seen } = ticking(10_000);
    await request.run("A", () => ticker.tick());
    await request.run("B", () => ticker.tick());
    assertEquals(seen, ["A", "B"]);
  });

  kept(
    "is that of each restart, also of one that has to wait",
    async (request) => {
      const seen: unknown[] = [];
      const ends = [gate(), gate(), gate()];
      let runs = 0;
      const service = new StartStop(
        async (signal) => {
          seen.push(request.getStore());
          await Promise.all([ends[runs++]!.promise, untilAborted(signal)]);
        },
        () => void seen.push(`stop ${String(request.getStore())}`),
        { stopTimeout: Infinity },
      );
      await request.run("A", () => service.start());
      const second = request.run("B", () => service.restart());
      const third = request.run("C", () => service.start());
      await turns();
      for (const each of ends) each.open();
      await Promise.all([second, third]);
      await request.run("D", () => service.stop());
      assertEquals(seen, ["A", "stop A", "B", "stop B", "C", "stop C"]);
    },
  );

  kept(
    "is that of the start also for what its signal tells",
    async (request) => {
      const seen: unknown[] = [];
      const life = new AbortController();
      const service = new StartStop((signal) => {
        signal.addEventListener("abort", () => seen.push(request.getStore()));
        return untilAborted(signal);
      }, () => void seen.push(request.getStore()));
      await request.run("start", () => service.start({ signal: life.signal }));
      request.run("abort", () => life.abort());
      await service.finished();
      assertEquals(seen, ["start", "start"]);
    },
  );

  kept("is that in which its observers are told", async (request) => {
    const seen: string[] = [];
    const ticker = new Ticker(3, () => Promise.reject(new Error("no")), {
      printErrors: false,
      observer(event) {
        const what = event.type === "state" ? event.to : event.type;
        seen.push(`${what} in ${String(request.getStore())}`);
      },
    });
    await request.run("start", () => ticker.start());
    await until(() => seen.length >= 5);
    await request.run("stop", () => ticker.stop());
    assertEquals([...new Set(seen)].sort(), [
      "error in start",
      "running in start",
      "stopped in start",
      "stopping in start",
      "tick in start",
    ]);
  });

  kept("is none with 'context: none', whoever asks", async (request) => {
    const { ticker, seen } = ticking(3, { context: "none", immediate: true });
    await request.run("start", () => ticker.start());
    await until(() => seen.length >= 3);
    await request.run("host", async () => {
      // Between two ticks: none is in flight as they are not async.
      await ticker.tick();
    });
    await request.run("stop", () => ticker.stop());
    await request.run("launch", () => ticker.tick());
    assertEquals([...new Set(seen)], [undefined]);
  });

  kept("reaches a schedule, and a limit that passes", async (request) => {
    const seen: string[] = [];
    const say = (what: string) =>
      seen.push(`${what} in ${String(request.getStore())}`);
    const ticker = new Ticker(
      {
        nextRun(after) {
          say("asked");
          return new Date(+after + 20);
        },
      },
      (signal) => {
        signal.addEventListener("abort", () => say("limit"));
        return untilAborted(signal);
      },
      { tickTimeout: 5, printErrors: false },
    );
    const other = ticking(3);
    await request.run("other", () => other.ticker.start());
    await request.run("start", () => ticker.start());
    await until(() => seen.filter((each) => /limit/.test(each)).length >= 2);
    await Promise.all([ticker.stop(), other.ticker.stop()]);
    assertEquals([...new Set(seen)].sort(), [
      "asked in start",
      "limit in start",
    ]);
  });

  it("takes 'keep' and 'none' only", () => {
    const make = (context: unknown) =>
      new Ticker(1_000, () => {}, { context: context as "keep" });
    for (const wrong of ["", "Keep", "all"]) {
      assertThrows(() => make(wrong), TypeError, "'context' must be one of");
    }
    assertThrows(() => make(null), TypeError, "'context'");
    assertEquals(make("keep").name, "ticker");
  });
});

const collect = (globalThis as { gc?: () => void }).gc ??
  (globalThis as { Bun?: { gc(force: boolean): void } }).Bun?.gc.bind(
    undefined,
    true,
  );

describe("What a context holds", () => {
  const isPossible = storage && collect && typeof WeakRef === "function";

  async function isFreed(ref: WeakRef<object>): Promise<boolean> {
    for (let turn = 0; turn < 50 && ref.deref(); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      collect!();
    }
    return ref.deref() === undefined;
  }

  for (
    const [name, work] of Object.entries<
      (runner: Ticker, signal: AbortSignal) => unknown
    >({
      "a start and a stop": async (runner) => {
        await runner.start();
        await runner.stop();
      },
      "a tick of a host": (runner) => runner.tick(),
      "a start, a reset and a stop of another": async (runner) => {
        await runner.start();
        runner.reset(5);
        await new Promise((resolve) => setTimeout(resolve, 20));
        await runner.stop();
      },
      "a wait for a signal that lives on": (_runner, signal) => {
        void untilAborted(signal);
      },
    })
  ) {
    (isPossible ? it : it.skip)(
      `is let go of after ${name}, while another ticker runs`,
      async () => {
        const life = new AbortController();
        const others: Runner[] = [];
        for (const interval of [2, 10_000]) {
          const { ticker } = ticking(interval);
          await ticker.start({ signal: life.signal });
          others.push(ticker);
        }
        const ref = await (async () => {
          const big = { bytes: new Uint8Array(1_000_000) };
          const runner = new Ticker(7, () => {});
          await storage!.run(big, async () => await work(runner, life.signal));
          others.push(runner);
          return new WeakRef(big);
        })();
        assert(await isFreed(ref), "the request is still there");
        for (const each of others) await each.stop();
        life.abort();
      },
    );
  }
});
