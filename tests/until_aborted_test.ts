import { untilAborted } from "@golib/runner";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { settle } from "./_fake_clocks.ts";
import { CountingController, gate, reasonOf, turns } from "./_helpers.ts";
import { counted } from "./_watch.ts";

describe("untilAborted", () => {
  it("resolves when the signal aborts, and not before", async () => {
    const controller = new AbortController();
    let ended = false;
    const waiting = untilAborted(controller.signal).then(() => ended = true);
    await settle();
    assertEquals(ended, false);
    controller.abort(new Error("whatever the reason is"));
    await waiting;
    assertEquals(ended, true);
  });

  it("resolves with nothing", async () => {
    const controller = new AbortController();
    const waiting = untilAborted(controller.signal);
    controller.abort(5);
    assertStrictEquals(await waiting, undefined);
  });

  it("resolves at once for a signal that is aborted, and listens to nothing", async () => {
    const { controller, signal, most } = counted();
    controller.abort();
    await untilAborted(signal);
    assertEquals(most(), 0);
  });

  it("asked a thousand times for one signal costs it one listener", async () => {
    const { controller, signal, listeners } = counted();
    const all = Array.from({ length: 1_000 }, () => untilAborted(signal));
    assertEquals(listeners(), 1);
    controller.abort();
    await Promise.all(all);
    await untilAborted(signal);
    assertEquals(listeners(), 0);
  });

  it("shares that listener with the runners on the signal", async () => {
    const { StartStop, Ticker, runTick } = await import("@golib/runner");
    const { controller, signal, most } = counted();
    const service = new StartStop((signal) => untilAborted(signal));
    const ticker = new Ticker(60_000, () => {});
    await service.start({ signal });
    await ticker.start({ signal });
    const all = [
      untilAborted(signal),
      runTick(() => false, { interval: 60_000, timeout: 60_000, signal }),
      service.finished({ signal }).catch(() => {}),
    ];
    assertEquals(most(), 1);
    controller.abort();
    await Promise.all(all);
    await service.finished();
    await ticker.finished();
    assertEquals(most(), 1);
  });

  it("knows a signal by its shape", async () => {
    let tell = () => {};
    const like = {
      aborted: false,
      addEventListener: (_type: string, listener: () => void) => {
        tell = listener;
      },
      removeEventListener: () => {},
    } as unknown as AbortSignal;
    const waiting = untilAborted(like);
    tell();
    await waiting;
  });

  for (const wrong of [undefined, null, 5, "signal", {}, () => {}]) {
    it(`rejects ${typeof wrong} ${String(wrong)} with a TypeError`, async () => {
      await assertRejects(
        () => untilAborted(wrong as unknown as AbortSignal),
        TypeError,
        "Cannot wait for an abort: 'signal' must be an AbortSignal: current value is",
      );
    });
  }

  it("rejects with what a hostile signal throws", async () => {
    const hostile = {
      get aborted() {
        throw new Error("not your business");
      },
    } as unknown as AbortSignal;
    await assertRejects(
      () => untilAborted(hostile),
      Error,
      "not your business",
    );
  });
});

describe("untilAborted() with work", () => {
  const life = () => new AbortController();

  it("is what the work comes to, where that is first", async () => {
    const { signal } = life();
    assertEquals(await untilAborted(signal, Promise.resolve(5)), 5);
    const error = new Error("work");
    assert(
      await reasonOf(untilAborted(signal, Promise.reject(error))) === error,
    );
  });

  it("rejects with the reason of the signal, where that is first", async () => {
    const controller = life();
    const work = gate();
    const raced = reasonOf(untilAborted(controller.signal, work.promise));
    controller.abort("reason");
    assertEquals(await raced, "reason");
    assertEquals(
      await reasonOf(untilAborted(controller.signal, Promise.resolve())),
      "reason",
    );
  });

  it("leaves no unhandled rejection of work that fails later", async () => {
    const controller = life();
    let fail!: (reason: unknown) => void;
    const work = new Promise<void>((_resolve, reject) => fail = reject);
    const raced = reasonOf(untilAborted(controller.signal, work));
    controller.abort("reason");
    await raced;
    fail(new Error("too late"));
    await turns();
  });

  it("leaves nothing on the signal, whichever is first", async () => {
    const controller = new CountingController();
    const { signal } = controller;
    await untilAborted(signal, Promise.resolve());
    assertEquals(controller.count, 0);
    const waits = [gate(), gate()].map((each) => ({
      ...each,
      raced: untilAborted(signal, each.promise),
    }));
    assertEquals(controller.count, 1);
    for (const { open } of waits) open();
    await Promise.all(waits.map(({ raced }) => raced));
    assertEquals(controller.count, 0);
  });

  it("takes whatever has a then, and nothing else", async () => {
    const { signal } = life();
    const thenable = { then: (ok: (value: number) => void) => ok(7) };
    assertEquals(
      await untilAborted(signal, thenable as PromiseLike<number>),
      7,
    );
    for (const wrong of [null, 5, "work", {}, () => {}]) {
      const error = await reasonOf(untilAborted(signal, wrong as never));
      assert(error instanceof TypeError, String(wrong));
      assert(error.message.includes("'work' must be a promise"));
    }
    await assertRejects(
      () => untilAborted(null as never, Promise.resolve()),
      TypeError,
      "signal",
    );
  });

  it("keeps memory flat when it is raced in a loop", async () => {
    const controller = new CountingController();
    const forever = new Promise<void>(() => {});
    for (let turn = 0; turn < 2_000; turn++) {
      await untilAborted(controller.signal, Promise.resolve(turn));
    }
    assertEquals([controller.count, controller.added], [0, 2_000]);
    const raced = reasonOf(untilAborted(controller.signal, forever));
    controller.abort();
    await raced;
    assertEquals(controller.count, 0);
  });
});
