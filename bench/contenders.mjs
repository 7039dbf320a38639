// Each contender doing the same job, in its own idiom: call a body every so many
// milliseconds, until it is stopped. The body is told of ticks that were missed.

import process from "node:process";

export const library = () => import(process.env.RUNNER_LIBRARY);

/** One of the modules around the core, which lies beside it. */
const part = (name) =>
  import(new URL(`${name}.mjs`, process.env.RUNNER_LIBRARY));

/** A cron expression, as those know no milliseconds. */
function pattern(ms) {
  if (ms === 1_000) return "* * * * * *";
  if (ms === 3_600_000) return "0 0 * * * *";
  throw new Error(`No cron expression for ${ms} ms`);
}

async function tickers(options) {
  const { Ticker } = await library();
  return {
    start(ms, body) {
      const tick = (_, control) => body(control.missed);
      const ticker = new Ticker(ms, tick, options);
      ticker.start();
      return ticker;
    },
    // One function for all, as that of a bare interval.
    startPlain(ms, body) {
      const ticker = new Ticker(ms, body, options);
      ticker.start();
      return ticker;
    },
    stop: (ticker) => ticker.stop(),
  };
}

const intervals = {
  start: (ms, body) => setInterval(body, ms, 0),
  startPlain: (ms, body) => setInterval(body, ms),
  stop: (timer) => clearInterval(timer),
};

/** The same, each started in an async context of its own. */
async function inContexts({ start, startPlain = start, stop }) {
  const { AsyncLocalStorage } = await import("node:async_hooks");
  const storage = new AsyncLocalStorage();
  let count = 0;
  const run = (start) => (...values) =>
    storage.run({ request: count++ }, start, ...values);
  return { start: run(start), startPlain: run(startPlain), stop };
}

/** Each with a name of its own, and with counters or without. */
async function named(isWatched) {
  const { Ticker } = await library();
  const { Metrics } = await part("metrics");
  const metrics = new Metrics({ maxRunners: Infinity });
  let count = 0;
  const startPlain = (ms, body) => {
    const name = `job ${count++}`;
    const ticker = new Ticker(ms, body, { name, context: "none" });
    if (isWatched) metrics.watch(ticker);
    ticker.start();
    return ticker;
  };
  return {
    start: (ms, body) => startPlain(ms, () => body(0)),
    startPlain,
    stop: (ticker) => ticker.stop(),
  };
}

export const contenders = {
  ticker: () => tickers(),
  "ticker without context": () => tickers({ context: "none" }),
  unwatched: () => named(false),
  watched: () => named(true),
  "ticker in contexts": async () => inContexts(await tickers()),
  interval: () => intervals,
  "interval in contexts": () => inContexts(intervals),

  chain: () => ({
    start(ms, body) {
      const chain = { timer: undefined };
      let next = performance.now() + ms;
      const fire = () => {
        body(0);
        next += ms;
        chain.timer = setTimeout(fire, Math.max(0, next - performance.now()));
      };
      chain.timer = setTimeout(fire, ms);
      return chain;
    },
    stop: (chain) => clearTimeout(chain.timer),
  }),

  // As the chain, but never before the moment: engines wait for whole milliseconds,
  // and some round down.
  timer: () => ({
    start(ms, body) {
      const chain = { timer: undefined };
      let next = performance.now() + ms;
      const arm = () =>
        setTimeout(fire, Math.max(0, Math.ceil(next - performance.now())));
      const fire = () => {
        body(0);
        next += ms;
        chain.timer = arm();
      };
      chain.timer = arm();
      return chain;
    },
    stop: (chain) => clearTimeout(chain.timer),
  }),

  async croner() {
    const { Cron } = await import("croner");
    return {
      start: (ms, body) => new Cron(pattern(ms), () => body(0)),
      stop: (job) => job.stop(),
    };
  },

  async "toad-scheduler"() {
    const { SimpleIntervalJob, Task, ToadScheduler } = await import(
      "toad-scheduler"
    );
    const scheduler = new ToadScheduler();
    let last = 0;
    return {
      start(milliseconds, body) {
        const id = `job ${last++}`;
        const task = new Task(id, () => body(0));
        const options = { id };
        scheduler.addSimpleIntervalJob(
          new SimpleIntervalJob({ milliseconds }, task, options),
        );
        return id;
      },
      stop: (id) => scheduler.removeById(id),
    };
  },

  async "node-cron"() {
    const { default: cron } = await import("node-cron");
    return {
      start: (ms, body) => cron.schedule(pattern(ms), () => body(0)),
      stop: (job) => job.destroy(),
    };
  },

  async "node-schedule"() {
    const { default: schedule } = await import("node-schedule");
    return {
      start: (ms, body) => schedule.scheduleJob(pattern(ms), () => body(0)),
      stop: (job) => job.cancel(),
    };
  },

  async effect() {
    const { Effect, Fiber, Schedule } = await import("effect");
    return {
      start: (ms, body) =>
        Effect.runFork(
          Effect.schedule(Effect.sync(() => body(0)), Schedule.fixed(ms)),
        ),
      stop: (fiber) => Effect.runPromise(Fiber.interrupt(fiber)),
    };
  },

  none: () => ({ start: () => {}, stop: () => {} }),
};

/** How tables and plots call them. */
export const labels = {
  ticker: "Ticker",
  "ticker without context": "Ticker, context none",
  unwatched: "Ticker, unwatched",
  watched: "Ticker, watched by Metrics",
  "ticker in contexts": "Ticker, each in a context",
  interval: "bare setInterval",
  "interval in contexts": "setInterval, each in a context",
  chain: "setTimeout chain",
  timer: "bare timer, rounded up",
  croner: "croner",
  "toad-scheduler": "toad-scheduler",
  "node-cron": "node-cron",
  "node-schedule": "node-schedule",
  effect: "Effect Schedule",
  none: "nothing",
};
