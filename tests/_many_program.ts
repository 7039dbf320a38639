/**
 * What `ticker_many_test.ts` runs: many tickers on what they take for the engine's
 * own clock, each started, stopped and reset at random, and each tick checked
 * against the contract's definitions.
 */

import { HandClock } from "./_fake_clocks.ts";

interface Control {
  readonly missed: number;
  reset(interval: number): void;
  stop(): void;
}

interface Tried {
  readonly ticker: InstanceType<typeof Ticker>;
  control: Control | undefined;
  origin: number;
  interval: number;
  /** The last point that had passed at the last tick. */
  point: number;
  /** When the last tick ended. */
  ended: number;
}

let seed = 0;

function random(): number {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  return seed / 2 ** 31;
}

function between(low: number, high: number): number {
  return Math.floor(low + random() * (high - low));
}

function anyOf<T>(values: T[]): T {
  return values[between(0, values.length)]!;
}

function anyInterval(): number {
  return anyOf([
    between(1, 50),
    between(4, 4_000) / 4,
    between(50, 5_000),
    between(2_000, 10_000),
    between(5_000, 100_000),
    2_048,
    4_096,
    8_192,
  ]);
}

const { argv } = (globalThis as unknown as { process: { argv: string[] } })
  .process;
const coarse = argv.includes("coarse");
// Before the module is loaded, which therefore takes it for the engine's.
const clock = new HandClock({
  engine: true,
  date: false,
  coarse,
  start: 77.25,
});
const { Ticker } = await import("../mod.ts");

const SLACK = 1e-3;
// A timer is good to a millisecond, one that is cut to whole ones to two.
const LATE = coarse ? 2.01 : 1.01;
let blockedUntil = 0;
let ticks = 0;

function fail(text: string): never {
  console.log(`FAILED ${text}`);
  throw new Error(text);
}

function nextOf({ origin, interval, point, ended }: Tried): number {
  const reached = Math.ceil((ended - origin - SLACK) / interval);
  return origin + Math.max(point + 1, reached) * interval;
}

function isLate(tried: Tried): boolean {
  const due = nextOf(tried);
  return clock.now - due > LATE && clock.now - blockedUntil > LATE;
}

function reset(tried: Tried): void {
  if (!tried.control || !tried.ticker.isRunning()) return;
  tried.interval = anyInterval();
  tried.origin = tried.ended = clock.now;
  tried.point = 0;
  tried.control.reset(tried.interval);
}

function check(tried: Tried, { missed }: Control): void {
  const { origin, interval, point, ticker } = tried;
  const reached = Math.floor((clock.now - origin + SLACK) / interval);
  const due = nextOf(tried);
  if (!ticker.isRunning()) fail("a tick of a ticker that does not run");
  if (clock.now < due - SLACK) fail(`${due - clock.now} ms early`);
  if (isLate(tried)) fail(`${clock.now - due} ms late`);
  if (missed !== reached - point - 1) {
    fail(`missed ${missed}, not ${reached - point - 1}`);
  }
  tried.point = reached;
}

function trial(): Tried[] {
  const all: Tried[] = [];
  const same = anyInterval();
  const isSame = random() < 0.2;
  for (let count = between(1, 60); count > 0; count--) {
    const interval = isSame ? same : anyInterval();
    const ticker = new Ticker(interval, (_signal, control) => {
      ticks++;
      tried.control = control;
      check(tried, control);
      const luck = random();
      if (luck < 0.05) reset(tried);
      else if (luck < 0.07) control.stop();
      else if (luck < 0.09) void ticker.stop();
      else if (luck < 0.11) void ticker.restart();
      else if (luck < 0.14) void anyOf(all).ticker.stop();
      else if (luck < 0.17) reset(anyOf(all));
      else if (luck < 0.173) {
        clock.block(between(1, 300));
        blockedUntil = clock.now;
      }
      tried.ended = clock.now;
    }, {
      persistent: random() < 0.5,
      printErrors: false,
      observer(event) {
        if (event.type === "error") fail(event.error.message);
        if (event.type !== "state" || event.to !== "running") return;
        tried.control = undefined;
        tried.origin = clock.now;
        tried.ended = clock.now;
        tried.interval = interval;
        tried.point = 0;
      },
    });
    const tried: Tried = {
      ticker,
      control: undefined,
      origin: 0,
      interval,
      point: 0,
      ended: 0,
    };
    all.push(tried);
  }
  return all;
}

async function run(): Promise<void> {
  const all = trial();
  for (let step = 0; step < 150; step++) {
    const tried = anyOf(all);
    const luck = random();
    if (luck < 0.6) void tried.ticker.start();
    else if (luck < 0.8) void tried.ticker.stop();
    else reset(tried);
    await clock.pass(random() < 0.2 ? between(0, 10_000) : between(0, 400));
    for (const each of all) {
      if (each.ticker.isRunning() && isLate(each)) {
        fail(`a tick of ${each.interval} ms did not come`);
      }
    }
  }
  await Promise.all(all.map(({ ticker }) => ticker.stop()));
  if (clock.pending > 0) fail(`${clock.pending} timers left`);
}

for (let number = 1; number <= 40; number++) {
  seed = number;
  await run();
}
console.log(ticks > 5_000 ? "done" : `only ${ticks} ticks`);
