/**
 * What `engine_clock_test.ts` runs: the module is loaded on a clock that it takes for
 * the engine's own. A scenario by its name; results as lines of JSON.
 */

import { HandClock, type HandClockOptions, settle } from "./_fake_clocks.ts";

const host = globalThis as unknown as
  & Record<string, unknown>
  & { process: { argv: string[] } };
const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
};
const say = (what: unknown) => console.log(JSON.stringify(what));
const load = () => import("../mod.ts");
const engine = () => new HandClock({ engine: true, date: false });

/** How many timers two tickers need, where only these globals tell the host. */
async function hosts(): Promise<void> {
  const clock = engine();
  const { Ticker } = await load();
  const tellers = [
    "Deno",
    "process",
    "document",
    "EdgeRuntime",
    "WebSocketPair",
  ];
  const before = tellers.map((name) =>
    [name, Object.getOwnPropertyDescriptor(host, name)] as const
  );
  const shapes: Record<string, unknown>[] = [
    { Deno: {} },
    { process: { versions: { node: "26.0.0" } } },
    { document: {} },
    {},
    { process: {} },
    { process: { versions: {} } },
    { Deno: {}, EdgeRuntime: "edge-runtime" },
    { process: { versions: { node: "22.0.0" } }, WebSocketPair: class {} },
  ];
  for (const shape of shapes) {
    const tickers = [1, 2].map(() => new Ticker(10, () => {}));
    for (const name of tellers) {
      Object.defineProperty(host, name, {
        value: shape[name],
        configurable: true,
      });
    }
    for (const ticker of tickers) void ticker.start();
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(host, name, descriptor);
      else delete host[name];
    }
    say([Object.keys(shape).join(), clock.pending]);
    await Promise.all(tickers.map((ticker) => ticker.stop()));
  }
}

/** A clock that fakes within the engine's own functions, as Bun's does. */
async function within(): Promise<void> {
  const clock = engine();
  const { Ticker } = await load();
  let sooner = 0;
  let later = 0;
  const first = new Ticker(10, () => void sooner++);
  const second = new Ticker(50, () => void later++);
  await first.start();
  await clock.pass(25);
  say([sooner, later]);
  const { setTimeout } = globalThis;
  Object.assign(setTimeout, { clock: {} });
  await clock.pass(10);
  // It takes with it what was armed while it was there.
  clock.forget();
  Reflect.deleteProperty(setTimeout, "clock");
  await clock.pass(25);
  say([sooner, later]);
  await second.start();
  await clock.pass(50);
  say([sooner > 5, later]);
  await Promise.all([first.stop(), second.stop()]);
  await settle();
  say(clock.pending);
}

/** Has each timer counted that the process need not wait for. */
function counting(clock: HandClock): { freed: number; held: number } {
  const counts = { freed: 0, held: 0 };
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const counted = (callback: () => void, ms: number) => {
    const id = set(callback, ms);
    counts.held++;
    const unref = () => {
      counts.held--;
      counts.freed++;
    };
    return { id, unref };
  };
  Object.defineProperty(counted, "name", { value: "setTimeout" });
  if ("clock" in set) Object.assign(counted, { clock });
  Object.assign(globalThis, {
    setTimeout: counted,
    clearTimeout: (timer?: { id: unknown }) => clear(timer?.id as number),
  });
  return counts;
}

/** Which timers the process has to wait for, on the engine's clock and another. */
async function held(): Promise<void> {
  for (const make of [engine, () => new HandClock()]) {
    const current = make();
    const counts = counting(current);
    const { Ticker, StartStop, runTick } = await load();
    const taken = () => {
      const { freed, held } = counts;
      counts.freed = counts.held = 0;
      return [freed, held];
    };
    for (const persistent of [undefined, true, false]) {
      const ticker = new Ticker(10, () => {}, { persistent });
      await ticker.start();
      await current.pass(25);
      await ticker.stop();
      say(taken());
    }
    const service = new StartStop(() => new Promise(() => {}), undefined, {
      printErrors: false,
    });
    await service.start();
    service.stop({ timeout: 5 });
    say(taken());
    const ticked = runTick(() => false, { interval: 10, timeout: 20 });
    await current.pass(20);
    await ticked;
    say(taken());
    current.restore();
    Object.assign(globalThis, real);
  }
}

/** What the second of two that ring at one moment takes for the time. */
async function rung(): Promise<void> {
  const clock = engine();
  const { Ticker } = await load();
  const start = clock.now;
  const first = new Ticker(10, () => {}, {
    observer: ({ type }) => type === "tick" && clock.block(30),
  });
  const second = new Ticker(10, () => {}, {
    observer(event) {
      if (event.type === "tick") say(event.startedAt - start);
    },
  });
  await first.start();
  await second.start();
  await clock.pass(10);
  await first.stop();
  await second.stop();
}

/** How a ticker of 100 ms goes whose first tick takes 250. */
async function overrun(clock: HandClock): Promise<number[]> {
  const { Ticker } = await load();
  const missed: number[] = [];
  let first = true;
  const ticker = new Ticker(100, async () => {
    if (!first) return;
    first = false;
    await new Promise((resolve) => void setTimeout(resolve, 250));
  }, {
    observer: (event) => event.type === "tick" && missed.push(event.missed),
  });
  await ticker.start();
  await clock.pass(530);
  await ticker.stop();
  return missed;
}

/** The module is loaded under a fake clock, which then goes, and others come. */
async function fresh(options: HandClockOptions): Promise<void> {
  const clocks = [
    () => new HandClock(options),
    engine,
    // With a performance of their own, as the engine's went with that.
    () => new HandClock({ date: false }),
    () => new HandClock({}),
  ];
  for (const make of clocks) {
    const clock = make();
    say([await overrun(clock), clock.pending]);
    clock.restore();
  }
}

const scenarios: Record<string, () => Promise<void>> = {
  hosts,
  within,
  held,
  rung,
  freshAll: () => fresh({}),
  freshDate: () => fresh({ performance: false }),
  freshPerformance: () => fresh({ date: false }),
  freshShared: () => fresh({ shared: true, performance: false }),
};
await scenarios[host.process.argv[2]!]!();
