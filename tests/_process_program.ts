/** What `process_test.ts` runs: a scenario by its name, in a process of its own. */

import { runTick, StartStop, Ticker, untilAborted } from "../mod.ts";

const wait = (ms: number) =>
  new Promise<void>((resolve) => void setTimeout(resolve, ms));
/** A wait that does not keep the process alive, as of many a library. */
const quietly = (ms: number) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms) as unknown;
    if (typeof timer === "object") (timer as { unref(): void }).unref();
    else {
      (globalThis as unknown as { Deno: { unrefTimer(id: unknown): void } })
        .Deno
        .unrefTimer(timer);
    }
  });
const never = () => new Promise<void>(() => {});
const say = (what: unknown) => console.log(String(what));
const failure = (error: Error) => say(error.name);
const HOUR = 3_600_000;

const scenarios: Record<string, () => unknown> = {
  async ticker() {
    let count = 0;
    const ticker = new Ticker(30, (_signal, { stop }) => {
      say("tick");
      if (++count === 3) stop();
    });
    await ticker.start();
  },
  async stalled() {
    let count = 0;
    const ticker = new Ticker(100, (_signal, { stop }) => {
      // Between two ticks.
      if (++count === 2) setTimeout(() => say("now"), 10);
      if (count === 8) stop();
    }, {
      observer: (event) => {
        if (event.type !== "tick") return;
        const { scheduledAt, startedAt, missed } = event;
        say(JSON.stringify([scheduledAt, startedAt, missed]));
      },
    });
    await ticker.start();
  },
  async quietTicker() {
    const ticker = new Ticker(1_000, () => say("tick"), { persistent: false });
    await ticker.start();
    say("up");
  },
  async quietTickerBesideAnother() {
    const quiet = new Ticker(100, () => say("quiet"), { persistent: false });
    const loud = new Ticker(150, (_signal, { stop }) => {
      say("loud");
      stop();
    });
    await quiet.start();
    await loud.start();
  },
  async quietTickerWithReset() {
    const ticker = new Ticker(20, (_signal, { reset }) => {
      say("tick");
      reset(1_000);
    }, { persistent: false });
    await ticker.start();
    await wait(100);
    say("done");
  },
  async quietTickerThatStops() {
    const ticker = new Ticker(20, never, {
      persistent: false,
      immediate: true,
      printErrors: false,
    });
    await ticker.start();
    await ticker.stop({ timeout: 200 }).catch(failure);
  },
  async service() {
    const service = new StartStop(never);
    await service.start();
    const other = new StartStop((signal) => untilAborted(signal));
    await other.start();
    say("up");
  },
  async grace() {
    const service = new StartStop(never, undefined, { printErrors: false });
    await service.start();
    await service.stop({ timeout: 200 }).catch(failure);
  },
  async graceOfNobody() {
    const life = new AbortController();
    const service = new StartStop(never, undefined, {
      stopTimeout: 200,
      printErrors: false,
      observer: (event) => event.type === "error" && failure(event.error),
    });
    await service.start({ signal: life.signal });
    life.abort();
  },
  async readiness() {
    const service = new StartStop(never, undefined, {
      awaitReady: true,
      stopTimeout: 0,
      printErrors: false,
    });
    await service.start({ timeout: 200 }).catch(failure);
  },
  async unlimitedGrace() {
    const service = new StartStop(() => quietly(300));
    await service.start();
    await service.stop({ timeout: Infinity });
    say("stopped");
  },
  async unlimitedReadiness() {
    const service = new StartStop(async (signal, { ready }) => {
      await quietly(300);
      ready();
      await untilAborted(signal);
    }, { awaitReady: true, startTimeout: Infinity });
    await service.start();
    say("ready");
  },
  async rest() {
    const service = new StartStop(
      async (signal, { ready }) => {
        ready();
        await untilAborted(signal);
        await wait(5);
      },
      () => wait(5),
      { awaitReady: true, startTimeout: HOUR, stopTimeout: HOUR },
    );
    const ticker = new Ticker(2 ** 40, () => wait(5), {
      immediate: true,
      tickTimeout: HOUR,
      stopTimeout: HOUR,
    });
    const life = new AbortController();
    const { signal } = life;
    for (const runner of [service, ticker]) {
      await runner.start({ signal });
      await runner.restart({ timeout: HOUR });
      await runner.stop({ timeout: HOUR, signal });
      await runner.start({ signal });
    }
    const check = runTick(() => false, {
      interval: HOUR,
      timeout: HOUR,
      signal,
    });
    life.abort();
    say(await check);
    await Promise.all([service.finished(), ticker.finished()]);
    say(`${service.state} ${ticker.state}`);
  },
  async storm() {
    const failing = new StartStop(
      async (signal) => {
        await Promise.race([untilAborted(signal), wait(Math.random() * 9)]);
        throw new Error("start");
      },
      () => Promise.reject(new Error("stop")),
      { printErrors: false, stopTimeout: 3 },
    );
    const ticking = new Ticker(1, async (signal, { reset, stop }) => {
      const luck = Math.random();
      if (luck < 0.1) stop();
      else if (luck < 0.3) reset(luck * 10);
      else if (luck < 0.5) await wait(4);
      else if (luck < 0.6) await untilAborted(signal);
      if (luck < 0.8) throw luck;
    }, { printErrors: false, tickTimeout: 2, stopTimeout: 3 });
    for (let round = 0; round < 150; round++) {
      for (const runner of [failing, ticking]) {
        const life = new AbortController();
        const { signal } = life;
        void runner.start({ signal, timeout: Math.random() * 3 });
        void runner.stop({ timeout: Math.random() * 3 });
        void runner.restart({ timeout: Math.random() * 3 });
        void runner.finished({ signal });
        void runner.start({ signal: AbortSignal.abort() });
        if (Math.random() < 0.5) life.abort();
      }
      if (round % 5 === 0) await wait(2);
    }
    await Promise.allSettled([failing.stop(), ticking.stop()]);
    await Promise.allSettled([failing.finished(), ticking.finished()]);
    say(`${failing.state} ${ticking.state}`);
  },
};

const { process } = globalThis as unknown as {
  process: {
    argv: string[];
    on(name: string, listener: (reason: unknown) => void): void;
  };
};
process.on("unhandledRejection", (reason) => say(`unhandled: ${reason}`));
// Not awaited here: Node has an exit code for a top level that waits in vain.
void scenarios[process.argv[2]!]!();
