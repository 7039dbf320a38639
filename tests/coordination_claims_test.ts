import { type Schedule, Ticker } from "@golib/runner";
import {
  type Claim,
  claimed,
  type ClaimedTick,
  claimedTicker,
  type ClaimedTickerOptions,
  type CoordinationEvent,
} from "@golib/runner/coordination";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeStore, type Link, memberOf } from "./_coordination.ts";
import { type HandClock, timed } from "./_fake_clocks.ts";

const SECOND = 1_000;

/** Runs each full ten seconds. */
const tens: Schedule = {
  nextRun: (after) => new Date((Math.floor(+after / 10_000) + 1) * 10_000),
};

interface Made {
  readonly node: string;
  readonly at: number;
  readonly claim: Claim;
}

function world(
  clock: HandClock,
  count: number,
  options: Partial<ClaimedTickerOptions> = {},
  tick: ClaimedTick = () => {},
) {
  const store = new FakeStore(clock);
  const made: Made[] = [];
  const events: CoordinationEvent[] = [];
  const join = (index: number) => {
    const link: Link = { mode: "up", delay: 0 };
    const node = memberOf(store.node(link), { name: `n${index}` });
    node.observe((event) => events.push(event));
    const ticker = claimedTicker(
      tens,
      async (signal, control, claim) => {
        made.push({ node: node.name, at: control.scheduledAt, claim: claim! });
        await tick(signal, control, claim);
      },
      node,
      { key: "report", printErrors: false, ...options },
    );
    void node.start();
    void ticker.start();
    return { link, node, ticker };
  };
  const nodes = Array.from({ length: count }, (_, index) => join(index));
  const end = async () => {
    for (const { node, ticker } of nodes) {
      void ticker.stop();
      void node.stop();
    }
    await clock.pass(10_000);
  };
  /** Ends all, as if the machines had gone. */
  const crash = () => {
    for (const { link, node, ticker } of nodes.splice(0)) {
      link.mode = "lost";
      void ticker.stop({ timeout: 0 }).catch(() => {});
      void node.stop({ timeout: 0 }).catch(() => {});
    }
  };
  const times = () => made.map(({ at }) => at / SECOND);
  return { store, made, events, nodes, join, end, crash, times };
}

describe("claims", () => {
  it(
    "have each run made once, on one of five nodes",
    timed(async (clock) => {
      const { made, nodes, end, times } = world(clock, 5);
      await clock.pass(100_000);
      assertEquals(times(), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
      const all = nodes.map(({ ticker }) => ticker.ticks);
      assertEquals(all.reduce((sum, each) => sum + each.skipped, 0), 40);
      // Fences grow from run to run.
      for (let index = 1; index < made.length; index++) {
        assert(made[index]!.claim.fence > made[index - 1]!.claim.fence);
      }
      await end();
    }),
  );

  it(
    "ask the store for nothing before a run is due, and little then",
    timed(async (clock) => {
      const { store, end } = world(clock, 5);
      await clock.pass(29_000);
      store.requests = [];
      await clock.pass(2_000);
      const asked = store.requests.filter((each) =>
        each === "read" || each === "write"
      );
      // One writes, the others look.
      assert(asked.length <= 6, String(asked));
      await end();
    }),
  );

  it(
    "make up for nothing from before the first node came",
    timed(async (clock) => {
      await clock.pass(94_000);
      const { end, times } = world(clock, 1);
      await clock.pass(15_000);
      assertEquals(times(), [100, 110]);
      await end();
    }),
  );

  for (
    const { catchUp, expected } of [
      { catchUp: "none", expected: [130] },
      { catchUp: "last", expected: [120, 130] },
      { catchUp: { most: 5 }, expected: [80, 90, 100, 110, 120, 130] },
    ] as const
  ) {
    it(
      `make up, after all were down for ten runs, as asked: ${
        JSON.stringify(catchUp)
      }`,
      timed(async (clock) => {
        const options = { catchUp };
        const { made, join, crash, nodes, end, times } = world(
          clock,
          2,
          options,
        );
        await clock.pass(21_000);
        assertEquals(times(), [10, 20]);
        crash();
        await clock.pass(103_000);
        made.length = 0;
        nodes.push(join(7), join(8));
        await clock.pass(8_000);
        assertEquals(times(), [...expected]);
        await end();
      }),
    );
  }

  it(
    "are won by another node where the first is away",
    timed(async (clock) => {
      const { made, nodes, end, times } = world(clock, 3);
      await clock.pass(12_000);
      const first = made[0]!.node;
      nodes.find(({ node }) => node.name === first)!.link.mode = "lost";
      await clock.pass(20_000);
      assertEquals(times(), [10, 20, 30]);
      assert(made[1]!.node !== first);
      await end();
    }),
  );

  it(
    "at least once: a run that a node dies in is made again by another",
    timed(async (clock) => {
      let hold: Promise<void> | undefined = new Promise(() => {});
      const options = { delivery: "at-least-once", catchUp: { most: 10 } };
      const { made, nodes, end, times } = world(
        clock,
        3,
        options as Partial<ClaimedTickerOptions>,
        async (signal) => {
          const aborted = new Promise<void>((resolve) =>
            signal.addEventListener("abort", () => resolve(), { once: true })
          );
          await Promise.race([hold, aborted]);
        },
      );
      await clock.pass(6_000);
      assertEquals(times(), [10]);
      const first = nodes.find(({ node }) => node.name === made[0]!.node)!;
      assert(made[0]!.claim.lease !== undefined);
      first.link.mode = "lost";
      hold = undefined;
      await clock.pass(7_000);
      assertEquals(times(), [10, 10]);
      assert(made[1]!.node !== made[0]!.node);
      assert(made[1]!.claim.fence > made[0]!.claim.fence);
      await clock.pass(12_000);
      assertEquals(times(), [10, 10, 20, 30]);
      await end();
    }),
  );

  it(
    "at least once: a run that is stopped is made again by another",
    timed(async (clock) => {
      let count = 0;
      const options = { delivery: "at-least-once" };
      const { made, nodes, end } = world(
        clock,
        2,
        options as Partial<ClaimedTickerOptions>,
        async (signal) => {
          if (count++ > 0) return;
          await new Promise<void>((resolve) =>
            signal.addEventListener("abort", () => resolve(), { once: true })
          );
        },
      );
      await clock.pass(12_000);
      const first = nodes.find(({ node }) => node.name === made[0]!.node)!;
      void first.ticker.stop();
      await clock.pass(2_000);
      assertEquals(made.length, 2);
      assert(made[1]!.node !== made[0]!.node);
      await end();
    }),
  );

  it(
    "skip a run where the store is away for a ttl, or run it, as asked",
    timed(async (clock) => {
      for (const unreachable of ["skip", "run"] as const) {
        const made: unknown[] = [];
        const store = new FakeStore(clock);
        const link: Link = { mode: "up", delay: 0 };
        const node = memberOf(store.node(link));
        const ticker = claimedTicker(
          tens,
          (_signal, _control, claim) => void made.push(claim),
          node,
          { key: "report", unreachable },
        );
        void node.start();
        void ticker.start();
        await clock.pass(1_000);
        link.mode = "down";
        await clock.pass(14_000);
        assertEquals(made, unreachable === "run" ? [undefined] : []);
        assertEquals(ticker.ticks.skipped, unreachable === "run" ? 0 : 1);
        assertEquals(ticker.errorsTotal(), 0);
        assert(node.errorsTotal() > 0);
        void ticker.stop();
        void node.stop();
        await clock.pass(5_000);
      }
    }),
  );

  it(
    "are not made by a node whose clock is far ahead of the store's",
    timed(async (clock) => {
      const { store, events, times, end, nodes } = world(clock, 1);
      store.ahead = -365 * 24 * 3_600_000;
      await clock.pass(25_000);
      assertEquals(times(), []);
      const told = events.filter((each) =>
        each.type === "store" && each.skew !== undefined
      );
      assert(told.length >= 2);
      assert(/ms ahead of the store's/.test(
        nodes[0]!.node.errorsLast()!.message,
      ));
      store.ahead = 0;
      await clock.pass(10_000);
      assertEquals(times().length, 1);
      await end();
    }),
  );

  it(
    "go on where the cursor lies in the future: it is put back, and told",
    timed(async (clock) => {
      const { store, times, nodes, end } = world(clock, 1);
      await clock.pass(12_000);
      const key = [...store.written.keys()].find((each) =>
        each.includes("cursor")
      );
      const value = JSON.stringify({ at: 4e12, by: "x", name: "x" });
      store.written.set(key!, { value, version: ++store.fence });
      await clock.pass(20_000);
      // Whether the run that was due had been claimed, nobody knows.
      assertEquals(times(), [10, 30]);
      assert(/was put back/.test(
        nodes[0]!.node.errorsList().map(({ message }) => message).join(),
      ));
      await end();
    }),
  );

  it(
    "leave a tick that a host asks for as it is, and claim one with its time",
    timed(async (clock) => {
      const { made, nodes, end } = world(clock, 2);
      await clock.pass(12_000);
      made.length = 0;
      const [one, two] = nodes;
      void one!.ticker.tick();
      await clock.pass(100);
      assertEquals(made.map(({ claim }) => claim), [undefined as never]);
      // 10 was claimed before.
      void one!.ticker.tick({ scheduledAt: 12_345 });
      void two!.ticker.tick({ scheduledAt: 17_000 });
      await clock.pass(100);
      assertEquals(made.length, 1);
      await end();
    }),
  );

  it(
    "by `claimed` go into a ticker of one's own",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      const runs: number[] = [];
      const { schedule, tick } = claimed(
        (_signal, { scheduledAt }) => void runs.push(scheduledAt),
        node,
        { key: "a", schedule: tens },
      );
      const ticker = new Ticker(schedule, tick);
      void node.start();
      void ticker.start();
      await clock.pass(21_000);
      assertEquals(runs, [10_000, 20_000]);
      void ticker.stop();
      void node.stop();
      await clock.pass(0);
    }),
  );

  it(
    "of a thousand schedules cost nothing until they are due",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      const hourly: Schedule = {
        nextRun: (after) =>
          new Date((Math.floor(+after / 3_600_000) + 1) * 3_600_000),
      };
      void node.start();
      await clock.pass(0);
      const tickers = Array.from(
        { length: 1_000 },
        (_, index) =>
          claimedTicker(hourly, () => {}, node, { key: `job ${index}` }),
      );
      for (const each of tickers) void each.start();
      await clock.pass(5_000);
      store.requests = [];
      await clock.pass(60_000);
      // The member's own: renewals, the time, the members.
      assert(store.requests.length < 130, String(store.requests.length));
      for (const each of tickers) void each.stop();
      void node.stop();
      await clock.pass(0);
    }),
  );

  it("refuse bad input at once", () => {
    const store = new FakeStore({ now: 0 } as HandClock);
    const node = memberOf(store.node());
    const make = (...values: unknown[]) => () => {
      Reflect.apply(claimedTicker, undefined, values);
    };
    assertThrows(
      make(1_000, () => {}, node, { key: "a" }),
      TypeError,
      "schedule",
    );
    assertThrows(make(tens, 1, node, { key: "a" }), TypeError, "'tick'");
    assertThrows(make(tens, () => {}, {}, { key: "a" }), TypeError, "'node'");
    assertThrows(make(tens, () => {}, node, {}), TypeError, "'key'");
    assertThrows(make(tens, () => {}, node), TypeError, "'key'");
    assertThrows(
      make(tens, () => {}, node, { key: "a", catchUp: "all" }),
      TypeError,
      "'catchUp'",
    );
    assertThrows(
      make(tens, () => {}, node, { key: "a", catchUp: { most: 0 } }),
      RangeError,
      "'catchUp.most'",
    );
    assertThrows(
      make(tens, () => {}, node, { key: "a", delivery: "once" }),
      TypeError,
      "'delivery'",
    );
  });
});
