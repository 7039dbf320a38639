import {
  assert,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";
import { deadline, delay } from "@std/async";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  it,
} from "@std/testing/bdd";
import { FakeTime, TimeError } from "@std/testing/time";
import { install } from "@sinonjs/fake-timers";
import fc from "fast-check";

describe("assert", () => {
  const fails = (body: () => void) => assertThrows(body, AssertionError);

  it("passes what holds and fails what does not", () => {
    assert(1);
    fails(() => assert(0));
    assertFalse(0);
    fails(() => assertFalse(1));
    fails(() => fail("always"));
    assertExists(0);
    fails(() => assertExists(null));
    assertStrictEquals(NaN, NaN);
    fails(() => assertStrictEquals({}, {}));
    assertNotStrictEquals({}, {});
    fails(() => assertNotStrictEquals(1, 1));
    assertInstanceOf(new TypeError(), Error);
    fails(() => assertInstanceOf({}, Error));
    assertMatch("abc", /b/);
    fails(() => assertMatch("abc", /d/));
    assertStringIncludes("abc", "b");
    fails(() => assertStringIncludes("abc", "d"));
    assertArrayIncludes([{ a: 1 }, { b: 2 }], [{ b: 2 }]);
    fails(() => assertArrayIncludes([1], [2]));
    assertGreater(2, 1);
    fails(() => assertGreater(1, 1));
    assertGreaterOrEqual(1, 1);
    fails(() => assertGreaterOrEqual(0, 1));
    assertLess(1, 2);
    fails(() => assertLess(1, 1));
    assertLessOrEqual(1, 1);
    fails(() => assertLessOrEqual(2, 1));
  });

  it("assertEquals compares deeply", () => {
    const loop: unknown[] = [];
    loop.push(loop);
    const other: unknown[] = [];
    other.push(other);
    const pairs: [unknown, unknown, boolean][] = [
      [0, -0, true],
      [NaN, NaN, true],
      [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true],
      [{ a: 1 }, { a: 1, b: undefined }, false],
      [{ a: undefined }, { b: undefined }, false],
      [new Date(5), new Date(5), true],
      [new Date(5), new Date(6), false],
      [new Map([[{ a: 1 }, 2]]), new Map([[{ a: 1 }, 2]]), true],
      [new Map([["a", 1]]), new Map([["a", 2]]), false],
      [new Set([1, 2]), new Set([2, 1]), true],
      [new Set([1, 2]), new Set([1, 3]), false],
      [/a/g, /a/g, true],
      [/a/g, /a/, false],
      [new Uint8Array([1, 2]), new Uint8Array([1, 2]), true],
      [new Uint8Array([1, 2]), new Uint8Array([1, 3]), false],
      [new Uint8Array([1]).buffer, new Uint8Array([1]).buffer, true],
      [[1, 2], [1, 2, 3], false],
      [new Error("a"), new Error("b"), false],
      [Object.create(null), {}, true],
      [() => {}, () => {}, false],
      [null, undefined, false],
      [loop, other, true],
    ];
    for (const [a, b, equal] of pairs) {
      (equal ? assertEquals : assertNotEquals)(a, b);
      assertThrows(
        () => (equal ? assertNotEquals : assertEquals)(a, b),
        AssertionError,
      );
    }
  });

  it("assertThrows returns the error, and checks class and message", () => {
    const thrown = new TypeError("a wrong thing");
    const body = () => {
      throw thrown;
    };
    assertStrictEquals(assertThrows(body), thrown);
    assertStrictEquals(assertThrows(body, TypeError, "wrong"), thrown);
    fails(() => assertThrows(body, RangeError));
    fails(() => assertThrows(body, TypeError, "right"));
    fails(() => assertThrows(() => {}));
  });

  it("assertRejects returns the reason, and checks class and message", async () => {
    const reason = new TypeError("a wrong thing");
    const body = () => Promise.reject(reason);
    assertStrictEquals(await assertRejects(body), reason);
    assertStrictEquals(await assertRejects(body, TypeError, "wrong"), reason);
    for (
      const refused of [
        () => assertRejects(body, RangeError),
        () => assertRejects(body, TypeError, "right"),
        () => assertRejects(() => Promise.resolve()),
        () =>
          assertRejects(() => {
            throw reason;
          }),
        () => assertRejects(() => Promise.reject(1), Error),
      ]
    ) {
      await assertRejects(refused, AssertionError);
    }
  });
});

describe("bdd", () => {
  const seen: string[] = [];
  beforeAll(() => void seen.push("all"));
  afterAll(() => void seen.push("end"));
  beforeEach(async () => {
    await Promise.resolve();
    seen.push("each");
  });
  afterEach(() => void seen.push("after"));

  describe("a suite within", () => {
    beforeAll(() => void seen.push("inner all"));
    beforeEach(() => void seen.push("inner each"));
    afterEach(() => void seen.push("inner after"));
    afterAll(() => void seen.push("inner end"));
    it("runs the hooks from the outside in", () => {
      assertEquals(seen.splice(0), ["all", "inner all", "each", "inner each"]);
    });
    it("and back", () => {
      assertEquals(
        seen.splice(0),
        ["inner after", "after", "each", "inner each"],
      );
    });
  });

  it("goes on with the suite around it", () => {
    assertEquals(
      seen.splice(0),
      ["inner after", "after", "inner end", "each"],
    );
  });
  it.skip("does not run what is skipped", () => fail());
  it.ignore("does not run what is ignored", () => fail());
  it("takes options", { ignore: true }, () => fail());
  describe.skip("a suite that is skipped", () => {
    it("does not run", () => fail());
    it("does not run what would", { ignore: false }, () => fail());
  });
});

describe("async", () => {
  it("delay() waits, and rejects with the signal's reason", async () => {
    const before = performance.now();
    await delay(20);
    assertGreaterOrEqual(performance.now() - before, 15);
    const controller = new AbortController();
    const waiting = delay(60_000, { signal: controller.signal });
    controller.abort("enough");
    assertEquals(await waiting.catch((reason) => reason), "enough");
    assertEquals(
      await delay(1, { signal: controller.signal }).catch((reason) => reason),
      "enough",
    );
  });

  it("deadline() rejects with a TimeoutError", async () => {
    assertEquals(await deadline(Promise.resolve(1), 1_000), 1);
    const late = new Promise<void>(() => {});
    const error = await assertRejects(() => deadline(late, 5), DOMException);
    assertEquals(error.name, "TimeoutError");
  });
});

describe("FakeTime", () => {
  it("starts where it is told, and moves only when told", () => {
    using time = new FakeTime("2026-01-01T00:00:00.000Z");
    const start = Date.UTC(2026, 0, 1);
    assertEquals([time.start, time.now, Date.now()], [start, start, start]);
    time.tick(1_500);
    assertEquals([time.start, time.now], [start, start + 1_500]);
    assertEquals(new Date().valueOf(), start + 1_500);
    assertEquals(new Date(5).valueOf(), 5);
    assert(new Date() instanceof Date);
    assertEquals(Date(), new Date().toString());
    assertThrows(() => time.now = 0, RangeError);
  });

  it("calls timers at their time, in order", () => {
    using time = new FakeTime(0.5);
    const calls: [string, number][] = [];
    const call = (name: string) => () => calls.push([name, Date.now()]);
    setTimeout(call("b"), 20);
    setTimeout(call("a"), 10);
    setTimeout(call("c"), 20);
    const cleared = setTimeout(call("never"), 15);
    clearTimeout(cleared);
    const every = setInterval(call("every"), 15);
    setTimeout(() => setTimeout(call("nested"), 0), 12);
    time.tick(30);
    clearInterval(every);
    time.tick(100);
    assertEquals(calls, [
      ["a", 10],
      ["nested", 12],
      ["every", 15],
      ["b", 20],
      ["c", 20],
      ["every", 30],
    ]);
  });

  it("passes arguments, refuses what is no function", () => {
    using time = new FakeTime(0);
    let sum = 0;
    setTimeout((a: number, b: number) => sum = a + b, 1, 2, 3);
    assert(time.next());
    assertFalse(time.next());
    assertEquals([sum, time.now], [5, 1]);
    assertThrows(() => setTimeout("code" as unknown as () => void), TimeError);
  });

  it("has async forms that let promises run first", async () => {
    using time = new FakeTime(0);
    const seen: string[] = [];
    const settle = (name: string) =>
      Promise.resolve().then(() => seen.push(name));
    settle("micro");
    setTimeout(() => seen.push("timer"), 5);
    await time.tickAsync(5);
    assertEquals(seen.splice(0), ["micro", "timer"]);

    settle("micro");
    await time.runMicrotasks();
    assertEquals(seen.splice(0), ["micro"]);

    Promise.resolve().then(() => setTimeout(() => seen.push("next"), 100));
    assert(await time.nextAsync());
    assertEquals([seen.splice(0), time.now], [["next"], 105]);

    setTimeout(() => setTimeout(() => seen.push("second"), 10), 10);
    time.runAll();
    assertEquals([seen.splice(0), time.now], [["second"], 125]);

    setTimeout(() => {
      Promise.resolve().then(() => setTimeout(() => seen.push("last"), 10));
    }, 10);
    await time.runAllAsync();
    assertEquals([time.now, seen.splice(0)], [145, ["last"]]);

    const before = performance.now();
    await time.delay(20);
    assertGreaterOrEqual(performance.now() - before, 15);
    assertEquals(time.now, 145);
  });

  it("fakes AbortSignal.timeout, but not performance", () => {
    using time = new FakeTime();
    const signal = AbortSignal.timeout(1_000_000);
    const before = performance.now();
    time.tick(999_999);
    assertFalse(signal.aborted);
    time.tick(1);
    assert(signal.aborted);
    assertEquals(signal.reason.name, "TimeoutError");
    assertLess(performance.now() - before, 999_999);
  });

  it("gives the real clock back, and is one at a time", async () => {
    const real = [Date, setTimeout, clearTimeout, setInterval, clearInterval];
    const time = new FakeTime(0);
    assertThrows(() => new FakeTime(), TimeError);
    assertThrows(() => new FakeTime("no date"), TimeError);
    const fake = setTimeout;
    assertNotStrictEquals(fake, real[1]);
    await FakeTime.restoreFor(() => assertStrictEquals(setTimeout, real[1]));
    assertStrictEquals(setTimeout, fake);
    time.restore();
    assertEquals(
      [Date, setTimeout, clearTimeout, setInterval, clearInterval],
      real,
    );
    assertThrows(() => time.restore(), TimeError);
    assertThrows(() => FakeTime.restore(), TimeError);
    assertThrows(() => fake(() => {}, 1), TimeError);
    assertThrows(() => new FakeTime("no date"), TypeError);
    {
      using _again = new FakeTime();
      assertStrictEquals(setTimeout, fake);
    }
    assertStrictEquals(setTimeout, real[1]);
  });

  it("moves by itself at the rate asked for", async () => {
    using time = new FakeTime(0, { advanceRate: 10, advanceFrequency: 5 });
    // It waits in real time, in which a busy machine may be called but once.
    while (time.now <= 50) await time.delay(50);
    assertStrictEquals(time.now % 50, 0);
  });
});

describe("packages", () => {
  it("@sinonjs/fake-timers fakes performance too", async () => {
    // Node's own test reports need nextTick and queueMicrotask.
    const clock = install({
      now: 0,
      toFake: ["Date", "setTimeout", "clearTimeout", "performance"],
    });
    try {
      const before = performance.now();
      let called = false;
      setTimeout(() => called = true, 1_000);
      await clock.tickAsync(1_000);
      assert(called);
      assertEquals(performance.now() - before, 1_000);
    } finally {
      clock.uninstall();
    }
  });

  it("fast-check finds properties", () => {
    fc.assert(fc.property(fc.integer(), (n) => Object.is(n + 0, n) || n === 0));
  });
});
