import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, Ticker, untilAborted } from "@golib/runner";
import { Health, type HealthReport, ping } from "@golib/runner/health";
import { gate, Printed, serve, turns } from "./_helpers.ts";
import { FakePerformance, FakeSupervisor } from "./_observed.ts";

function service(name: string): StartStop {
  return new StartStop((signal) => untilAborted(signal), { name });
}

function said({ status, findings }: HealthReport): string[] {
  return [
    status,
    ...findings.map(({ name, output }) => `${name}: ${output}`),
  ];
}

async function ask(
  health: Health,
  path: string,
  headers: Record<string, string> = {},
): Promise<[number, string]> {
  const request = new Request(`http://localhost:8080${path}`, { headers });
  const answer = await health.handler(request);
  return [answer.status, await answer.text()];
}

/** A tree whose runners all run. */
async function running(
  names: string[],
): Promise<[FakeSupervisor, Record<string, StartStop>]> {
  const parts: Record<string, StartStop> = {};
  for (const name of names) await (parts[name] = service(name)).start();
  const app = new FakeSupervisor("app", parts);
  await app.start();
  return [app, parts];
}

describe("Health", () => {
  it("is ready while what runs is up, and alive all the time", async () => {
    const app = service("app");
    const health = new Health(app);
    const all = async () => {
      const found: number[] = [];
      for (const path of ["/livez", "/readyz", "/startupz", "/healthz"]) {
        found.push((await ask(health, path))[0]);
      }
      return found;
    };
    assertEquals(await all(), [200, 503, 503, 503]);
    await app.start();
    assertEquals(await all(), [200, 200, 200, 200]);
    health.drain();
    assertEquals(await all(), [200, 503, 200, 503]);
    const stopped = app.stop();
    assertEquals(await all(), [200, 503, 200, 503]);
    await stopped;
    assertEquals(await all(), [200, 503, 200, 503]);
  });

  it("is dead once the root has failed for good", async () => {
    const app = new StartStop(() => {
      throw new Error("disk full");
    }, { name: "app", printErrors: false });
    const health = new Health(app);
    assertEquals(said(await health.check("live")), ["pass"]);
    await app.start();
    await turns();
    assertEquals(said(await health.check("live")), ["fail", "app: disk full"]);
  });

  it("asks for those that their supervisor is to keep up", async () => {
    const [app, { db }] = await running(["db", "web"]);
    const health = new Health(app);
    assertEquals(said(await health.check("ready")), ["pass"]);
    app.view("db", { state: "waiting", error: new Error("refused") });
    assertEquals(said(await health.check("ready")), [
      "fail",
      "app/db: waiting: refused",
    ]);
    app.view("db", { state: "running", circuit: "open" });
    assertEquals(said(await health.check("ready")), [
      "fail",
      "app/db: its circuit is open",
    ]);
    // Stopped by hand, or ended.
    app.view("db", { state: "stopped", circuit: "closed" });
    assertEquals(said(await health.check("ready")), ["pass"]);
    app.view("db", { state: "waiting", restart: "temporary" });
    assertEquals(said(await health.check("ready")), ["pass"]);
    app.view("db", { state: "starting", restart: "transient" });
    assertEquals(said(await health.check("ready")), [
      "fail",
      "app/db: starting",
    ]);
    app.set("db", undefined);
    assertEquals(said(await health.check("ready")), ["pass"]);
    await app.stop();
    await db!.stop();
  });

  it("asks for those only that 'required' names", async () => {
    const [app] = await running(["db", "web"]);
    const health = new Health(app, { required: (path) => path === "app/db" });
    app.view("web", { state: "waiting" });
    assertEquals(said(await health.check("ready")), ["pass"]);
    app.view("db", { state: "stopped" });
    assertEquals(said(await health.check("ready")), [
      "fail",
      "app/db: stopped",
    ]);
  });

  it("tells a tick that hangs, and its end", async () => {
    using time = new FakeTime();
    using _performance = new FakePerformance();
    const hang = gate();
    const ticker = new Ticker(1_000, () => hang.promise, { name: "job" });
    const health = new Health(ticker, {
      stall: { min: 2_000, fatal: (path) => path === "job" },
    });
    await ticker.start();
    await time.tickAsync(1_000);
    assertEquals(said(await health.check("health")), ["pass"]);
    await time.tickAsync(3_001);
    const asked = [health.check("health"), health.check("live")];
    await time.tickAsync(0);
    assertEquals((await asked[0]!).findings[0]?.output, "stalled for 3001 ms");
    assertEquals((await asked[1]!).status, "fail");
    assertEquals((await health.check("ready")).status, "pass");
    hang.open();
    await turns();
    assertEquals(said(await health.check("health")), [
      "warn",
      "job: its last tick took 3001 ms",
    ]);
    await ticker.stop();
  });

  it("goes by the time limit of a ticker, or by 'after'", async () => {
    using time = new FakeTime();
    using _performance = new FakePerformance();
    const hang = gate();
    const limited = new Ticker(1_000, () => hang.promise, {
      name: "limited",
      tickTimeout: 100,
      printErrors: false,
    });
    const plain = new Ticker(1_000, () => hang.promise, { name: "plain" });
    const app = new FakeSupervisor("app", { limited, plain });
    const health = new Health(app, {
      stall: { after: (path) => path === "app/plain" ? 50 : undefined },
    });
    for (const each of [app, limited, plain]) await each.start();
    const stalled = async () => {
      const asked = health.check("health");
      await time.tickAsync(0);
      return (await asked).findings.map(({ name }) => name);
    };
    await time.tickAsync(1_051);
    assertEquals(await stalled(), ["app/plain"]);
    await time.tickAsync(150);
    assertEquals(await stalled(), ["app/limited", "app/plain"]);
    hang.open();
    await turns();
    for (const each of [app, limited, plain]) await each.stop();
  });

  it("tells a service that beats no more", async () => {
    using time = new FakeTime();
    using _performance = new FakePerformance();
    let beat!: () => void;
    const app = new StartStop((signal, control) => {
      beat = control.beat;
      return untilAborted(signal);
    }, { name: "app", staleAfter: 1_000 });
    const health = new Health(app);
    await app.start();
    await time.tickAsync(900);
    beat();
    await time.tickAsync(900);
    assertEquals((await health.check()).status, "pass");
    await time.tickAsync(200);
    const asked = health.check();
    await time.tickAsync(0);
    assertEquals(said(await asked), ["fail", "app: stalled for 1100 ms"]);
    await app.stop();
  });

  it("makes checks: one at a time, limited, remembered", async () => {
    const app = service("app");
    await app.start();
    let calls = 0;
    const results: unknown[] = [
      undefined,
      false,
      "warn",
      { status: "warn", output: "slow" },
      { status: "nonsense" },
      42,
      new Error("a value, not thrown"),
    ];
    const statuses: string[] = [];
    for (const result of results) {
      const health = new Health(app, {
        checks: { it: () => (calls++, result) },
      });
      await Promise.all([health.check("ready"), health.check("ready")]);
      const { findings } = await health.check("ready");
      statuses.push(findings[0]!.status);
    }
    assertEquals(statuses, [
      "pass",
      "fail",
      "warn",
      "warn",
      "pass",
      "pass",
      "pass",
    ]);
    assertEquals(calls, results.length);
    const thrown = new Health(app, {
      checks: {
        db: {
          check() {
            throw new Error("no route to postgres://me:secret@db/x");
          },
          groups: ["health"],
        },
      },
    });
    assertEquals(said(await thrown.check("ready")), ["pass"]);
    assertEquals(said(await thrown.check("health")), [
      "fail",
      "db: no route to postgres://me:***@db/x",
    ]);
    assertEquals(said(await thrown.check("live")), ["pass"]);
    await app.stop();
  });

  it("is not held up by a check that hangs, and does not ask it again", async () => {
    using time = new FakeTime();
    using _performance = new FakePerformance();
    const app = service("app");
    await app.start();
    let calls = 0;
    let aborted = 0;
    const hang = gate();
    const health = new Health(app, {
      checks: {
        db: (signal) => {
          calls++;
          signal.addEventListener("abort", () => void aborted++);
          return hang.promise;
        },
      },
    });
    const asked = health.check("ready");
    await time.tickAsync(500);
    assertEquals((await asked).status, "fail");
    await time.tickAsync(5_000);
    const { findings } = await health.check("ready");
    assertEquals(findings[0]?.status, "fail");
    assertEquals([calls, aborted], [1, 1]);
    hang.open();
    await turns();
    await time.tickAsync(2_000);
    assertEquals((await health.check("ready")).status, "pass");
    assertEquals(calls, 2);
    await app.stop();
  });

  it("tells strangers one word, and the rest to whom 'details' lets in", async () => {
    const [app] = await running(["db"]);
    app.view("db", { state: "waiting", error: new Error("bearer abc.def") });
    const closed = new Health(app);
    assertEquals(await ask(closed, "/readyz"), [503, "fail\n"]);
    const open = new Health(app, {
      details: ({ headers }) => headers.get("x-key") === "1",
    });
    assertEquals(await ask(open, "/readyz"), [503, "fail\n"]);
    const [status, text] = await ask(open, "/readyz", { "x-key": "1" });
    const { checks } = JSON.parse(text);
    assertEquals([status, checks["app/db"][0].output], [
      503,
      "waiting: bearer ***",
    ]);
    assertStringIncludes(text, '"status":"fail"');
    // A page of somebody else whose name points here.
    const forged = new Request("http://evil.example/readyz", {
      headers: { "x-key": "1" },
    });
    assertEquals(await (await open.handler(forged)).text(), "fail\n");
    const thrown = new Health(app, {
      details() {
        throw new Error("no");
      },
    });
    assertEquals((await ask(thrown, "/readyz"))[1], "fail\n");
  });

  it("answers GET and HEAD for its four paths, below any other", async () => {
    const app = service("app");
    const health = new Health(app);
    assertEquals((await ask(health, "/ops/livez"))[0], 200);
    assertEquals((await ask(health, "/"))[0], 404);
    assertEquals((await ask(health, "/constructor"))[0], 404);
    const send = (method: string) =>
      health.handler(new Request("http://localhost/livez", { method }));
    assertEquals((await send("POST")).status, 405);
    assertEquals(await (await send("HEAD")).text(), "");
  });

  it("answers whatever the functions of its options do, and prints that once", async () => {
    using printed = new Printed();
    const bug = (name: string) => () => {
      throw new Error(`a bug of ${name}`);
    };
    const [app, parts] = await running(["part"]);
    const hang = gate();
    const ticker = new Ticker(1_000, () => hang.promise, { name: "job" });
    const ticking = ticker.tick();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const fatal = new Health(ticker, {
      stall: { after: 1, fatal: bug("fatal") },
    });
    const never = new Health(ticker, {
      stall: { after: 1, fatal: (() => Promise.resolve(false)) as never },
    });
    const after = new Health(ticker, {
      stall: { after: bug("after"), fatal: () => true },
    });
    const strange = new Health(ticker, {
      stall: { min: 1, intervals: 0.001, after: () => NaN },
    });
    for (const health of [fatal, never, after]) {
      assertEquals(await ask(health, "/livez"), [200, "pass\n"]);
      assertEquals(await ask(health, "/livez"), [200, "pass\n"]);
    }
    assertEquals((await ask(strange, "/healthz"))[0], 503);
    hang.open();
    await ticking;

    await parts.part!.stop();
    const required = new Health(app, { required: bug("required") });
    assertEquals((await ask(required, "/readyz"))[0], 503);
    assertEquals(
      printed.lines.flatMap((line) => /a bug of \w+/.exec(line) ?? []),
      ["a bug of fatal", "a bug of after", "a bug of required"],
    );
  });

  it("is not held up by a 'details' that hangs", async () => {
    using time = new FakeTime();
    const app = service("app");
    await app.start();
    const health = new Health(app, { details: () => new Promise(() => {}) });
    const answer = ask(health, "/livez");
    await time.tickAsync(900);
    assertEquals(await answer, [200, "pass\n"]);
    await app.stop();
  });

  it("takes any name for a check", async () => {
    const names = ["__proto__", "constructor", "app"];
    const checks = Object.fromEntries(
      names.map((name) => [name, () => false] as const),
    );
    const health = new Health(service("app"), { checks, details: () => true });
    const [status, body] = await ask(health, "/readyz");
    assertEquals(status, 503);
    const found = JSON.parse(body).checks;
    assertEquals(Object.keys(found).sort(), [
      "__proto__",
      "app",
      "constructor",
    ]);
    assertEquals(found.app.length, 2);
  });

  it("refuses what makes no sense", () => {
    const app = service("app");
    const bad = (options: object) => () => new Health(app, options as never);
    assertThrows(() => new Health({} as never), TypeError, "runner");
    assertThrows(bad({ require: () => true }), TypeError, "required");
    assertThrows(bad({ required: ["db"] }), TypeError, "required");
    assertThrows(bad({ stall: { min: -1 } }), RangeError, "min");
    assertThrows(bad({ stall: { intervals: 0 } }), RangeError, "intervals");
    assertThrows(bad({ stall: { mins: 5 } }), TypeError, "min");
    assertThrows(bad({ checks: { db: 1 } }), TypeError);
    assertThrows(bad({ checks: { db: { check: 1 } } }), TypeError, "db");
    assertThrows(
      bad({ checks: { db: { check() {}, groups: ["live"] } } }),
      RangeError,
      "groups",
    );
    assertThrows(bad({ hosts: "localhost" }), TypeError, "hosts");
    assertThrows(() => ping("not a url"), TypeError, "url");
  });
});

describe("ping()", () => {
  /** A service that keeps what it is told. */
  function listener() {
    const told: string[] = [];
    let answer = () => Promise.resolve(new Response());
    const fetch = (url: unknown, init?: RequestInit) => {
      told.push(`${String(url).split("/uuid")[1]} ${init?.body}`.trim());
      return answer();
    };
    return {
      told,
      fetch: fetch as typeof globalThis.fetch,
      set(next: typeof answer) {
        answer = next;
      },
    };
  }

  it("tells of ticks, and of those that failed", async () => {
    const { told, fetch } = listener();
    let isBad = false;
    const ticker = new Ticker(60_000, (_signal, control) => {
      if (isBad) throw new Error("token=abc");
      control.skip();
      isBad = true;
    }, {
      printErrors: false,
      observer: ping("https://hc.example/uuid/", { fetch }),
    });
    await ticker.tick();
    await turns();
    await ticker.tick();
    await turns();
    isBad = false;
    await new Ticker(60_000, () => {}, {
      observer: ping("https://hc.example/uuid", { fetch }),
    }).tick();
    await turns();
    assertEquals(told, ["/fail token=***", ""]);
  });

  it("tells of a service that starts and ends", async () => {
    const { told, fetch } = listener();
    const { runner, run } = serve({
      observer: ping("https://hc.example/uuid", { fetch }),
    });
    await runner.start();
    await turns();
    await runner.stop();
    await turns();
    await runner.start();
    await turns();
    run().end.fail(new Error("no"));
    await turns();
    assertEquals(told, ["/start", "", "/start", "/fail no"]);
  });

  it("never holds a tick up, makes one call at a time, and prints failures", async () => {
    using printed = new Printed();
    const { told, fetch, set } = listener();
    const hang = gate();
    set(async () => {
      await hang.promise;
      return new Response("", { status: 500 });
    });
    const ticker = new Ticker(60_000, () => {}, {
      observer: ping("https://hc.example/uuid", { fetch }),
    });
    for (let index = 0; index < 5; index++) await ticker.tick();
    assertEquals(told.length, 1);
    hang.open();
    await turns();
    assertEquals(told.length, 2);
    assert(printed.lines[0]?.includes("ping of hc.example"));
  });
});
