// One figure in one process: `bench_program.ts WHAT CORE` prints a number.
//
// CORE is the folder whose runners are measured: this repository, or a copy of it.

import process from "node:process";

const [what = "", core = ""] = process.argv.slice(2);
const load = (path: string) => import(`${core}/${path}`);
const { Ticker } = await load("mod.ts") as typeof import("../../mod.ts");
type AnyTicker = InstanceType<typeof Ticker>;

const { Bun, gc } = globalThis as {
  Bun?: { gc(sync: boolean): void };
  gc?: () => void;
};
const collect = () => Bun ? Bun.gc(true) : gc?.();

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Nanoseconds of processor time a tick, of many at once. */
async function tick(watch: (ticker: AnyTicker) => void): Promise<number> {
  const tickers = Array.from(
    { length: 2_000 },
    (_each, index) =>
      new Ticker(5, () => {}, { name: `job ${index}`, context: "none" }),
  );
  tickers.forEach(watch);
  for (const each of tickers) await each.start();
  await pause(500);
  const count = () =>
    tickers.reduce((sum, { ticks: { total } }) => sum + total, 0);
  const before = count();
  const used = process.cpuUsage();
  await pause(1_000);
  const { user, system } = process.cpuUsage(used);
  const ticks = count() - before;
  for (const each of tickers) await each.stop();
  return (user + system) * 1_000 / ticks;
}

async function promClient() {
  const name = "prom-client";
  const { default: client } = await import(name) as {
    default: {
      Registry: new () => { metrics(): Promise<string> };
      Counter: new (options: object) => {
        inc(labels: object, value?: number): void;
      };
      Histogram: new (options: object) => {
        observe(labels: object, value: number): void;
      };
    };
  };
  const registry = new client.Registry();
  const counter = new client.Counter({
    name: "ticks_total",
    help: "Ticks.",
    labelNames: ["runner", "outcome"],
    registers: [registry],
  });
  const histogram = new client.Histogram({
    name: "tick_duration_seconds",
    help: "Durations.",
    labelNames: ["runner"],
    buckets: [0.001, 0.01, 0.1, 1, 10, 100],
    registers: [registry],
  });
  return { registry, counter, histogram };
}

interface Scrape {
  /** Milliseconds of processor time. */
  cpu: number;
  /** Milliseconds for which the loop stands still, at most. */
  stall: number;
}

/** What something costs, and for how long the loop stands still meanwhile. */
async function stalls(work: () => Promise<unknown>): Promise<Scrape> {
  // A program is looked at for days: what is compiled meanwhile is not measured.
  for (let turn = 0; turn < 10; turn++) await work();
  const found: Scrape[] = [];
  for (let turn = 0; turn < 7; turn++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    let stall = 0;
    let last = 0;
    const look = setInterval(() => {
      const now = performance.now();
      if (last) stall = Math.max(stall, now - last);
      last = now;
    }, 1);
    await pause(5);
    await work();
    await pause(5);
    clearInterval(look);
    found.push({ cpu: (user + system) / 1_000, stall });
  }
  const middle = (of: (each: Scrape) => number) =>
    found.map(of).sort((a, b) => a - b)[3]!;
  return { cpu: middle(({ cpu }) => cpu), stall: middle(({ stall }) => stall) };
}

/** Reads how many bytes are in use, of objects and of typed arrays. */
async function sizes(): Promise<() => number> {
  const name = "bun:jsc";
  const { heapStats } = (Bun ? await import(name) : {}) as {
    heapStats?: () => { heapSize: number };
  };
  return () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    // Bun's heapUsed is that of its last collection.
    return heapStats ? heapStats().heapSize : heapUsed + arrayBuffers;
  };
}

const SERIES = 120_000;

const figures: Record<string, () => Promise<unknown>> = {
  unwatched: () => tick(() => {}),
  observed: () => tick((ticker) => void ticker.observe(() => {})),
  async metrics() {
    const { Metrics } = await load(
      "observability/metrics/mod.ts",
    ) as typeof import("../../observability/metrics/mod.ts");
    const metrics = new Metrics({ maxRunners: Infinity });
    return tick((ticker) => void metrics.watch(ticker));
  },
  async "prom-client"() {
    const { counter, histogram } = await promClient();
    return tick((ticker) => {
      const { name: runner } = ticker;
      ticker.observe((event) => {
        if (event.type !== "tick") return;
        counter.inc({ runner, outcome: event.error ? "error" : "success" });
        histogram.observe({ runner }, event.duration / 1_000);
      });
    });
  },
  async opentelemetry() {
    const { meterOf } = await import("./sdk2/setup.mjs" as string) as {
      meterOf(): {
        meter: Record<
          string,
          (name: string) => {
            add(value: number, attributes: object): void;
            record(value: number, attributes: object): void;
          }
        >;
      };
    };
    const { meter } = meterOf();
    const counter = meter["createCounter"]!("ticks");
    const histogram = meter["createHistogram"]!("durations");
    return tick((ticker) => {
      const { name: runner } = ticker;
      ticker.observe((event) => {
        if (event.type !== "tick") return;
        counter.add(1, { runner, outcome: event.error ? "error" : "success" });
        histogram.record(event.duration / 1_000, { runner });
      });
    });
  },
  async instrument() {
    const { instrument } = await load(
      "observability/tracing/mod.ts",
    ) as typeof import("../../observability/tracing/mod.ts");
    const span = {
      spanContext: () => ({ traceId: "", spanId: "", traceFlags: 0 }),
      setAttribute() {},
      setStatus() {},
      recordException() {},
      end() {},
    };
    const tracer = {
      startSpan: () => span,
      startActiveSpan: (
        _name: string,
        _options: object,
        work: (each: typeof span) => unknown,
      ) => work(span),
    };
    return tick((ticker) =>
      void instrument(ticker, { tracer, minInterval: 0 })
    );
  },
  async scrape() {
    const { Metrics } = await load(
      "observability/metrics/mod.ts",
    ) as typeof import("../../observability/metrics/mod.ts");
    const tickers = Array.from(
      { length: SERIES / 24 },
      (_each, index) =>
        new Ticker(3_600_000, () => {}, { name: `job ${index}` }),
    );
    // What a runner keeps of its own after a tick is not what is measured.
    for (const each of tickers) await each.tick();
    const size = await sizes();
    const before = size();
    const metrics = new Metrics({ maxRunners: Infinity });
    for (const each of tickers) metrics.watch(each);
    for (const each of tickers) await each.tick();
    const used = size() - before;
    const series =
      metrics.text().split("\n").filter((line) => !line.startsWith("#"))
        .length - 1;
    const timed = await stalls(async () => {
      const answer = await metrics.handler(new Request("http://localhost/"));
      for await (
        const _chunk of answer.body! as never as AsyncIterable<unknown>
      );
    });
    return { ...timed, series, bytes: used / series };
  },
  async "scrape prom-client"() {
    const { registry, counter, histogram } = await promClient();
    // A histogram of six bounds is nine series.
    const most = Math.floor(SERIES / 11);
    for (let index = 0; index < most; index++) {
      const runner = `job ${index}`;
      counter.inc({ runner, outcome: "success" });
      counter.inc({ runner, outcome: "error" });
      histogram.observe({ runner }, 0.01);
    }
    const text = await registry.metrics();
    const series =
      text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
        .length;
    return { ...await stalls(() => registry.metrics()), series };
  },
  async probes() {
    const { Supervisor } = await load(
      "supervisor/mod.ts",
    ) as typeof import("../../supervisor/mod.ts");
    const { Health } = await load(
      "observability/health/mod.ts",
    ) as typeof import("../../observability/health/mod.ts");
    const { Metrics } = await load(
      "observability/metrics/mod.ts",
    ) as typeof import("../../observability/metrics/mod.ts");
    const { statusPage } = await load(
      "observability/status/mod.ts",
    ) as typeof import("../../observability/status/mod.ts");
    const app = new Supervisor(
      Array.from({ length: 1_000 }, (_each, index) => ({
        runner: new Ticker(3_600_000, () => {}, { name: `job ${index}` }),
      })),
      { name: "app" },
    );
    await app.start();
    const metrics = new Metrics({ maxRunners: Infinity });
    metrics.watch(app);
    const health = new Health(app);
    const page = statusPage(app, { metrics, authorize: () => true });
    const time = async (
      work: () => Promise<unknown>,
      turns: number,
    ): Promise<number> => {
      for (let turn = 0; turn < turns; turn++) await work();
      const found: number[] = [];
      for (let round = 0; round < 9; round++) {
        const began = performance.now();
        for (let turn = 0; turn < turns; turn++) await work();
        found.push((performance.now() - began) / turns);
      }
      return found.sort((a, b) => a - b)[4]!;
    };
    const probe = (path: string) => () =>
      health.handler(new Request(`http://localhost${path}`));
    const found = {
      livez: 1_000 * await time(probe("/livez"), 2_000),
      readyz: 1_000 * await time(probe("/readyz"), 2_000),
      page: await time(
        async () => (await page(new Request("http://localhost/"))).text(),
        20,
      ),
    };
    await app.stop();
    return found;
  },
};

console.log(JSON.stringify(await figures[what]!()));
