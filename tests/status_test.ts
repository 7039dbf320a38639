import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { StartStop, Ticker, untilAborted } from "@golib/runner";
import { Health } from "@golib/runner/health";
import { Metrics } from "@golib/runner/metrics";
import { statusPage } from "@golib/runner/status";
import { gate, Printed, turns } from "./_helpers.ts";
import { FakePerformance, FakeSupervisor } from "./_observed.ts";

const authorize = () => true;

function request(query = "", headers: Record<string, string> = {}): Request {
  return new Request(`http://localhost:9090/${query}`, { headers });
}

/** The order of the rows of a page, each with its word. */
function rowsOf(html: string): string[] {
  const body = /<tbody>(.*?)<\/tbody>/s.exec(html)![1]!;
  return body.split("<tr ").slice(1).map((row) => {
    const key = /data-k="([^"]*)"/.exec(row)![1];
    const word = /<b data-s="t">([^<]*)</.exec(row)![1];
    return `${key} ${word}`;
  });
}

/** Reads the events of a stream one by one. */
function reader(answer: Response) {
  const stream = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    async next(): Promise<{
      head: string[];
      order: string[];
      rows: Record<string, (string | null)[]>;
    }> {
      for (;;) {
        const found = /^(?:.*\n\n)?data: (.*)\n\n/.exec(text);
        if (found) {
          text = text.slice(found[0].length);
          return JSON.parse(found[1]!);
        }
        const { value, done } = await stream.read();
        if (done) throw new Error("it has ended");
        text += value;
      }
    },
    async rest(): Promise<string> {
      for (;;) {
        const { value, done } = await stream.read();
        if (done) return text;
        text += value;
      }
    },
    cancel: () => stream.cancel(),
  };
}

describe("statusPage()", () => {
  it("is closed to whom nobody lets in, and says how to open it", async () => {
    const app = new Ticker(1_000, () => {});
    const closed = await statusPage(app)(request());
    assertEquals(closed.status, 403);
    assertStringIncludes(await closed.text(), "authorize");
    const page = statusPage(app, {
      authorize: ({ headers }) => headers.get("x-key") === "1",
    });
    for (const query of ["", "?json", "?events"]) {
      assertEquals((await page(request(query))).status, 403);
    }
    assertEquals((await page(request("", { "x-key": "1" }))).status, 200);
    const throwing = statusPage(app, {
      authorize() {
        throw new Error("no");
      },
    });
    assertEquals((await throwing(request())).status, 403);
    const loose = statusPage(app, { authorize: (() => 1) as never });
    assertEquals((await loose(request())).status, 403);
  });

  it("is shown under the names of its hosts alone", async () => {
    const app = new Ticker(1_000, () => {});
    const page = statusPage(app, { authorize });
    const forged = new Request("http://evil.example/");
    assertEquals((await page(forged)).status, 403);
    for (const host of ["127.0.0.1:1", "[::1]:1", "LOCALHOST"]) {
      assertEquals((await page(new Request(`http://${host}/`))).status, 200);
    }
    const named = statusPage(app, { authorize, hosts: ["ops.example"] });
    assertEquals(
      (await named(new Request("http://ops.example:8080/"))).status,
      200,
    );
    assertEquals((await named(request())).status, 403);
  });

  it("is opened by no proxy on the same machine", async () => {
    const app = new Ticker(1_000, () => {});
    const forwarded = { "x-forwarded-for": "203.0.113.7", host: "localhost" };
    const closed = statusPage(app);
    assertEquals((await closed(request("", forwarded))).status, 403);
    // One that hands on the name that it was asked for.
    const page = statusPage(app, { authorize });
    const handed = new Request("http://localhost/", {
      headers: { host: "ops.example" },
    });
    const isKept = handed.headers.has("host");
    assertEquals((await page(handed)).status, isKept ? 403 : 200);
  });

  it("shows the worst first", async () => {
    using time = new FakeTime();
    using _performance = new FakePerformance();
    const hang = gate();
    const bad = new Ticker(100, () => {
      throw new Error("no");
    }, { name: "bad", printErrors: false });
    const stuck = new Ticker(100, () => hang.promise, { name: "stuck" });
    const well = new Ticker(100, () => {}, { name: "well" });
    const down = new Ticker(100, () => {}, { name: "down" });
    const waits = new Ticker(100, () => {}, { name: "waits" });
    const app = new FakeSupervisor("app", { well, down, bad, waits, stuck });
    const all = [bad, stuck, well, app];
    for (const each of all) await each.start();
    app.view("waits", { state: "waiting", nextAttempt: 3_000 });
    await time.tickAsync(40_000);
    const page = statusPage(app, { authorize });
    const html = await (await page(request())).text();
    assertEquals(rowsOf(html), [
      "app/stuck stalled",
      "app/waits waiting",
      "app/bad failing",
      "app running",
      "app/well running",
      "app/down stopped",
    ]);
    assertStringIncludes(html, '<title data-h="t">✗ 3 of 6 not well');
    assertStringIncludes(html, "start in ");
    assertStringIncludes(html, "busy for 39 s");
    // By the rule of the health that it is given.
    const health = new Health(app, { stall: { after: 3_600_000 } });
    const patient = statusPage(app, { authorize, health });
    const calm = await (await patient(request())).text();
    assert(!rowsOf(calm).includes("app/stuck stalled"));
    hang.open();
    await turns();
    for (const each of all) await each.stop();
  });

  it("tells of what fails now and then, and when it last did", async () => {
    using time = new FakeTime(Date.UTC(2026, 1, 3, 4, 5, 6));
    let count = 0;
    const flaky = new Ticker(100, () => {
      if (++count === 1) throw new Error("the disk is full");
    }, { name: "flaky", printErrors: false });
    const app = new FakeSupervisor("app", {
      well: new Ticker(100, () => {}, { name: "well" }),
      flaky,
    });
    await app.start();
    await flaky.start();
    await time.tickAsync(1_000);
    const page = statusPage(app, { authorize });
    const read = async () => (await page(request())).text();
    const html = await read();
    // It is well now, and still the first to be looked at.
    assertEquals(rowsOf(html)[0], "app/flaky running");
    const said = "✓ all 3 well, 1 with failed ticks";
    assertStringIncludes(html, `<title data-h="t">${said} · app`);
    const summary = /<summary>(.*?)<\/summary>/.exec(html)![1]!;
    const seen = summary.replace(/<[^>]*>/g, "");
    assertEquals(seen, "04:05:06 the disk is full");
    await time.tickAsync(86_400_000 - 1_000);
    assertStringIncludes(await read(), ">2026-02-03</small>");
    await flaky.stop();
    await app.stop();
  });

  it("escapes whatever a runner is called, and what it fails with", async () => {
    const name = `<img src=x onerror=alert(1)>"'&</title><script>`;
    const app = new Ticker(1_000, () => {
      throw new Error(`</pre><script>alert(2)</script> postgres://a:b@c`);
    }, { name, printErrors: false });
    await app.tick();
    const page = statusPage(app, { authorize, title: name });
    const html = await (await page(request())).text();
    assert(!html.includes("<img"));
    assert(!html.includes("alert(2)</script>"));
    assertEquals(html.split("<script>").length, 2);
    assertStringIncludes(html, "postgres://a:***@c");
    assertStringIncludes(html, "&lt;img src=x onerror=alert(1)&gt;");
  });

  it("allows nothing but its own style and script", async () => {
    const page = statusPage(new Ticker(1_000, () => {}), { authorize });
    const answer = await page(request());
    const html = await answer.text();
    const csp = answer.headers.get("content-security-policy")!;
    assertStringIncludes(csp, "default-src 'none'");
    for (const tag of ["style", "script"]) {
      const text = html.split(`<${tag}>`)[1]!.split(`</${tag}>`)[0]!;
      const digest = await crypto.subtle.digest(
        "SHA-256",
        new TextEncoder().encode(text),
      );
      const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
      assertStringIncludes(csp, `${tag}-src 'sha256-${hash}'`);
    }
    assert(!/ style=| on\w+=/.test(html));
  });

  it("shows at most 200 rows, and the whole as data", async () => {
    const runners: Record<string, Ticker> = {};
    for (let index = 0; index < 500; index++) {
      runners[`r${index}`] = new Ticker(1_000, () => {});
    }
    const app = new FakeSupervisor("app", runners);
    const page = statusPage(app, { authorize });
    const html = await (await page(request())).text();
    assertEquals(rowsOf(html).length, 200);
    assertStringIncludes(html, "and 301 more");
    const answer = await page(request("?json"));
    const { rows, total } = await answer.json();
    assertEquals([rows.length, total], [501, 501]);
  });

  it("draws how long the last ticks took, where metrics are given", async () => {
    const app = new Ticker(60_000, () => {}, { name: "app" });
    const metrics = new Metrics();
    metrics.watch(app);
    for (let index = 0; index < 3; index++) await app.tick();
    const page = statusPage(app, { authorize, metrics });
    const html = await (await page(request())).text();
    assertStringIncludes(html, 'd="M1 16V');
    assertStringIncludes(html, "median ");
  });

  it("tells what has changed, and no more", async () => {
    using time = new FakeTime();
    using _performance = new FakePerformance();
    let isBad = false;
    const app = new Ticker(3_600_000, () => {
      if (isBad) throw new Error("disk full");
    }, { name: "app", printErrors: false });
    const page = statusPage(app, { authorize });
    const answer = await page(request("?events"));
    assertEquals(answer.headers.get("content-type"), "text/event-stream");
    const events = reader(answer);
    const first = await events.next();
    assertEquals(first.order, ["app"]);
    assert(first.rows["app"]!.every((slot) => slot !== null));
    isBad = true;
    await app.tick();
    await time.tickAsync(1_000);
    const second = await events.next();
    const slots = second.rows["app"]!;
    assert(slots.includes("disk full"));
    assert(slots.includes(null));
    // A stream is never silent for long.
    await time.tickAsync(4_000);
    assertEquals((await events.next()).rows, {});
    await events.cancel();
    await time.tickAsync(10_000);
  });

  it("ends its streams with its signal, and has no more than 32", async () => {
    const life = new AbortController();
    const app = new StartStop((signal) => untilAborted(signal));
    const page = statusPage(app, { authorize, signal: life.signal });
    const answers: Response[] = [];
    for (let index = 0; index < 33; index++) {
      answers.push(await page(request("?events")));
    }
    assertEquals(answers.map(({ status }) => status).slice(31), [200, 503]);
    const cancelled = reader(answers[0]!);
    await cancelled.next();
    await cancelled.cancel();
    const another = await page(request("?events"));
    assertEquals(another.status, 200);
    life.abort();
    await turns();
    for (const each of [...answers.slice(1, 32), another]) {
      await reader(each).rest();
    }
    assertEquals((await page(request("?events"))).status, 503);
  });

  it("shows what health has found", async () => {
    const app = new StartStop((signal) => untilAborted(signal), {
      name: "app",
    });
    await app.start();
    const health = new Health(app, { checks: { db: () => false } });
    const page = statusPage(app, { authorize, health });
    const html = await (await page(request())).text();
    assertStringIncludes(html, "health: fail");
    assertStringIncludes(html, "db: fails");
    await app.stop();
  });

  it("goes on with its streams where a runner of others throws, and prints it once", async () => {
    using time = new FakeTime();
    using printed = new Printed();
    let isBroken = true;
    const other = {
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      isRunning: () => false,
      uptime() {
        if (isBroken) throw new Error("no uptime");
        return 0;
      },
    };
    const page = statusPage(other as never, { authorize });
    const { body } = await page(request("?events"));
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    assertStringIncludes((await reader.read()).value!, "retry");
    await time.tickAsync(2_500);
    isBroken = false;
    await time.tickAsync(1_000);
    assertStringIncludes((await reader.read()).value!, "data: ");
    assertEquals(
      printed.lines.filter((line) => line.includes("no uptime")).length,
      1,
    );
    await reader.cancel();
  });

  it("answers GET and HEAD", async () => {
    const page = statusPage(new Ticker(1_000, () => {}), { authorize });
    const send = (method: string) =>
      page(new Request("http://localhost/", { method }));
    assertEquals((await send("POST")).status, 405);
    assertEquals(await (await send("HEAD")).text(), "");
  });

  it("refuses what makes no sense", () => {
    const app = new Ticker(1_000, () => {});
    const bad = (options: object) => () => statusPage(app, options as never);
    assertThrows(() => statusPage({} as never), TypeError, "runner");
    assertThrows(bad({ authorize: true }), TypeError, "authorize");
    assertThrows(bad({ Authorize: () => true }), TypeError, "authorize");
    assertThrows(bad({ hosts: [1] }), RangeError, "hosts");
    assertThrows(bad({ title: 1 }), TypeError, "title");
    assertThrows(bad({ signal: {} }), TypeError, "signal");
    assertThrows(bad({ redact: 1 }), TypeError, "redact");
  });
});
