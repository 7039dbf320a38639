import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, Ticker, untilAborted } from "@golib/runner";
import { Metrics } from "@golib/runner/metrics";
import {
  instrument,
  type SpanLike,
  type SpanOptionsLike,
  traced,
  type TracerLike,
} from "@golib/runner/tracing";
import { Printed, reasonOf, serve, turns } from "./_helpers.ts";
import { FakeSupervisor } from "./_observed.ts";

interface Seen {
  readonly id: string;
  readonly name: string;
  readonly options: SpanOptionsLike;
  ended: boolean;
  error?: string;
  status?: number;
}

/** A tracer that keeps what it is told. */
function tracerOf(): { tracer: TracerLike; spans: Seen[]; lines(): string[] } {
  const spans: Seen[] = [];
  const begin = (name: string, options: SpanOptionsLike = {}): SpanLike => {
    const seen: Seen = {
      id: String(spans.length),
      name,
      options,
      ended: false,
    };
    spans.push(seen);
    return {
      spanContext: () => ({ traceId: "t", spanId: seen.id, traceFlags: 1 }),
      setAttribute: (key) =>
        void ((seen as never as Record<string, unknown>)[key] = true),
      setStatus: ({ code }) => void (seen.status = code),
      recordException: ({ message }) => void (seen.error = message),
      end: () => void (seen.ended = true),
    };
  };
  return {
    tracer: {
      startSpan: begin,
      startActiveSpan: (name, options, work) => work(begin(name, options)),
    },
    spans,
    lines: () =>
      spans.map(({ name, ended, error, options: { links } }) =>
        `${name}${ended ? "" : " open"}${error ? ` ! ${error}` : ""}${
          links?.length ? ` > ${links[0]!.context.spanId}` : ""
        }`
      ),
  };
}

function job(name: string, work: (turn: number) => unknown): Ticker {
  let turn = 0;
  return new Ticker(60_000, () => work(turn++), { name, printErrors: false });
}

describe("instrument()", () => {
  it("gives each tick a root of its own, linked to the one before", async () => {
    using time = new FakeTime();
    const { tracer, spans, lines } = tracerOf();
    const ticker = job("report", (turn) => {
      if (turn === 1) throw new Error("disk full");
    });
    instrument(ticker, { tracer });
    await ticker.start();
    await time.tickAsync(180_000);
    await ticker.stop();
    assertEquals(lines(), [
      "start report",
      "tick report",
      "tick report ! disk full > 1",
      "tick report > 2",
      "stop report",
    ]);
    assert(spans.every(({ options }) => options.root === true));
    assertEquals(spans[1]?.options.attributes?.["runner.path"], "report");
    assertEquals(spans.map(({ status }) => status).filter(Boolean), [2]);
  });

  it("ends the span of an async tick with the tick", async () => {
    using time = new FakeTime();
    const { tracer, lines } = tracerOf();
    const ticker = job(
      "slow",
      () => new Promise<void>((resolve) => void setTimeout(resolve, 100)),
    );
    instrument(ticker, { tracer });
    await ticker.start();
    await time.tickAsync(60_050);
    assertEquals(lines(), ["start slow", "tick slow open"]);
    await time.tickAsync(50);
    assertEquals(lines(), ["start slow", "tick slow"]);
    await ticker.stop();
  });

  it("takes a clean abort for no error, and a time limit for one", async () => {
    using time = new FakeTime();
    const { tracer, lines } = tracerOf();
    const ticker = new Ticker(
      60_000,
      (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
      {
        name: "slow",
        tickTimeout: 500,
        printErrors: false,
      },
    );
    instrument(ticker, { tracer });
    await ticker.start();
    await time.tickAsync(60_500);
    await time.tickAsync(59_700);
    await ticker.stop();
    const ticks = lines().filter((line) => line.startsWith("tick"));
    assertEquals(ticks, [
      'tick slow ! Cannot tick "slow": the tick did not end within 500 ms',
      "tick slow > 1",
    ]);
  });

  it("leaves out ticks that come often, and what 'sample' refuses", async () => {
    using time = new FakeTime();
    const { tracer, lines } = tracerOf();
    const often = new Ticker(999, () => {}, { name: "often" });
    const seldom = new Ticker(1_000, () => {}, { name: "seldom" });
    const app = new FakeSupervisor("app", { often, seldom });
    instrument(app, { tracer, sample: (_path, what) => what === "tick" });
    await often.start();
    await seldom.start();
    await time.tickAsync(2_000);
    await often.stop();
    await seldom.stop();
    assertEquals(lines(), ["tick app/seldom", "tick app/seldom > 0"]);
  });

  it("traces a start until it is ready, and a restart after the one that failed", async () => {
    const { tracer, lines } = tracerOf();
    let ready!: () => void;
    let starts = 0;
    const app = new StartStop((signal, control) => {
      if (starts++ === 0) throw new Error("refused");
      ready = control.ready;
      return untilAborted(signal);
    }, { name: "db", awaitReady: true, printErrors: false });
    const leave = instrument(app, { tracer });
    await reasonOf(app.start());
    const started = app.start();
    assertEquals(lines(), ["start db ! refused", "start db open > 0"]);
    ready();
    await started;
    assertEquals(lines()[1], "start db > 0");
    await app.stop();
    assertEquals(lines()[2], "stop db");
    leave();
    leave();
    void app.start();
    ready();
    await turns();
    await app.stop();
    assertEquals(lines().length, 3);
  });

  it("keeps what a stop failed with", async () => {
    const { tracer, lines } = tracerOf();
    const { runner } = serve({ name: "web" }, {
      stop() {
        throw new Error("busy");
      },
    });
    instrument(runner, { tracer });
    await runner.start();
    await runner.stop();
    assertEquals(lines(), ["start web", "stop web ! busy"]);
  });

  it("gives each attempt of a tick a span, and says which tick was skipped", async () => {
    using time = new FakeTime();
    const { tracer, spans, lines } = tracerOf();
    let turn = 0;
    const ticker = new Ticker(60_000, (_signal, control) => {
      if (++turn === 1) throw new Error("no");
      if (turn === 3) control.skip();
    }, {
      name: "job",
      printErrors: false,
      retry: { times: 3, random: () => 1 },
    });
    instrument(ticker, { tracer });
    await ticker.start();
    await time.tickAsync(60_500);
    assertEquals(lines(), ["start job", "tick job", "tick job"]);
    // The first attempt failed, and the tick did not.
    assertEquals(spans.map(({ status }) => status === 2), [false, true, false]);
    await time.tickAsync(60_000);
    const keys = spans.map((span) => "runner.skipped" in span);
    assertEquals(keys, [false, false, false, true]);
    await ticker.stop();
  });

  it("follows what is added to a tree, and made anew", async () => {
    const { tracer, lines } = tracerOf();
    const app = new FakeSupervisor("app", {});
    instrument(app, { tracer, sample: (_path, what) => what === "tick" });
    app.set("a", job("a", () => {}));
    await (app.children()[0]!.runner as Ticker).tick();
    const old = app.children()[0]!.runner as Ticker;
    app.set("a", job("a", () => {}));
    await (app.children()[0]!.runner as Ticker).tick();
    await old.tick();
    assertEquals(lines(), ["tick app/a", "tick app/a > 0"]);
  });

  it("goes with metrics, and with another tracer, on one runner", async () => {
    const [one, other] = [tracerOf(), tracerOf()];
    const ticker = job("a", () => {});
    const metrics = new Metrics();
    const leaveMetrics = metrics.watch(ticker);
    const leaveOne = instrument(ticker, { tracer: one.tracer });
    const leaveOther = instrument(ticker, { tracer: other.tracer });
    await ticker.tick();
    leaveOne();
    await ticker.tick();
    assertEquals(metrics.read("a")?.ticks, 2);
    leaveMetrics();
    await ticker.tick();
    leaveOther();
    await ticker.tick();
    const ticks = ({ lines }: typeof one) =>
      lines().filter((line) => line.startsWith("tick")).length;
    assertEquals([ticks(one), ticks(other)], [1, 3]);
    assertEquals(ticker.ticks.total, 4);
  });

  it("never breaks the work, whatever a tracer does", async () => {
    const { tracer } = tracerOf();
    const span = (key: string) =>
      new Proxy({} as SpanLike, {
        get: (_target, name) =>
          name === key
            ? () => {
              throw new Error(`no ${key}`);
            }
            : () => ({}),
      });
    const broken: Record<string, Partial<TracerLike>> = {
      throws: {
        startActiveSpan() {
          throw new Error("no tracer");
        },
      },
      "throws after": {
        startActiveSpan(_name, _options, work) {
          work({} as never);
          throw new Error("too late");
        },
      },
      "calls twice": {
        startActiveSpan(_name, _options, work) {
          work(span("none"));
          return work(span("none"));
        },
      },
      "never calls": { startActiveSpan: () => undefined },
      "calls later": {
        startActiveSpan(_name, _options, work) {
          void Promise.resolve().then(() => work(span("none")));
        },
      },
      "gives nonsense": { startSpan: () => 7 as never },
      "throws at the end": {
        startActiveSpan: (_name, _options, work) => work(span("end")),
      },
      "throws for errors": {
        startActiveSpan: (_name, _options, work) =>
          work(span("recordException")),
      },
    };
    for (const [name, part] of Object.entries(broken)) {
      using printed = new Printed();
      let calls = 0;
      const ticker = job("job", (turn) => {
        calls++;
        if (turn === 1) throw new Error("disk full");
      });
      instrument(ticker, { tracer: { ...tracer, ...part } });
      for (let index = 0; index < 3; index++) await ticker.tick();
      await turns();
      assertEquals(calls, 3, name);
      assertEquals(ticker.errorsTotal(), 0, name);
      assertEquals(ticker.ticks.failed, 1, name);
      assert(printed.texts.length <= 1, name);
    }
  });

  it("refuses what makes no sense", () => {
    const { tracer } = tracerOf();
    const ticker = job("a", () => {});
    const bad = (options: object) => () =>
      instrument(ticker, { tracer, ...options } as never);
    assertThrows(() => instrument({} as never, { tracer }), TypeError);
    assertThrows(bad({ tracer: {} }), TypeError, "tracer");
    assertThrows(bad({ tracer: undefined }), TypeError, "tracer");
    assertThrows(bad({ sample: 0.5 }), TypeError, "sample");
    assertThrows(bad({ minInterval: NaN }), RangeError, "minInterval");
    assertThrows(bad({ min_interval: 1 }), TypeError);
    assertThrows(() => traced(tracer, 1 as never, () => {}), TypeError);
    assertThrows(() => traced(tracer, "a", 1 as never), TypeError);
  });
});

describe("traced()", () => {
  it("gives each call a span, which ends when the call has settled", async () => {
    const { tracer, lines } = tracerOf();
    let settle!: (value: number) => void;
    const promise = new Promise<number>((resolve) => settle = resolve);
    const asked = traced(tracer, "load", () => promise)();
    assertStrictEquals(asked, promise);
    assertEquals(lines(), ["load open"]);
    settle(1);
    assertEquals(await asked, 1);
    await turns();
    assertEquals(lines(), ["load"]);
  });

  it("keeps errors, but for aborts", async () => {
    const { tracer, lines } = tracerOf();
    const throwing = traced(tracer, "sync", () => {
      throw new Error("no");
    });
    assertThrows(throwing, Error, "no");
    const aborted = new DOMException("aborted", "AbortError");
    await reasonOf(traced(tracer, "abort", () => Promise.reject(aborted))());
    const late = new DOMException("late", "TimeoutError");
    await reasonOf(traced(tracer, "late", () => Promise.reject(late))());
    await turns();
    assertEquals(lines(), ["sync ! no", "abort", "late ! late"]);
  });

  it("asks a thenable once", async () => {
    const { tracer, lines } = tracerOf();
    let asked = 0;
    const lazy = {
      then(resolve: (value: number) => void) {
        asked++;
        resolve(5);
      },
    };
    assertEquals(await traced(tracer, "lazy", () => lazy)(), 5);
    await turns();
    assertEquals([asked, lines()], [1, ["lazy"]]);
  });

  it("ends with the call where the function is not async", () => {
    const { tracer, lines } = tracerOf();
    assertEquals(traced(tracer, "sum", (a: number) => a + 1)(1), 2);
    assertEquals(lines(), ["sum"]);
  });
});
