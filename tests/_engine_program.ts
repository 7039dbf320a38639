/**
 * What `engine_clock_test.ts` runs: the module is loaded on a clock that it takes for
 * the engine's own. A scenario by its name; results as lines of JSON.
 */

import { HandClock, settle } from "./_fake_clocks.ts";

const host = globalThis as unknown as
  & Record<string, unknown>
  & { process: { argv: string[] } };
const say = (what: unknown) => console.log(JSON.stringify(what));
const clock = new HandClock({ engine: true, date: false });
const { Ticker } = await import("../mod.ts");

/** How many timers two tickers need, where only these globals tell the host. */
async function hosts(): Promise<void> {
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

const scenarios: Record<string, () => Promise<void>> = { hosts, within };
await scenarios[host.process.argv[2]!]!();
