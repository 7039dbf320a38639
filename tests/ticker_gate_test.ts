import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Ticker } from "@golib/runner";
import type { TickGate } from "@golib/runner/ticker";
import { every } from "@golib/runner/schedule";
import { dated, from, hour, minute, second } from "./_calendar.ts";
import { timed } from "./_fake_clocks.ts";
import { gate, reasonOf, watch } from "./_helpers.ts";
import { wait } from "./_watch.ts";

/** A gate with so many places, which shows who is there. */
class Places implements TickGate {
  free: number;
  readonly waiting: (() => void)[] = [];
  readonly priorities: number[] = [];
  most = 0;

  constructor(free: number) {
    this.free = free;
  }

  async run(
    work: () => Promise<void> | undefined,
    { priority, signal }: { priority: number; signal: AbortSignal },
  ): Promise<void> {
    this.priorities.push(priority);
    if (this.free === 0) {
      await new Promise<void>((resolve, reject) => {
        this.waiting.push(resolve);
        this.most = Math.max(this.most, this.waiting.length);
        signal.addEventListener("abort", () => {
          const index = this.waiting.indexOf(resolve);
          if (index >= 0) this.waiting.splice(index, 1);
          reject(signal.reason);
        });
      });
    } else this.free--;
    try {
      await work();
    } finally {
      this.leave();
    }
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free++;
  }
}

describe("Ticker with a gate", () => {
  it(
    "ticks at once where there is a place, which it gives back",
    timed(async (clock) => {
      const places = new Places(1);
      const free: number[] = [];
      const { ticker, events } = dated(second, async () => {
        free.push(places.free);
        await wait(100);
      }, { gate: places, priority: 7, immediate: true });
      await ticker.start();
      assertEquals(free, [0]);
      await clock.pass(1_500);
      await ticker.stop();
      assertEquals(events.map(({ duration }) => duration), [100, 100]);
      assertEquals([places.free, places.priorities], [1, [7, 7]]);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "waits for a place, at most one tick at a time, and misses what passes",
    timed(async (clock) => {
      const places = new Places(0);
      const { ticker, events } = dated(second, () => wait(10), {
        gate: places,
        tickTimeout: 100,
      });
      const origin = performance.now();
      await ticker.start();
      await clock.pass(3_500);
      assertEquals([places.most, ticker.tickingSince], [1, undefined]);
      assertEquals(ticker.state, "running");
      await reasonOf(ticker.tick());
      places.leave();
      await clock.pass(0);
      assertEquals(ticker.tickingSince, origin + 3_500);
      await clock.pass(600);
      await ticker.stop();
      assertEquals(
        events.map(({ scheduledAt, startedAt, missed, duration, error }) => [
          scheduledAt - origin,
          startedAt - origin,
          missed,
          duration,
          error,
        ]),
        [
          [1_000, 3_500, 2, 10, undefined],
          [4_000, 4_000, 0, 10, undefined],
        ],
      );
    }),
  );

  it(
    "goes by the latest run of a schedule when there is a place, if not too late",
    from("2026-01-01T10:30", async (clock) => {
      const places = new Places(0);
      const { ticker, ticks } = dated(every(minute), () => {}, {
        gate: places,
        lateness: 10 * second,
      });
      await ticker.start();
      await clock.pass(2 * minute + 5 * second);
      places.leave();
      await clock.pass(second);
      assertEquals(ticks(), [["2026-01-01T10:32", 5 * second, 1]]);
      places.free = 0;
      await clock.pass(minute + 20 * second);
      places.leave();
      await clock.pass(second);
      // Too late: it gives its place back, and waits for the next run.
      assertEquals([ticks().length, places.free], [1, 1]);
      await clock.pass(minute);
      assertEquals(ticks()[1], ["2026-01-01T10:34", 0, 1]);
      await ticker.stop();
    }),
  );

  it(
    "asks for no place while nothing of its schedule is due",
    from("2026-01-01T10:30", async (clock) => {
      const places = new Places(1);
      const { ticker } = dated(every(hour), () => {}, { gate: places });
      await ticker.start();
      await clock.pass(20 * minute);
      assertEquals(places.priorities, []);
      await ticker.stop();
    }),
  );

  it(
    "is taken out of the queue by a stop",
    timed(async (clock) => {
      const places = new Places(0);
      let ticks = 0;
      const { ticker } = dated(second, () => void ticks++, { gate: places });
      await ticker.start();
      await clock.pass(second);
      assertEquals(places.waiting.length, 1);
      await ticker.stop();
      assertEquals([ticker.state, places.waiting.length], ["stopped", 0]);
      places.leave();
      await clock.pass(minute);
      assertEquals([ticks, places.free, clock.pending], [0, 1, 0]);
      assertEquals(ticker.errorsTotal(), 0);
    }),
  );

  it(
    "has a host's tick wait, which a stop and its signal take out of the queue",
    timed(async (clock) => {
      for (const isStarted of [false, true]) {
        const places = new Places(0);
        const { ticker, events } = dated(hour, () => {}, { gate: places });
        if (isStarted) await ticker.start();
        const state = ticker.state;
        const controller = new AbortController();
        const { signal } = controller;
        const aborted = reasonOf(ticker.tick({ signal }));
        assertEquals([ticker.state, places.waiting.length], ["running", 1]);
        controller.abort(new Error("enough"));
        assertStrictEquals(await aborted, signal.reason);
        await clock.pass(0);
        assertEquals([ticker.state, places.waiting.length], [state, 0]);
        const stopped = reasonOf(ticker.tick());
        await ticker.stop();
        assertEquals((await stopped as Error).name, "AbortError");
        if (isStarted) await ticker.start();
        const ticked = watch(ticker.tick());
        await clock.pass(0);
        assertEquals([ticked.status, events.length], ["pending", 0]);
        places.leave();
        await clock.pass(0);
        assertEquals([ticked.status, events.length], ["resolved", 1]);
        await ticker.stop();
        assertEquals([places.free, clock.pending], [1, 0]);
      }
    }),
  );

  it(
    "misses what the gate refuses, which observers are told and nothing records",
    timed(async (clock) => {
      const told: string[] = [];
      let refuses = true;
      const { ticker, events } = dated(second, () => {}, {
        gate: {
          async run(work: () => unknown) {
            if (refuses) throw new Error("full");
            await work();
          },
        },
        observer: (event) => {
          if (event.type === "error") told.push(event.error.message);
        },
      });
      await ticker.start();
      await clock.pass(2 * second);
      refuses = false;
      await clock.pass(second);
      await ticker.stop();
      assertEquals(told, ["full", "full"]);
      assertEquals(events.map(({ missed }) => missed), [2]);
      assertEquals([ticker.errorsTotal(), clock.pending], [0, 0]);
    }),
  );

  it(
    "rejects a host's tick that the gate refuses",
    async () => {
      const full = new Error("full");
      const { ticker } = dated(hour, () => {}, {
        gate: { run: () => Promise.reject(full) },
      });
      assertStrictEquals(await reasonOf(ticker.tick()), full);
      assertEquals(ticker.state, "stopped");
    },
  );

  it(
    "gives its place back in the pause before another attempt",
    timed(async (clock) => {
      const places = new Places(1);
      const free: number[] = [];
      let tried = 0;
      const { ticker, events } = dated(minute, async () => {
        free.push(places.free);
        await Promise.resolve();
        if (++tried < 3) throw new Error("no");
      }, { gate: places, retry: { times: 5, random: () => 1 } });
      await ticker.start();
      await clock.pass(minute);
      assertEquals(places.free, 1);
      await clock.pass(150);
      places.free = 0;
      await clock.pass(200);
      assertEquals([tried, places.waiting.length], [2, 1]);
      places.leave();
      await clock.pass(0);
      assertEquals([tried, events[0]?.attempts, events[0]?.error], [
        3,
        3,
        undefined,
      ]);
      await ticker.stop();
      assertEquals([free, places.free], [[0, 0, 0], 1]);
    }),
  );

  it(
    "takes a tick out of the queue that waits for its next attempt",
    timed(async (clock) => {
      for (const how of ["stop", "too late", "tickTimeout"] as const) {
        const places = new Places(1);
        const { ticker, events } = dated(minute, () => {
          places.free = -1;
          throw new Error("no");
        }, {
          gate: places,
          retry: { times: 5, random: () => 1 },
          tickTimeout: how === "tickTimeout" ? second : Infinity,
        });
        await ticker.start();
        await clock.pass(minute);
        places.free = 0;
        await clock.pass(150);
        assertEquals(places.waiting.length, 1);
        if (how === "stop") {
          const stopped = watch(ticker.stop());
          await clock.pass(0);
          assertEquals(stopped.status, "resolved");
        } else if (how === "too late") {
          await clock.pass(minute - 150);
          // What waits now is the next tick.
          assertEquals(events.length, 1);
          ticker.reset(minute);
        } else await clock.pass(second);
        assertEquals(places.waiting.length, 0);
        assertEquals(events.length, 1);
        assertEquals(events[0]!.attempts, 1);
        assertEquals(
          events[0]!.error?.name,
          how === "tickTimeout" ? "TimeoutError" : "Error",
        );
        await ticker.stop();
        assertEquals(clock.pending, 0);
      }
    }),
  );

  it(
    "is reset while it waits: what was due is not any more",
    timed(async (clock) => {
      const places = new Places(0);
      const { ticker, events } = dated(second, () => {}, { gate: places });
      await ticker.start();
      await clock.pass(1_500);
      ticker.reset(10 * second);
      assertEquals(places.waiting.length, 0);
      places.leave();
      await clock.pass(10 * second);
      await ticker.stop();
      assertEquals(events.map(({ missed }) => missed), [0]);
    }),
  );

  it("is an object with 'run', and a priority is a number", () => {
    const make = (options: object) => () => new Ticker(hour, () => {}, options);
    assertThrows(
      make({ gate: {} }),
      TypeError,
      "'gate' must be an object with 'run'",
    );
    assertThrows(make({ gate: null }), TypeError, "'gate' must be");
    assertThrows(make({ priority: NaN }), RangeError, "'priority' must be");
    assertThrows(make({ priority: "1" }), TypeError, "'priority' must be");
    assert(make({ priority: -5 })());
  });

  it(
    "that calls late, twice or never ends no run and begins none",
    timed(async (clock) => {
      const works: (() => unknown)[] = [];
      const end = gate();
      let atOnce = 0;
      const { ticker, events } = dated(second, async () => {
        assertEquals(++atOnce, 1);
        await end.promise;
        atOnce--;
      }, {
        gate: {
          run: (work: () => unknown) => (works.push(work), gate().promise),
        },
      });
      await ticker.start();
      await clock.pass(second);
      works[0]!();
      works[0]!();
      end.open();
      await clock.pass(0);
      assertEquals(events.length, 1);
      await clock.pass(second);
      await ticker.stop();
      for (const work of works) work();
      await clock.pass(0);
      assertEquals([events.length, ticker.state], [1, "stopped"]);
    }),
  );
});
