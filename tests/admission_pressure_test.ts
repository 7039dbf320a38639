import {
  Gate,
  type GateOptions,
  type GateRunOptions,
  heapUse,
  highest,
  loopLag,
} from "@golib/runner/admission";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { delay } from "@std/async";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { Adaptive } from "../admission/_adaptive.ts";
import { timed } from "./_fake_clocks.ts";

describe("loopLag", () => {
  it("sees a block before its timer rings", async () => {
    const read = loopLag({ max: 50 });
    assertEquals(read(), 0);
    const end = performance.now() + 80;
    while (performance.now() < end);
    assert(read() > 0.5);
    // Nothing of it is left to ring.
    await delay(30);
  });

  it(
    "rises where the loop is blocked, and falls by itself",
    timed(async (clock) => {
      const read = loopLag({ max: 50 });
      assertEquals(read(), 0);
      clock.block(60);
      assertEquals(read(), 0.8);
      await clock.pass(30);
      assert(read() > 0.7, "it forgets at once");
      for (let count = 0; count < 40; count++) {
        await clock.pass(25);
        read();
      }
      assert(read() < 0.06, `it is still ${read()}`);
      await clock.pass(30);
      assertEquals(clock.pending, 0);
    }),
  );

  it("refuses a lag that makes no sense", () => {
    assertThrows(() => loopLag({ max: 0 }), RangeError, "'max'");
    assertThrows(() => loopLag({ max: "1" as never }), TypeError, "'max'");
  });
});

describe("heapUse", () => {
  it("is a share, and nothing where no engine tells", () => {
    const pressure = heapUse({ from: 0 })();
    assert(pressure >= 0 && pressure <= 1, `it is ${pressure}`);
    assertEquals(heapUse({ from: 0.9999 })(), 0);
  });

  it("refuses a share that makes no sense", () => {
    assertThrows(() => heapUse({ from: 1 }), RangeError, "'from'");
  });
});

describe("highest", () => {
  it("is the highest of several", () => {
    assertEquals(highest(() => 0.1, () => 0.6, () => 0.3)(), 0.6);
    assertEquals(highest()(), 0);
    assertThrows(() => highest(1 as never), TypeError);
  });
});

describe("the adaptive concurrency", () => {
  /** A service whose runs take longer beyond so many at once. */
  function serve(
    adaptive: Adaptive,
    capacity: number,
    rounds: number,
    ms = 10,
  ) {
    // A look at what a run takes halves the limit for a moment.
    const limits: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const running = Math.floor(adaptive.limit);
      const takes = ms * Math.max(1, running / capacity);
      for (let run = 0; run < running; run++) {
        adaptive.add(takes, running, true);
      }
      limits.push(adaptive.limit);
    }
    return Math.max(...limits.slice(-100));
  }

  it("rises to what the service can do, and stays near", () => {
    const limit = serve(new Adaptive(1, 200), 20, 2_000);
    assert(limit >= 20 && limit <= 60, `it is ${limit}`);
  });

  it("is there after few rounds, and follows a service that can do more", () => {
    const adaptive = new Adaptive(2, 500);
    serve(adaptive, 60, 15);
    assert(adaptive.limit > 50, `it is ${adaptive.limit}`);
    serve(adaptive, 60, 2_000);
    serve(adaptive, 240, 60);
    assert(adaptive.limit > 200, `it is ${adaptive.limit}`);
  });

  it("takes for no queue what is chance, where runs differ", () => {
    let state = 7;
    const random = () =>
      (state = state * 16_807 % 2_147_483_647) / 2_147_483_647;
    const adaptive = new Adaptive(5, 500);
    let low = 0;
    for (let run = 0; run < 200_000; run++) {
      const running = Math.floor(adaptive.limit);
      const crowd = Math.max(1, running / 50);
      adaptive.add(-10 * crowd * Math.log(1 - random()), running, true);
      if (run > 20_000 && adaptive.limit < 40) low++;
    }
    assert(low < 0.1 * 180_000, `${low} runs ended below 40`);
  });

  it("is not kept low for long by first runs that were quick by chance", () => {
    const adaptive = new Adaptive(5, 500);
    const parts = [0.2, 2.1, 0.5, 1.5, 0.7];
    let run = 0;
    for (; run < 2_000 && adaptive.limit < 45; run++) {
      const running = Math.floor(adaptive.limit);
      const luck = run < 10 ? 0.6 : 1;
      const crowd = Math.max(1, running / 50);
      adaptive.add(40 * crowd * luck * parts[run % 5]!, running, true);
    }
    assert(run < 2_000, `it is ${adaptive.limit} after ${run} runs`);
  });

  it("does not drift up while no run finds it full", () => {
    const adaptive = new Adaptive(5, 200);
    for (let run = 0; run < 10_000; run++) adaptive.add(10, 5, false);
    assertEquals(adaptive.limit, 5);
  });

  it("falls where the service becomes slower, and recovers", () => {
    const adaptive = new Adaptive(1, 200);
    const before = serve(adaptive, 40, 2_000);
    const during = serve(adaptive, 5, 300);
    assert(during < before / 2, `${before} became ${during}`);
    const after = serve(adaptive, 40, 4_000);
    assert(after > before * 0.6, `${before} came back to ${after}`);
  });

  it("recovers from a stall", () => {
    const adaptive = new Adaptive(1, 100);
    const before = serve(adaptive, 30, 2_000);
    for (let run = 0; run < 40; run++) adaptive.add(5_000, 30, true);
    const after = serve(adaptive, 30, 2_000);
    assert(after > before * 0.7, `${before} came back to ${after}`);
  });

  it("does not take what fails at once for quick", () => {
    const adaptive = new Adaptive(1, 100);
    const before = serve(adaptive, 30, 2_000);
    for (let run = 0; run < 300; run++) adaptive.add(0.1, 30, true, true);
    // What fails late is slow all the same.
    const limits = [adaptive.limit];
    for (let window = 0; window < 10; window++) {
      for (let run = 0; run < 100; run++) adaptive.add(500, 30, true, true);
      limits.push(adaptive.limit);
    }
    assert(limits.at(-1)! < limits[0]! / 2, `${limits}`);
    const after = serve(adaptive, 30, 2_000);
    assert(after > before * 0.7, `${before} came back to ${after}`);

    const other = new Adaptive(1, 100);
    serve(other, 30, 2_000);
    for (let run = 0; run < 300; run++) other.add(0.1, 30, true, true);
    const { limit } = other;
    for (let run = 0; run < 100; run++) other.add(10, 30, true);
    assert(other.limit > limit * 0.9, `${limit} became ${other.limit}`);
  });

  /** The limit after so many ms of more than fits; runs take 10 ms. */
  async function limitAfter(
    ms: number,
    options: GateOptions,
    run: GateRunOptions,
    isPart = false,
  ): Promise<number> {
    using time = new FakeTime();
    const gate = new Gate({
      aging: 0,
      adaptive: { min: 4, max: 64 },
      ...options,
    });
    const door = isPart ? new Gate({ parent: gate }) : gate;
    const work = () => new Promise<void>((resolve) => setTimeout(resolve, 10));
    const calls: Promise<unknown>[] = [];
    for (let passed = 0; passed < ms; passed += 10) {
      for (let count = 0; count < 64; count++) {
        calls.push(door.run(work, run).catch(() => {}));
      }
      await time.tickAsync(10);
    }
    const { limit } = gate.load().concurrency;
    const closed = gate.close();
    await time.tickAsync(10);
    await Promise.all([closed, ...calls]);
    return limit;
  }

  it("rises where what is left beside a reserve is taken", async () => {
    assertEquals(await limitAfter(2_000, { reserve: { 10: 2 } }, {}), 64);
  });

  it("rises where runs weigh more", async () => {
    assertEquals(await limitAfter(2_000, {}, { weight: 3 }), 64);
  });

  it("rises where nobody waits, as all that find no place are refused", async () => {
    assertEquals(await limitAfter(2_000, {}, { maxWait: 0 }), 64);
  });

  it("rises where nobody may wait, also beside a reserve", async () => {
    const options = { reserve: { 10: 2 }, maxWaiting: 0 };
    assertEquals(await limitAfter(2_000, options, {}), 64);
  });

  it("rises by what the gate's parts run", async () => {
    assertEquals(await limitAfter(2_000, {}, {}, true), 64);
  });

  it("does not rise where a resource is short, and not the places", async () => {
    const options = { limits: { database: 2 }, aging: 100 };
    const run = { uses: { database: 1 }, maxWait: 1_000 };
    assertEquals(await limitAfter(2_000, options, run), 4);
  });

  it("moves the places of its gate", async () => {
    using time = new FakeTime();
    const gate = new Gate({ adaptive: { min: 2, max: 50 }, aging: 0 });
    const work = () => new Promise<void>((resolve) => setTimeout(resolve, 10));
    const calls = Array.from({ length: 2_000 }, () => gate.run(work));
    for (let count = 0; count < 400; count++) await time.tickAsync(10);
    const { limit } = gate.load().concurrency;
    assert(limit > 10, `it is ${limit}`);
    for (let count = 0; count < 1_000 && gate.load().running; count++) {
      await time.tickAsync(10);
    }
    await Promise.all(calls);
  });
});
