import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import fc from "fast-check";
import {
  type Observer,
  type Runner,
  StartStop,
  Ticker,
  untilAborted,
} from "@golib/runner";
import { meter, Metrics } from "@golib/runner/metrics";
import { Supervisor } from "@golib/runner/supervisor";
import { timed } from "./_fake_clocks.ts";
import { serve, turns } from "./_helpers.ts";
import { FakeSupervisor } from "./_observed.ts";

/** The values of a text, by what stands before them. */
function valuesOf(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const cut = line.lastIndexOf(" ");
    const key = line.slice(0, cut);
    assert(!found.has(key), `twice: ${key}`);
    found.set(key, Number(line.slice(cut + 1)));
  }
  return found;
}

function failing(name: string): Ticker {
  return new Ticker(60_000, () => {
    throw new Error("no");
  }, { name, printErrors: false });
}

/** A runner of somebody else, by its shape. */
class Foreign implements Runner {
  readonly name = "foreign";
  readonly #inner: Ticker;

  constructor(inner: Ticker) {
    this.#inner = inner;
  }

  start = () => this.#inner.start();
  stop = () => this.#inner.stop();
  restart = () => this.#inner.restart();
  isRunning = () => this.#inner.isRunning();
  uptime = () => this.#inner.uptime();
  observe = (observer: Observer) => this.#inner.observe(observer);
  [Symbol.asyncDispose] = () => this.#inner.stop();
}

describe("Metrics", () => {
  it("count ticks by their outcome", async () => {
    const metrics = new Metrics();
    let turn = 0;
    const ticker = new Ticker(60_000, (_signal, control) => {
      if (++turn === 1) throw new Error("no");
      if (turn === 2) control.skip();
    }, { name: "job", printErrors: false });
    metrics.watch(ticker);
    for (let index = 0; index < 5; index++) await ticker.tick();
    const values = valuesOf(metrics.text());
    const of = (outcome: string) =>
      values.get(`golib_runner_ticks_total{runner="job",outcome="${outcome}"}`);
    assertEquals(["success", "error", "skipped"].map(of), [3, 1, 1]);
    assertEquals(
      values.get('golib_runner_errors_total{runner="job",phase="tick"}'),
      1,
    );
    assertEquals(
      values.get('golib_runner_tick_duration_seconds_count{runner="job"}'),
      4,
    );
  });

  it("put each duration into the bucket whose bound it does not exceed", async () => {
    using time = new FakeTime();
    const metrics = new Metrics({ buckets: [0.01, 0.1, 1] });
    let lasts = 0;
    const ticker = new Ticker(
      60_000,
      () => new Promise<void>((resolve) => void setTimeout(resolve, lasts)),
      { name: "job" },
    );
    metrics.watch(ticker);
    for (lasts of [10, 11, 100, 1_000, 5_000]) {
      const ticked = ticker.tick();
      await time.tickAsync(lasts);
      await ticked;
    }
    const values = valuesOf(metrics.text());
    const of = (le: string) =>
      values.get(
        `golib_runner_tick_duration_seconds_bucket{runner="job",le="${le}"}`,
      );
    assertEquals(["0.01", "0.1", "1.0", "+Inf"].map(of), [1, 3, 4, 5]);
    assertEquals(
      values.get('golib_runner_tick_duration_seconds_sum{runner="job"}'),
      6.121,
    );
    assertEquals(metrics.read("job")?.durations.max, 5_000);
  });

  it("count what was missed, and how late ticks began", async () => {
    using time = new FakeTime();
    const metrics = new Metrics();
    let wait = 250;
    const ticker = new Ticker(
      100,
      () => new Promise<void>((resolve) => void setTimeout(resolve, wait)),
      { name: "slow" },
    );
    metrics.watch(ticker);
    await ticker.start();
    await time.tickAsync(360);
    wait = 0;
    await time.tickAsync(60);
    await ticker.stop();
    const { missed, ticks } = metrics.read("slow")!;
    assertEquals([ticks, missed], [2, 2]);
  });

  it("go on through restarts, and count starts", async () => {
    const { runner } = serve({ name: "service" });
    const metrics = new Metrics();
    metrics.watch(runner);
    await runner.start();
    await runner.restart();
    await runner.stop();
    const values = valuesOf(metrics.text());
    assertEquals(
      values.get('golib_runner_starts_total{runner="service"}'),
      2,
    );
    assertEquals(values.get('golib_runner_up{runner="service"}'), 0);
  });

  it("follow a tree: what is added, removed and made anew", async () => {
    const a = failing("a");
    const b = failing("b");
    const app = new FakeSupervisor("app", { a });
    const metrics = new Metrics();
    metrics.watch(app);
    await a.tick();
    app.set("b", b);
    await b.tick();
    assertEquals(metrics.paths(), ["app", "app/a", "app/b"]);
    const anew = failing("a");
    app.set("a", anew);
    await anew.tick();
    await a.tick();
    assertEquals(metrics.read("app/a")?.failed, 2);
    app.set("b", undefined);
    assertEquals(metrics.paths(), ["app", "app/a"]);
    app.tell({ type: "restart", child: "a", children: ["a"] });
    const values = valuesOf(metrics.text());
    assertEquals(values.get('golib_runner_restarts_total{runner="app/a"}'), 1);
    assertEquals(
      values.get(
        'golib_runner_info{runner="app/a",kind="ticker",supervisor="app"}',
      ),
      1,
    );
  });

  it("follow a supervisor: children added, removed, restarted and made anew", async () => {
    using time = new FakeTime();
    const metrics = new Metrics();
    let made = 0;
    let isBad = true;
    const app = new Supervisor([
      {
        name: "made",
        create() {
          made++;
          return new StartStop((signal) => {
            if (isBad) throw new Error("refused");
            return untilAborted(signal);
          }, { name: `made ${made}`, printErrors: false });
        },
      },
      { runner: new Ticker(1_000, () => {}, { name: "a", immediate: true }) },
    ], { name: "app", printErrors: false, backoff: { random: () => 1 } });
    metrics.watch(app);
    await app.start().catch(() => {});
    isBad = false;
    const started = app.start();
    await time.tickAsync(2_000);
    await started;
    isBad = true;
    await app.restartChild("made").catch(() => {});
    isBad = false;
    await time.tickAsync(60_000);
    const added = app.addChild({
      runner: new Ticker(1_000, () => {}, { name: "b" }),
    });
    await time.tickAsync(5_000);
    await added;
    assertEquals(metrics.paths().sort(), [
      "app",
      "app/a",
      "app/b",
      "app/made",
    ]);
    assertEquals(metrics.read("app/b")!.ticks >= 4, true);
    const values = valuesOf(metrics.text());
    const of = (name: string, runner: string) =>
      values.get(`golib_runner_${name}{runner="${runner}"}`);
    assertEquals(of("starts_total", "app/made"), made);
    assertEquals(of("up", "app/made"), 1);
    assert(of("restarts_total", "app/made")! >= 1);
    await app.removeChild("b");
    assertEquals(metrics.paths().sort(), ["app", "app/a", "app/made"]);
    const stopped = app.stop();
    await time.tickAsync(100);
    await stopped;
    assertEquals(metrics.read("app/a")!.ticks >= 60, true);
  });

  it("add up those beyond the limit, so that sums stay right", async () => {
    const metrics = new Metrics({ maxRunners: 2 });
    const all = ["a", "b", "c", "d"].map(failing);
    const leave = all.map((each) => metrics.watch(each));
    for (const each of all) await each.tick();
    const values = valuesOf(metrics.text());
    const of = (name: string) =>
      values.get(`golib_runner_ticks_total{runner="${name}",outcome="error"}`);
    assertEquals(["a", "b", "c", "_other"].map(of), [1, 1, undefined, 2]);
    assertEquals(values.get("golib_runner_dropped_runners"), 2);
    leave[2]!();
    leave[3]!();
    assertEquals(metrics.paths(), ["a", "b"]);
    leave[0]!();
    metrics.watch(all[3]!);
    assertEquals(metrics.read("d")?.failed, 0);
  });

  it("keep the lines whole for names of any kind", () => {
    const metrics = new Metrics();
    const names = [
      'say "hi"\\',
      "two\nlines",
      "two\rlines",
      "half \ud800 pair",
      "half \udc00 pair",
      "x".repeat(10_000),
      "x".repeat(10_001),
      "a/b",
      "a%2Fb",
      "",
      "\u0000",
    ];
    for (const name of names) {
      metrics.watch(new Ticker(1_000, () => {}, { name }));
    }
    for (const format of ["prometheus", "openmetrics"] as const) {
      const text = metrics.text({ format });
      assert(!/[\r\u2028]|\p{Surrogate}/u.test(text));
      const ups = [...valuesOf(text).keys()].filter((key) =>
        key.startsWith("golib_runner_up{")
      );
      assertEquals(ups.length, names.length);
      for (const key of ups) assert(key.length < 500, key);
    }
  });

  it("tell apart whatever names differ, in lines that can be read back", () => {
    const name = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fc.constantFrom("a", "a/b", "a%2Fb", "a%252Fb", "\ud800", "\udc00", "~"),
    );
    const names = fc.uniqueArray(name, { minLength: 1, maxLength: 8 });
    fc.assert(fc.property(names, (names) => {
      const metrics = new Metrics();
      for (const name of names) {
        metrics.watch(new Ticker(1_000, () => {}, { name }));
      }
      const lines = metrics.text({ format: "openmetrics" }).split("\n")
        .filter((line) => line.startsWith("golib_runner_up{"));
      assertEquals(lines.length, names.length);
      const found = new Set(lines.map((line) => {
        const label =
          /^golib_runner_up\{runner="((?:[^"\\\n\r]|\\["\\n])+)"\} 0$/u
            .exec(line)?.[1];
        assert(label !== undefined, line);
        return label.replace(/\\(.)/g, (_all, it) => it === "n" ? "\n" : it);
      }));
      assertEquals(found, new Set(metrics.paths()));
      assertEquals(found.size, names.length);
    }));
  });

  it("name families whole and once, in either format", () => {
    const metrics = new Metrics({ prefix: "my" });
    metrics.watch(failing("a"));
    for (const format of ["prometheus", "openmetrics"] as const) {
      const text = metrics.text({ format });
      const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
      const names = types.map(([, name]) => name!);
      assertEquals(new Set(names).size, names.length);
      for (const [, name, type] of types) {
        assertStringIncludes(text, `# HELP ${name} `);
        const isTotal = name!.endsWith("_total");
        assertEquals(isTotal, type === "counter" && format === "prometheus");
      }
      assertEquals(text.endsWith("# EOF\n"), format === "openmetrics");
    }
    assert(
      !metrics.text({ format: "openmetrics", eof: false }).includes("EOF"),
    );
  });

  it("answer what the client can read", async () => {
    const metrics = new Metrics();
    metrics.watch(failing("a"));
    const get = (headers: Record<string, string>, method = "GET") =>
      metrics.handler(
        new Request("http://localhost/metrics", { headers, method }),
      );
    const typeOf = async (accept: string) => {
      const answer = await get({ accept });
      await answer.body?.cancel();
      return answer.headers.get("content-type")?.split(";")[0];
    };
    const open = "application/openmetrics-text";
    assertEquals(
      await typeOf(
        `${open};version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
      ),
      open,
    );
    assertEquals(await typeOf(`${open};q=0.3,text/plain`), "text/plain");
    assertEquals(await typeOf(`${open};q=0`), "text/plain");
    assertEquals(await typeOf("*/*"), "text/plain");
    assertEquals((await get({}, "POST")).status, 405);
    assertEquals(await (await get({}, "HEAD")).text(), "");
    assertEquals(await (await get({})).text(), metrics.text());
    // In browsers a page may not say what it takes.
    const headers = new Headers({ "accept-encoding": "gzip" });
    const request = new Request("http://localhost/", { headers });
    if (!request.headers.has("accept-encoding")) return;
    if (!("CompressionStream" in globalThis)) return;
    const zipped = await get({ "accept-encoding": "br, gzip;q=0.5" });
    assertEquals(zipped.headers.get("content-encoding"), "gzip");
    const plain = zipped.body!.pipeThrough(new DecompressionStream("gzip"));
    assertEquals(await new Response(plain).text(), metrics.text());
  });

  it("are closed where 'authorize' throws", async () => {
    const { handler } = new Metrics({
      authorize() {
        throw new Error("no");
      },
    });
    const answer = await handler(new Request("http://localhost/metrics"));
    assertEquals(answer.status, 403);
  });

  it("keep a runner that is called as the rest apart from the rest", () => {
    const metrics = new Metrics({ maxRunners: 1 });
    for (const name of ["_other", "second", "third"]) {
      metrics.watch(new Ticker(1_000, () => {}, { name }));
    }
    const text = metrics.text();
    assertStringIncludes(text, "golib_runner_dropped_runners 2\n");
    assertEquals(metrics.paths().length, 2);
    assertEquals(metrics.paths()[0]!.startsWith("_other~"), true);
    assertEquals(metrics.paths()[1], "_other");
  });

  it("are closed to whom 'authorize' refuses", async () => {
    const metrics = new Metrics({
      authorize: ({ headers }) => headers.get("x-key") === "1",
    });
    const get = async (headers: Record<string, string>) => {
      const answer = await metrics.handler(
        new Request("http://h/", { headers }),
      );
      await answer.body?.cancel();
      return answer.status;
    };
    assertEquals([await get({}), await get({ "x-key": "1" })], [403, 200]);
  });

  it("say which share of the last ticks failed", async () => {
    using time = new FakeTime();
    const metrics = new Metrics();
    let isBad = true;
    const ticker = new Ticker(1_000, () => {
      if (isBad) throw new Error("no");
    }, { name: "job", printErrors: false });
    metrics.watch(ticker);
    await ticker.start();
    await time.tickAsync(3_000);
    isBad = false;
    await time.tickAsync(1_000);
    await ticker.stop();
    const read = metrics.read("job")!;
    assertEquals(read.recent.map(({ failed }) => failed), [
      true,
      true,
      true,
      false,
    ]);
    assertEquals(new Metrics().read("job"), undefined);
  });

  it(
    "know which share of the ticks failed lately",
    timed(async (clock) => {
      const metrics = new Metrics();
      let isBad = true;
      const ticker = new Ticker(1_000, () => {
        if (isBad) throw new Error("no");
      }, { name: "job", printErrors: false });
      metrics.watch(ticker);
      const rate = (within: number) => metrics.read("job")!.failureRate(within);
      assertEquals(rate(Infinity), 0);
      await ticker.start();
      await clock.pass(3_000);
      isBad = false;
      await clock.pass(1_500);
      // The ticks ended 0.5, 1.5, 2.5 and 3.5 seconds ago.
      assertEquals(
        [100, 1_000, 2_000, 3_000, Infinity].map(rate),
        [0, 0, 1 / 2, 2 / 3, 3 / 4],
      );
      await ticker.stop();
    }),
  );

  it("remember the last sixty ticks", async () => {
    const metrics = new Metrics();
    const ticker = new Ticker(60_000, () => {}, { name: "job" });
    metrics.watch(ticker);
    for (let index = 0; index < 100; index++) await ticker.tick();
    const { ticks, recent, durations } = metrics.read("job")!;
    assertEquals([ticks, recent.length], [100, 60]);
    assert(
      durations.p50 <= durations.p99 && durations.p99 <= durations.max * 1.01,
    );
  });

  it("leave nothing on a runner", async () => {
    const ticker = failing("a");
    const metrics = new Metrics();
    const other = new Metrics();
    const leave = metrics.watch(ticker);
    const leaveOther = other.watch(ticker);
    await ticker.tick();
    leave();
    leave();
    await ticker.tick();
    assertEquals([metrics.read("a"), other.read("a")?.failed], [undefined, 2]);
    leaveOther();
    metrics.watch(ticker);
    assertEquals(metrics.read("a")?.failed, 0);
  });

  it("watch runners that are none of this library's, by their events", async () => {
    const inner = failing("inner");
    const foreign = new Foreign(inner);
    const metrics = new Metrics();
    metrics.watch(foreign);
    await inner.tick();
    await turns();
    assertEquals(metrics.read("foreign")?.failed, 1);
    assertThrows(() => metrics.watch(foreign), Error, "watched already");
  });

  it("refuse what makes no sense, and change nothing", () => {
    const bad = (options: object) => () => new Metrics(options as never);
    assertThrows(bad({ buckets: [1, 0.5] }), RangeError, "buckets");
    assertThrows(bad({ buckets: [] }), RangeError, "buckets");
    assertThrows(bad({ buckets: [0] }), RangeError, "buckets");
    assertThrows(bad({ buckets: ["1"] }), RangeError, "buckets");
    assertThrows(bad({ buckets: 1 }), TypeError, "buckets");
    assertThrows(bad({ prefix: "a-b" }), RangeError, "prefix");
    assertThrows(bad({ maxRunners: 0 }), RangeError, "maxRunners");
    assertThrows(bad({ max_runners: 5 }), TypeError, "maxRunners");
    assertThrows(bad({ authorize: true }), TypeError, "authorize");
    const metrics = new Metrics();
    assertThrows(() => metrics.watch({} as never), TypeError, "runner");
    assertThrows(() => metrics.watch(null as never), TypeError, "runner");
    const ticker = failing("a");
    const app = new FakeSupervisor("app", { a: ticker });
    metrics.watch(app);
    assertThrows(() => metrics.watch(app), Error, "watched already");
    assertThrows(() => metrics.watch(ticker), Error, '"app/a"');
    assertThrows(
      () => metrics.watch(new FakeSupervisor("app", {})),
      Error,
      "another runner of this name",
    );
    assertEquals(metrics.paths(), ["app", "app/a"]);
    assertThrows(() => metrics.text({ format: "json" as never }), TypeError);
    assertThrows(() => meter(metrics, {} as never), TypeError, "otelMeter");
  });

  it("survive runners that throw or turn in circles", () => {
    const app = new FakeSupervisor("app", {});
    app.set("self", app);
    app.set("bad", {
      start() {},
      stop() {},
      isRunning: () => false,
      uptime: () => 0,
      get name(): string {
        throw new Error("no name");
      },
      children() {
        throw new Error("no children");
      },
      observe() {
        throw new Error("no observers");
      },
    } as never);
    const metrics = new Metrics();
    metrics.watch(app);
    assertStringIncludes(metrics.text(), 'golib_runner_up{runner="app/bad"} 0');
  });

  it("are read by OpenTelemetry's instruments", async () => {
    const metrics = new Metrics();
    metrics.watch(failing("a"));
    const app = new FakeSupervisor('say "app"', { a: new StartStop(() => {}) });
    metrics.watch(app);
    const callbacks = new Map<string, (result: unknown) => void>();
    const create = (name: string) => ({
      addCallback: (callback: never) => void callbacks.set(name, callback),
      removeCallback: () => void callbacks.delete(name),
    });
    const leave = meter(metrics, {
      createObservableCounter: create,
      createObservableGauge: create,
    });
    const seen: unknown[] = [];
    callbacks.get("golib_runner.info")!({
      observe: (value: number, attributes: unknown) =>
        seen.push([value, attributes]),
    });
    assertEquals(seen.at(-1), [1, {
      runner: 'say "app"/a',
      kind: "service",
      supervisor: 'say "app"',
    }]);
    assert(callbacks.has("golib_runner.tick_duration_seconds_sum"));
    leave();
    assertEquals(callbacks.size, 0);
    await turns();
  });
});
