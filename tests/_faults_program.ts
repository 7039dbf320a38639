/** What `faults_test.ts` runs: a scenario by its name, in a process of its own. */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { StartStop, Ticker, untilAborted } from "../mod.ts";
import { wait } from "./_watch.ts";

const say = (what: unknown) => console.log(JSON.stringify(what));
const quiet = { printErrors: false };

/** A ticker that says for each tick what a test can lay a grid through. */
function told(interval: number, count: number): Ticker {
  let left = count;
  return new Ticker(interval, (_signal, { stop }) => {
    if (--left === 0) stop();
  }, {
    observer: (event) => {
      if (event.type !== "tick") return;
      const { scheduledAt, startedAt, missed } = event;
      say([scheduledAt, startedAt, missed]);
    },
  });
}

const scenarios: Record<string, () => unknown> = {
  async stalled() {
    const ticker = told(100, 12);
    let grace = "pending";
    const stubborn = new StartStop(() => wait(60_000), undefined, quiet);
    await stubborn.start();
    await ticker.start();
    await wait(250);
    stubborn.stop({ timeout: 100 }).catch(({ name }) => grace = name);
    say("now");
    await ticker.finished();
    say(grace);
    process.exit();
  },
  async clockSet() {
    const file = process.env["FAKETIME_TIMESTAMP_FILE"]!;
    const seen: number[] = [];
    const started = [Date.now(), performance.now()] as const;
    const ticker = told(50, 30);
    await ticker.start();
    for (const offset of ["+5h", "-7h", "+0"]) {
      await wait(150);
      const stubborn = new StartStop(() => wait(400), undefined, quiet);
      await stubborn.start();
      const stoppedAt = performance.now();
      const grace = stubborn.stop({ timeout: 200 }).catch(({ name }) =>
        say([name, performance.now() - stoppedAt])
      );
      writeFileSync(file, offset);
      await wait(50);
      await grace;
      const ahead = Date.now() - started[0] - performance.now() + started[1];
      seen.push(Math.round(ahead / 3_600_000));
    }
    await ticker.finished();
    say(seen);
    // Until it is killed: engines may fail at their own end where time is faked.
    await wait(60_000);
  },
  async blocked() {
    const ticker = told(50, 8);
    await ticker.start();
    await wait(75);
    const end = performance.now() + 500;
    while (performance.now() < end);
    await ticker.finished();
  },
  async littleMemory() {
    const service = new StartStop((signal) => untilAborted(signal));
    const life = new AbortController();
    const { signal } = life;
    for (let cycle = 0; cycle < 20_000; cycle++) {
      await service.start({ signal });
      await service.stop();
    }
    const text = "no more room ".repeat(100);
    const failing = new Ticker(60_000, () => {
      throw new Error(`${text}${Math.random()}`);
    }, quiet);
    await failing.start({ signal });
    for (let tick = 0; tick < 50_000; tick++) await failing.tick();
    say([failing.errorsTotal(), failing.errorsList().length]);
    await failing.stop();
  },
  async thenable() {
    // deno-lint-ignore no-explicit-any
    type Then = (resolve: () => void, reject: (reason: unknown) => void) => any;
    const thrown = (): never => {
      throw new RangeError("no then");
    };
    const kinds: Record<string, Then> = {
      both: (resolve, reject) => (resolve(), reject("late"), resolve()),
      reverse: (resolve, reject) => (reject(new EvalError()), resolve()),
      throws: thrown,
      lateThrow: (resolve) => (resolve(), thrown()),
      silent: () => {},
    };
    const made = [
      ...Object.entries(kinds).map(([kind, then]) =>
        [kind, () => ({ then })] as const
      ),
      ["getter", () => Object.defineProperty({}, "then", { get: thrown })],
    ] as const;
    let printed = 0;
    const print = console.error;
    console.error = () => void printed++;
    for (const [kind, make] of made) {
      const runners = {
        start: new StartStop(make, undefined, quiet),
        stop: new StartStop((signal) => untilAborted(signal), make, quiet),
        tick: new Ticker(60_000, make, { ...quiet, immediate: true }),
        observer: new Ticker(60_000, () => {}, {
          ...quiet,
          observer: ({ type }) => type === "state" ? make() : undefined,
        }),
      };
      for (const [place, runner] of Object.entries(runners)) {
        printed = 0;
        await runner.start();
        await wait(0);
        let end = "in time";
        await runner.stop({ timeout: 20 }).catch(({ name }) => end = name);
        await wait(0);
        const errors = runner.errorsList().map(({ name }) => name);
        say([place, kind, end, runner.state, ...errors, printed]);
      }
    }
    console.error = print;
  },
  async throwingListeners() {
    const life = new AbortController();
    const mine = () => {
      throw new Error("a listener of the user's");
    };
    life.signal.addEventListener("abort", mine);
    let stops = 0;
    const service = new StartStop((signal) => {
      signal.addEventListener("abort", mine);
      return untilAborted(signal);
    }, () => void stops++);
    // As the platform has it, such an error belongs to nobody.
    const thrown: string[] = [];
    const keep = (error: Error) => void thrown.push(error.message);
    process.on("uncaughtException", keep);
    globalThis.addEventListener?.("error", (event) => {
      event.preventDefault();
      thrown.push((event as ErrorEvent).error?.message);
    });
    await service.start({ signal: life.signal });
    life.abort();
    await service.finished();
    await service.start();
    await service.stop();
    await wait(50);
    say([service.state, stops, service.errorsTotal(), thrown.length]);
    let end = () => {};
    const stubborn = new StartStop(
      (_signal, { force }) => {
        force.addEventListener("abort", mine);
        force.addEventListener("abort", () => end());
        return new Promise<void>((resolve) => end = resolve);
      },
      undefined,
      quiet,
    );
    await stubborn.start();
    await stubborn.stop({ timeout: 5 }).catch(({ name }) => say(name));
    await stubborn.finished();
    say([stubborn.state, stubborn.errorsTotal()]);
  },
};

await scenarios[process.argv[2] ?? ""]!();
