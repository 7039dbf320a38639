/**
 * What `import_test.ts` runs: the module is loaded only when the globals of its
 * process have been replaced. A scenario by its name; results as lines of JSON.
 */

import { HandClock, type HandClockOptions } from "./_fake_clocks.ts";

const host = globalThis as unknown as
  & Record<string, unknown>
  & { process: { argv: string[] } };
const say = (what: unknown) => console.log(JSON.stringify(what));
const load = () => import("../mod.ts");

/** Whether the library itself is the one that calls, `depth` frames above. */
function isOurs(depth?: number): boolean {
  const frames = new Error().stack!.split("\n").filter((line) =>
    /:\d+:\d+/.test(line)
  );
  const ours = /\/(_internal|ticker|start_stop)\/\w+\.ts|\/(mod|tools)\.ts/;
  return depth === undefined
    ? frames.some((line) => ours.test(line))
    : ours.test(frames[depth] ?? "");
}

async function starts(): Promise<void> {
  const calls: string[] = [];
  const note = (name: string) => isOurs() && calls.push(name);
  const owners: [Record<string, unknown>, string][] = [
    [host, "setTimeout"],
    [host, "setInterval"],
    [host, "setImmediate"],
    [host, "queueMicrotask"],
    [host, "fetch"],
    [Math as unknown as Record<string, unknown>, "random"],
    [crypto as unknown as Record<string, unknown>, "getRandomValues"],
    [crypto as unknown as Record<string, unknown>, "randomUUID"],
  ];
  for (const [owner, name] of owners) {
    const before = owner[name];
    if (typeof before !== "function") continue;
    owner[name] = function (this: unknown, ...values: unknown[]) {
      note(name);
      return Reflect.apply(before, owner, values);
    };
    Object.defineProperty(owner[name], "name", { value: name });
  }
  const Controller = AbortController;
  host["AbortController"] = class extends Controller {
    constructor() {
      super();
      note("AbortController");
    }
  };
  const { StartStop, Ticker } = await load();
  say(calls.splice(0));
  const service = new StartStop(() => {}, () => {}, {
    awaitReady: true,
    observer: () => {},
  });
  const ticker = new Ticker(10, () => Promise.resolve(), {
    immediate: true,
    // Never in the time that a busy machine takes for a tick.
    tickTimeout: 60_000,
    observer: () => {},
  });
  service.observe(() => {})();
  say(calls.splice(0));
  // What shows that the counting counts.
  await ticker.start();
  await ticker.stop();
  say([...new Set(calls)].sort());
}

// What the language itself has, of which each engine has more or less.
const LANGUAGE =
  /^(undefined|NaN|Infinity|globalThis|eval|is(NaN|Finite)|parse(Int|Float)|(en|de)codeURI(Component)?|(un)?escape|Object|Function|Boolean|Symbol|Number|BigInt|Math|JSON|Reflect|Proxy|String|RegExp|Array|Map|Set|WeakMap|WeakSet|WeakRef|FinalizationRegistry|\w*Error|\w*Array|ArrayBuffer|DataView|Atomics|SharedArrayBuffer|Intl|Iterator|Promise|WebAssembly)$/;

async function globals(): Promise<void> {
  const used = new Set<string>();
  const watched = <T extends object>(name: string, value: T): T => {
    const bound = new Map<PropertyKey, unknown>();
    return new Proxy(value, {
      get(target, key) {
        if (isOurs(2)) used.add(`${name}.${String(key)}`);
        const member = Reflect.get(target, key);
        if (typeof member !== "function" || key === "prototype") return member;
        if (!bound.has(key)) bound.set(key, member.bind(target));
        return bound.get(key);
      },
    });
  };
  const names = new Set<string>();
  for (let owner = globalThis; owner; owner = Object.getPrototypeOf(owner)) {
    if (owner === Object.prototype) break;
    for (const name of Object.getOwnPropertyNames(owner)) names.add(name);
  }
  for (const name of names) {
    if (LANGUAGE.test(name)) continue;
    let value = host[name];
    if (/^(console|performance|Date)$/.test(name)) {
      value = watched(name, value as object);
    }
    try {
      Object.defineProperty(globalThis, name, {
        get() {
          if (isOurs(2)) used.add(name);
          return value;
        },
        set(next) {
          value = next;
        },
        configurable: true,
      });
    } catch {
      // Some engines have globals that cannot be replaced, none of use here.
    }
  }
  const { runNbr, runTick, recoveryCaller, StartStop, Ticker, untilAborted } =
    await load();
  console.error = () => {};
  const life = new AbortController();
  const { signal } = life;
  for (const persistent of [true, false]) {
    const ticker = new Ticker(2, async () => {
      await untilAborted(AbortSignal.timeout(3));
      throw new Error("tick");
    }, { persistent, tickTimeout: 1 });
    await ticker.start({ signal });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await ticker.restart();
  }
  const service = new StartStop(
    (signal, { ready }) => {
      ready();
      return untilAborted(signal);
    },
    () => Promise.reject(new Error("stop")),
    { awaitReady: true },
  );
  await service.start({ signal });
  await service.restart();
  await runNbr(() => false, { max: 1 });
  await runTick(() => false, { interval: 1, timeout: 3, signal });
  recoveryCaller("this", new Error("that"), { data: 1 });
  life.abort();
  await service.finished();
  say([...used].sort());
}

/** A ticker on the engine's own clock: what holds of it on a machine that is busy. */
async function real(): Promise<string> {
  const { Ticker } = await load();
  const points: number[] = [];
  const missed: number[] = [];
  const ticker = new Ticker(100, async (_signal, { stop }) => {
    if (points.length === 2) stop();
    if (points.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }, {
    stopTimeout: 3_600_000,
    observer(event) {
      if (event.type !== "tick") return;
      points.push(event.scheduledAt);
      missed.push(event.missed);
    },
  });
  await ticker.start();
  await ticker.finished();
  const steps = points.map((point) => (point - points[0]!) / 100);
  const isGrid = steps.every((step, index) =>
    Math.abs(step - Math.round(step)) < 1e-4 &&
    (index === 0 || step > steps[index - 1]!)
  );
  return isGrid && missed[1]! >= 2 ? "a grid" : `${steps}, missed ${missed}`;
}

async function under(clock: HandClock): Promise<unknown[]> {
  const { Ticker } = await load();
  const missed: number[] = [];
  let previous = 0;
  const gaps: number[] = [];
  let first = true;
  const ticker = new Ticker(100, async () => {
    if (!first) return;
    first = false;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }, {
    stopTimeout: 3_600_000,
    observer(event) {
      if (event.type !== "tick") return;
      missed.push(event.missed);
      gaps.push(Math.round((event.scheduledAt - previous) / 100));
      previous = event.scheduledAt;
    },
  });
  previous = performance.now();
  await ticker.start();
  await clock.pass(530);
  await ticker.stop();
  return [missed, gaps];
}

async function fresh(options: HandClockOptions): Promise<void> {
  const first = new HandClock(options);
  await load();
  say(await under(first));
  first.restore();
  say(await real());
  const second = new HandClock({ shared: true, performance: false });
  say(await under(second));
  second.restore();
}

async function freshUnderSinon(): Promise<void> {
  const { install } = await import("@sinonjs/fake-timers");
  const clock = install({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  const { Ticker } = await load();
  const missed: number[] = [];
  const ticker = new Ticker(100, () => {
    if (missed.length > 0) return;
    return new Promise((resolve) => setTimeout(resolve, 250));
  }, {
    observer: (event) => event.type === "tick" && missed.push(event.missed),
  });
  await ticker.start();
  await clock.tickAsync(530);
  await ticker.stop();
  say(missed);
  clock.uninstall();
  say(await real());
}

/** An edge platform, whose timers go away with the request that armed them. */
async function requests(): Promise<void> {
  host["WebSocketPair"] = class {};
  const real = globalThis.setTimeout;
  const over = new Set<string>();
  let current = "";
  const within = <T>(request: string, body: () => T): T => {
    const before = current;
    current = request;
    try {
      return body();
    } finally {
      current = before;
    }
  };
  const set = (
    callback: (...values: unknown[]) => void,
    ms?: number,
    ...values: unknown[]
  ) => {
    const request = current;
    return real(() => {
      if (!over.has(request)) within(request, () => callback(...values));
    }, ms);
  };
  // Said, as Deno renames what is named as a global is.
  host["setTimeout"] = Object.defineProperty(set, "name", {
    value: "setTimeout",
  });
  const { Ticker } = await load();
  const counts: Record<string, number> = { a: 0, b: 0 };
  const tickers = ["a", "b"].map((request) => {
    const ticker = new Ticker(10, () => {
      counts[request]!++;
    });
    within(request, () => void ticker.start());
    return ticker;
  });
  await new Promise((resolve) => real(resolve, 55));
  over.add("a");
  const before = { ...counts };
  await new Promise((resolve) => real(resolve, 105));
  say([counts["a"]! - before["a"]!, counts["b"]! - before["b"]! >= 3]);
  for (const ticker of tickers) await ticker.stop();
}

const scenarios: Record<string, () => Promise<void>> = {
  starts,
  globals,
  requests,
  freshUnderSinon,
  freshAll: () => fresh({}),
  freshDate: () => fresh({ performance: false }),
  freshPerformance: () => fresh({ date: false }),
  freshShared: () => fresh({ shared: true, performance: false }),
};
await scenarios[host.process.argv[2]!]!();
