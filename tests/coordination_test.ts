import { StartStop, untilAborted } from "@golib/runner";
import {
  type CoordinationEvent,
  Elected,
  type Lease,
  LeaseLostError,
  Member,
  Sharded,
  StoreError,
  StoreResetError,
} from "@golib/runner/coordination";
import { memoryStore } from "@golib/runner/coordination/memory";
import { Supervisor } from "@golib/runner/supervisor";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  electedOf,
  FakeStore,
  type Link,
  memberOf,
  type Term,
  TTL,
} from "./_coordination.ts";
import { type HandClock, timed } from "./_fake_clocks.ts";
import { watch } from "./_helpers.ts";

const idle = () => new StartStop((signal) => untilAborted(signal));

describe("a member", () => {
  it(
    "starts once it has joined, and leaves nothing when it stops",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node(), { name: "a" });
      assertEquals(node.id, undefined);
      const start = watch(node.start());
      assertEquals(node.state, "starting");
      await clock.pass(0);
      assertEquals(start.status, "resolved");
      assertEquals(node.id, "a-1");
      assertEquals(store.held.size, 1);
      const stop = node.stop();
      await clock.pass(0);
      await stop;
      assertEquals([store.sessions.size, store.held.size], [0, 0]);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "starts nothing when it is made",
    timed((clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      electedOf(node, []);
      assertEquals(store.requests, []);
      assertEquals(clock.pending, 0);
      return Promise.resolve();
    }),
  );

  it(
    "renews its session for as long as it runs",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      void node.start();
      await clock.pass(60_000);
      assertEquals(node.state, "running");
      const renewals = store.requests.filter((each) => each === "renew").length;
      assert(renewals >= 54 && renewals <= 67, String(renewals));
      void node.stop();
      await clock.pass(0);
    }),
  );

  it(
    "tries a store that is away again until the start is over",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node({ mode: "down", delay: 0 }), {
        startTimeout: 5_000,
      });
      const start = watch(node.start());
      await clock.pass(5_000);
      assertEquals(start.status, "rejected");
      assertEquals((start.reason as Error).name, "TimeoutError");
      const [first] = node.errorsList();
      assertEquals((first as StoreError).kind, "unavailable");
      assert(store.requests.length > 3);
      await clock.pass(0);
      assertEquals([node.state, clock.pending], ["stopped", 0]);
    }),
  );

  it(
    "says at once that a store refuses it",
    timed(async (clock) => {
      const store = new FakeStore(clock).node();
      const refusing = {
        ...store,
        open: () => Promise.reject(new StoreError("refused", "no such token")),
      };
      const node = memberOf(refusing);
      await assertRejects(() => node.start(), StoreError, "no such token");
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "joins again after it has lost its session, and tells of the store",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const link: Link = { mode: "up", delay: 0 };
      const node = memberOf(store.node(link));
      const told: boolean[] = [];
      node.observe((event) => {
        if (event.type === "store") told.push(event.ok);
      });
      void node.start();
      await clock.pass(0);
      const { id } = node;
      link.mode = "down";
      await clock.pass(10_000);
      assertEquals(node.id === id, true);
      link.mode = "up";
      await clock.pass(2_000);
      assert(node.id !== undefined && node.id !== id);
      assertEquals(told, [false, true]);
      assertEquals(node.errorsTotal(), 1);
      void node.stop();
      await clock.pass(0);
    }),
  );

  it(
    "tells who joins and who leaves",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const [one, two] = ["a", "b"].map((name) =>
        memberOf(store.node(), { name })
      );
      const told: string[] = [];
      one!.observe((event) => {
        if (event.type !== "member") return;
        told.push(`+${event.joined.join()} -${event.left.join()}`);
      });
      void one!.start();
      await clock.pass(0);
      void two!.start();
      await clock.pass(0);
      void two!.stop();
      await clock.pass(0);
      assertEquals(told, ["+a -", "+b -", "+ -b"]);
      void one!.stop();
      await clock.pass(0);
    }),
  );

  it(
    "ends with an error where the store has lost its data",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      void node.start();
      await clock.pass(0);
      const lease = node.lock("a");
      await clock.pass(0);
      const ended = watch(node.finished());
      store.sessions.clear();
      store.held.clear();
      store.written.clear();
      store.fence = 0n;
      await clock.pass(3_000);
      assert(ended.reason instanceof StoreResetError);
      assertEquals((await lease).lost.aborted, true);
      // The next run goes by what it finds.
      void node.start();
      await clock.pass(0);
      assertEquals(node.state, "running");
      void node.stop();
      await clock.pass(5_000);
    }),
  );

  it(
    "ends with an error where a fence goes back",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      void node.start();
      await clock.pass(0);
      const first = node.lock("a");
      await clock.pass(0);
      const ended = watch(node.finished());
      store.fence = 0n;
      const second = watch(node.lock("b", { wait: 1_000 }));
      await clock.pass(1_000);
      assert(ended.reason instanceof StoreResetError);
      assertEquals(second.status, "rejected");
      assertEquals((await first).lost.aborted, true);
    }),
  );

  it("refuses bad input at once", () => {
    const store = memoryStore();
    const make = (...values: unknown[]) => () =>
      Reflect.construct(Member, values) as Member;
    assertThrows(make(), TypeError, "'store' must be a store");
    assertThrows(make({}), TypeError, "'store' must be a store");
    assertThrows(make(store, { ttl: "1s" }), TypeError, "'ttl'");
    assertThrows(make(store, { ttl: NaN }), RangeError, "'ttl'");
    assertThrows(make(store, { ttl: Infinity }), RangeError, "'ttl'");
    assertThrows(make(store, { ttl: 0 }), RangeError, "at least 1 ms");
    assertThrows(
      make(store, { ttl: 3_000, renewEvery: 1_500 }),
      RangeError,
      "at least 2 × renewEvery + grace + margin = 3800 ms",
    );
    assertThrows(
      make(store, { maxSkw: 5 }),
      TypeError,
      "did you mean 'maxSkew'",
    );
    const node = new Member(store);
    const elect = (...values: unknown[]) => () =>
      Reflect.construct(Elected, values) as Elected;
    assertThrows(elect(1, node, { key: "a" }), TypeError, "'make'");
    assertThrows(elect(idle, {}, { key: "a" }), TypeError, "'node'");
    assertThrows(elect(idle, node), TypeError, "'key'");
    assertThrows(elect(idle, node, { key: "" }), RangeError, "'key'");
    assertThrows(elect(idle, node, { key: "\ud800" }), RangeError, "surrogate");
    assertThrows(elect(idle, node, { key: "a", then: "x" }), TypeError, "then");
    const shard = (...values: unknown[]) => () =>
      Reflect.construct(Sharded, values) as Sharded;
    assertThrows(shard("ab", idle, node), TypeError, "'keys'");
    assertThrows(shard(["a", "b", "b"], idle, node), RangeError, '"b"');
    assertThrows(shard(["a", "a"], idle, node), RangeError, "repeats");
    assertThrows(shard(["a"], idle, node, { settle: NaN }), RangeError);
    assertThrows(() => node.semaphore("a", 0), RangeError, "'permits'");
  });

  it("locks nothing while it does not run", async () => {
    const node = memberOf(memoryStore());
    await assertRejects(() => node.lock("a"), StoreError, "start it first");
    await assertRejects(
      () => node.semaphore("a", 1).acquire(),
      StoreError,
      "start it first",
    );
  });
});

describe("a lock", () => {
  async function world(
    clock: Parameters<Parameters<typeof timed>[0]>[0],
    count = 2,
  ) {
    const store = new FakeStore(clock);
    const links = Array.from(
      { length: count },
      (): Link => ({ mode: "up", delay: 0 }),
    );
    const nodes = links.map((link, index) =>
      memberOf(store.node(link), { name: `n${index}` })
    );
    for (const each of nodes) void each.start();
    await clock.pass(0);
    const end = async () => {
      for (const each of nodes) void each.stop();
      await clock.pass(10_000);
    };
    return { store, links, nodes, end };
  }

  it(
    "is had by one at a time, on other nodes and on this one",
    timed(async (clock) => {
      const { nodes: [one, two], end } = await world(clock);
      const first = await one!.lock("a");
      const own = watch(one!.lock("a"));
      const other = watch(two!.lock("a"));
      await clock.pass(1_000);
      assertEquals([own.status, other.status], ["pending", "pending"]);
      void first.release();
      await clock.pass(200);
      assertEquals(
        [own.status, other.status].filter((each) => each === "resolved"),
        ["resolved"],
      );
      await end();
    }),
  );

  it(
    "has a fence that grows with each holder",
    timed(async (clock) => {
      const { nodes: [one, two], end } = await world(clock);
      let last = 0n;
      for (const node of [one!, two!, two!, one!]) {
        const lease = await node.lock("a");
        assert(lease.fence > last);
        last = lease.fence;
        await lease.release();
      }
      await end();
    }),
  );

  it(
    "is waited for no longer than asked",
    timed(async (clock) => {
      const { nodes: [one, two], end } = await world(clock);
      await one!.lock("a");
      const late = watch(two!.lock("a", { wait: 500 }));
      const stop = new AbortController();
      const ended = watch(two!.lock("a", { signal: stop.signal }));
      await clock.pass(200);
      stop.abort(new Error("enough"));
      await clock.pass(300);
      assertEquals((late.reason as Error).name, "TimeoutError");
      assertEquals((ended.reason as Error).message, "enough");
      await end();
    }),
  );

  it(
    "is lost when its time is over, by the clock and not by a timer",
    timed(async (clock) => {
      const { nodes: [one], end } = await world(clock);
      const lease = await one!.lock("a");
      lease.check();
      assert(lease.remaining > 0);
      // The loop is blocked: no timer has run.
      clock.block(3_000);
      assertEquals(lease.lost.aborted, false);
      const error = assertThrows(() => lease.check(), LeaseLostError);
      assertEquals(error.why, "expired");
      assertEquals(lease.lost.reason, error);
      assert(lease.remaining <= 0);
      await end();
    }),
  );

  it(
    "is lost where only the wall clock has gone on, as after a sleep",
    timed(async (clock) => {
      const { nodes: [one], end } = await world(clock);
      const lease = await one!.lock("a");
      clock.ahead += 3_600_000;
      assertThrows(() => lease.check(), LeaseLostError);
      await end();
    }),
  );

  it(
    "is not lost where the wall clock is set back, and ends in time all the same",
    timed(async (clock) => {
      const { nodes: [one], end } = await world(clock);
      const lease = await one!.lock("a");
      clock.ahead -= 3_600_000;
      lease.check();
      clock.block(3_000);
      assertThrows(() => lease.check(), LeaseLostError);
      await end();
    }),
  );

  it(
    "is lost at once where the resource has seen a higher fence",
    timed(async (clock) => {
      const { nodes: [one], end } = await world(clock);
      const lease = await one!.lock("a");
      lease.refused();
      const error = assertThrows(() => lease.check(), LeaseLostError);
      assertEquals(error.why, "fenced");
      assert(lease.remaining <= 0);
      await end();
    }),
  );

  it(
    "is lost once it is released, and releases once",
    timed(async (clock) => {
      const { store, nodes: [one], end } = await world(clock);
      const lease = await one!.lock("a");
      await lease.release();
      await lease.release();
      assertEquals((lease.lost.reason as LeaseLostError).why, "released");
      assertEquals(store.requests.filter((each) => each === "drop").length, 1);
      await end();
    }),
  );

  it(
    "that was won in a request whose answer was lost is found, or given back",
    timed(async (clock) => {
      const { store, links: [link], nodes: [one, two], end } = await world(
        clock,
      );
      link!.mode = "deaf";
      const stop = new AbortController();
      const lost = watch(one!.lock("a", { signal: stop.signal }));
      await clock.pass(500);
      // The store has given the key, and nobody here knows.
      assertEquals(store.held.has("k/lock/a"), true);
      stop.abort();
      await clock.pass(500);
      link!.mode = "up";
      await clock.pass(3_000);
      assertEquals(lost.status, "rejected");
      assertEquals(store.held.has("k/lock/a"), false);
      const lease = await two!.lock("a");
      assert(lease.fence > 0n);
      await end();
    }),
  );

  it(
    "that cannot be given up in the store is given up later",
    timed(async (clock) => {
      const { store, links: [link], nodes: [one], end } = await world(clock);
      const lease = await one!.lock("a");
      link!.mode = "down";
      const released = watch(lease.release());
      await clock.pass(500);
      assertEquals(released.status, "pending");
      link!.mode = "up";
      await clock.pass(2_000);
      assertEquals(released.status, "resolved");
      assertEquals(store.held.has("k/lock/a"), false);
      await end();
    }),
  );

  it(
    "of which there are three lets three in",
    timed(async (clock) => {
      const { nodes, end } = await world(clock, 5);
      const held: Lease[] = [];
      const waiting = nodes.map((node) =>
        node.semaphore("gpu", 3).acquire().then((lease) => held.push(lease))
      );
      await clock.pass(500);
      assertEquals(held.length, 3);
      void held[0]!.release();
      await clock.pass(500);
      assertEquals(held.length, 4);
      void held[1]!.release();
      await clock.pass(500);
      assertEquals(held.length, 5);
      await Promise.all(waiting);
      await assertRejects(
        () => nodes[0]!.semaphore("gpu", 3).acquire({ wait: 0 }),
        DOMException,
      );
      await end();
    }),
  );
});

describe("an elected runner", () => {
  async function world(
    clock: Parameters<Parameters<typeof timed>[0]>[0],
    end?: (term: Term) => Promise<void>,
    hints = true,
  ) {
    const store = new FakeStore(clock);
    const links: Link[] = [];
    const terms: Term[] = [];
    const nodes = ["a", "b"].map((name) => {
      const link: Link = { mode: "up", delay: 0 };
      links.push(link);
      const member = memberOf(store.node(link, hints), { name });
      return { member, elected: electedOf(member, terms, end) };
    });
    for (const { member, elected } of nodes) {
      void member.start();
      await clock.pass(0);
      void elected.start();
      await clock.pass(0);
    }
    const finish = async () => {
      for (const { member, elected } of nodes) {
        void elected.stop();
        void member.stop();
      }
      await clock.pass(30_000);
    };
    return { store, links, terms, nodes, finish };
  }

  it(
    "runs on one node, and on the next when that stops",
    timed(async (clock) => {
      const { terms, nodes, finish } = await world(clock);
      assertEquals(terms.map(({ node }) => node), ["a"]);
      assertEquals(nodes.map(({ elected }) => elected.isLeader), [true, false]);
      assertEquals(nodes[1]!.elected.state, "running");
      void nodes[0]!.elected.stop();
      await clock.pass(100);
      assertEquals(terms.map(({ node }) => node), ["a", "b"]);
      assert(terms[1]!.lease.fence > terms[0]!.lease.fence);
      await finish();
    }),
  );

  it(
    "hands over also when its member stops, and when no hint comes",
    timed(async (clock) => {
      const { terms, nodes, finish } = await world(clock, undefined, false);
      void nodes[0]!.member.stop();
      await clock.pass(3_200);
      assertEquals(terms.map(({ node }) => node), ["a", "b"]);
      await finish();
    }),
  );

  it(
    "gives the key up only when the inner run has ended",
    timed(async (clock) => {
      let end = () => {};
      const { store, terms, nodes, finish } = await world(clock, async () => {
        await new Promise<void>((resolve) => end = resolve);
      });
      const stop = watch(nodes[0]!.elected.stop({ timeout: 1_000 }));
      await clock.pass(1_000);
      assertEquals((stop.reason as Error).name, "TimeoutError");
      // It keeps the key, and the session lives.
      await clock.pass(20_000);
      assertEquals(terms.length, 1);
      assertEquals(terms[0]!.force.aborted, true);
      assertEquals(store.held.get("k/elected/leader")?.session, "a-1");
      end();
      await clock.pass(200);
      assertEquals(terms.length, 2);
      end();
      await finish();
    }),
  );

  it(
    "a member that stops does not give up the key of a run that goes on",
    timed(async (clock) => {
      const over: (() => void)[] = [];
      const { store, terms, nodes, finish } = await world(clock, async () => {
        await new Promise<void>((resolve) => over.push(resolve));
      });
      const began = clock.now;
      const stop = watch(nodes[0]!.member.stop());
      await clock.pass(2_600);
      assertEquals(stop.status, "rejected");
      assertEquals(store.held.has("k/elected/leader"), true);
      await clock.pass(3_300);
      // By itself, when the session has expired.
      assertEquals(terms.length, 2);
      assert(clock.now - began > 2_600);
      for (const each of over) each();
      await clock.pass(0);
      for (const each of over) each();
      await finish();
    }),
  );

  it(
    "is asked to end before the deadline, and forced at the deadline",
    timed(async (clock) => {
      const times: Record<string, number> = {};
      const { links, terms, finish } = await world(clock, async (term) => {
        const { signal, force, node } = term;
        signal.addEventListener(
          "abort",
          () => times[`${node} asked`] = clock.now,
        );
        force.addEventListener(
          "abort",
          () => times[`${node} forced`] = clock.now,
        );
        await untilAborted(force);
      });
      const [first] = terms;
      // Right after a renewal its whole time is left.
      while (first!.lease.remaining < 2_799) await clock.pass(1);
      const renewed = clock.now;
      links[0]!.mode = "lost";
      await clock.pass(5_000);
      assertEquals(times["a asked"]! - renewed, 2_200);
      assertEquals(times["a forced"]! - renewed, 2_800);
      assertEquals(first!.isOver, true);
      assertEquals(first!.lease.lost.aborted, true);
      await finish();
    }),
  );

  it(
    "ends a run whatever grace it has: StartStops and Supervisors alike",
    timed(async (clock) => {
      for (const stopTimeout of [10, 60_000]) {
        const store = new FakeStore(clock);
        const link: Link = { mode: "up", delay: 0 };
        const node = memberOf(store.node(link));
        let forced = 0;
        const elected = new Elected(
          () =>
            new Supervisor([{
              runner: new StartStop(async (_signal, { force }) => {
                await untilAborted(force);
                forced = clock.now;
              }, { stopTimeout, printErrors: false, name: "inner" }),
            }], { stopTimeout, printErrors: false }),
          node,
          { key: "a", printErrors: false },
        );
        void node.start();
        void elected.start();
        await clock.pass(10);
        while (elected.lease!.remaining < 2_799) await clock.pass(1);
        const renewed = clock.now;
        link.mode = "lost";
        await clock.pass(4_000);
        assert(forced > 0, "it was not forced");
        assert(forced - renewed <= 2_801, `${forced - renewed} ms`);
        link.mode = "up";
        void elected.stop();
        void node.stop();
        await clock.pass(10_000);
      }
    }),
  );

  it(
    "ends its run cleanly by a check that throws",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      let inner: StartStop | undefined;
      let aborted = false;
      const elected = new Elected(
        (lease) =>
          inner = new StartStop(async (signal) => {
            await new Promise((resolve) => setTimeout(resolve, 10));
            if (aborted) return await untilAborted(signal);
            clock.block(5_000);
            try {
              lease.check();
            } finally {
              aborted = signal.aborted;
            }
          }, { printErrors: false }),
        node,
        { key: "a", printErrors: false },
      );
      void node.start();
      void elected.start();
      await clock.pass(20);
      assertEquals(aborted, true);
      assertEquals(inner!.errorsTotal(), 0);
      assertEquals(elected.errorsTotal(), 0);
      void elected.stop();
      void node.stop();
      await clock.pass(10_000);
    }),
  );

  it(
    "ends at once where the resource refuses a write",
    timed(async (clock) => {
      const { terms, finish } = await world(clock);
      terms[0]!.lease.refused();
      assertEquals(terms[0]!.signal.aborted, true);
      assertEquals(
        (terms[0]!.signal.reason as LeaseLostError).why,
        "fenced",
      );
      await clock.pass(1_000);
      assertEquals(terms.length, 2);
      await finish();
    }),
  );

  it(
    "ends soon where a store that errs gives its key away",
    timed(async (clock) => {
      const { store, terms, finish } = await world(clock);
      await clock.pass(1_000);
      // As etcd's leader does that was stopped for longer than a lease lives.
      store.end("a-1");
      await clock.pass(0);
      assertEquals(terms[0]!.lease.lost.aborted, true);
      assertEquals(terms[0]!.isOver, true);
      await clock.pass(200);
      assertEquals(terms.length, 2);
      await finish();
    }),
  );

  it(
    "tells of a run that goes on though its lease is over",
    timed(async (clock) => {
      const over: (() => void)[] = [];
      const { links, nodes, finish } = await world(clock, async () => {
        await new Promise<void>((resolve) => over.push(resolve));
      });
      const told: CoordinationEvent[] = [];
      nodes[0]!.elected.observe((event) => told.push(event));
      links[0]!.mode = "lost";
      await clock.pass(3_200);
      assertEquals(told.filter(({ type }) => type === "overrun").length, 1);
      assert(/goes on though its lease/.test(
        nodes[0]!.elected.errorsLast()!.message,
      ));
      links[0]!.mode = "up";
      for (const each of over) each();
      await clock.pass(0);
      for (const each of over) each();
      await finish();
    }),
  );

  it(
    "goes for the key again when its run has failed, after a pause",
    timed(async (clock) => {
      let count = 0;
      const { terms, nodes, finish } = await world(
        clock,
        async ({ signal }) => {
          if (++count < 3) throw new Error("disk full");
          await untilAborted(signal);
        },
      );
      await clock.pass(10_000);
      assertEquals(terms.length, 3);
      const errors = nodes.flatMap(({ elected }) => elected.errorsList());
      assertEquals(errors.map(({ message }) => message), [
        "disk full",
        "disk full",
      ]);
      await finish();
    }),
  );

  it(
    "with `then: fail` it ends as its run did",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      const elected = new Elected(
        () =>
          new StartStop(() => {
            throw new Error("disk full");
          }, { printErrors: false }),
        node,
        { key: "a", then: "fail", printErrors: false },
      );
      void node.start();
      void elected.start();
      const ended = watch(elected.finished());
      await clock.pass(100);
      assertEquals((ended.reason as Error).message, "disk full");
      assertEquals(store.held.has("k/elected/a"), false);
      void node.stop();
      await clock.pass(0);
    }),
  );

  it(
    "waits for its member, and leads again when that has started again",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      const terms: Term[] = [];
      const elected = electedOf(node, terms);
      void elected.start();
      await clock.pass(1_000);
      void node.start();
      await clock.pass(100);
      assertEquals(terms.length, 1);
      void node.stop();
      await clock.pass(100);
      assertEquals([terms[0]!.isOver, node.state], [true, "stopped"]);
      void node.start();
      await clock.pass(100);
      assertEquals(terms.length, 2);
      void elected.stop();
      void node.stop();
      await clock.pass(100);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "stops twice as once",
    timed(async (clock) => {
      const { terms, nodes, finish } = await world(clock);
      const stops = nodes.flatMap(({ elected, member }) => [
        watch(elected.stop()),
        watch(elected.stop()),
        watch(member.stop()),
        watch(member.stop()),
      ]);
      await clock.pass(100);
      assert(stops.every(({ status }) => status === "resolved"));
      assertEquals(terms.length, 1);
      await finish();
      assertEquals(clock.pending, 0);
    }),
  );
});

describe("many elections", () => {
  it(
    "are one watch, one renewal and few requests",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      let runs = 0;
      const many = Array.from({ length: 300 }, (_, index) =>
        new Elected(
          () =>
            new StartStop((signal) => {
              runs++;
              return untilAborted(signal);
            }),
          node,
          { key: `key/${index}\n` },
        ));
      void node.start();
      await clock.pass(0);
      store.requests = [];
      for (const each of many) void each.start();
      await clock.pass(50);
      assertEquals(runs, 300);
      assertEquals(store.watchers.size, 1);
      assertEquals(store.requests, ["take", "take", "take"]);
      store.requests = [];
      for (const each of many) void each.stop();
      await clock.pass(50);
      assertEquals(store.requests, ["drop", "drop", "drop"]);
      void node.stop();
      await clock.pass(50);
      assertEquals(store.held.size, 0);
    }),
  );
});

describe("a watch", () => {
  it(
    "is made anew before an engine ends a quiet one",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const node = memberOf(store.node());
      void node.start();
      await clock.pass(0);
      let [watcher] = store.watchers;
      let longest = 0;
      let since = clock.now;
      for (let second = 0; second < 400; second++) {
        await clock.pass(1_000);
        assertEquals(store.watchers.size, 1);
        if (store.watchers.has(watcher!)) continue;
        longest = Math.max(longest, clock.now - since);
        since = clock.now;
        [watcher] = store.watchers;
      }
      assert(longest > 60_000 && longest <= 120_000, String(longest));
      void node.stop();
      await clock.pass(0);
      assertEquals(store.watchers.size, 0);
    }),
  );

  it(
    "that fails is made again, and what was missed is looked at",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const inner = store.node();
      let watches = 0;
      const failing = {
        ...inner,
        open: async (...values: Parameters<typeof inner.open>) => {
          const session = await inner.open(...values);
          return {
            ...session,
            async *watch(): AsyncGenerator<undefined> {
              watches++;
              yield undefined;
              await new Promise((resolve) => setTimeout(resolve, 5_000));
              throw new Error("terminated");
            },
          };
        },
      };
      const [one, two] = [memberOf(store.node()), memberOf(failing)];
      void one.start();
      void two.start();
      await clock.pass(0);
      const lease = await one.lock("a");
      const other = watch(two.lock("a"));
      await clock.pass(60_000);
      assert(watches >= 8 && watches <= 13, String(watches));
      assertEquals(two.errorsTotal(), 0);
      void lease.release();
      await clock.pass(5_600);
      assertEquals(other.status, "resolved");
      void one.stop();
      void two.stop();
      await clock.pass(10_000);
    }),
  );
});

describe("shards", () => {
  it(
    "run each on one node, move little, and never run twice",
    timed(async (clock) => {
      const store = new FakeStore(clock);
      const keys = Array.from({ length: 200 }, (_, index) => `key ${index}`);
      const running = new Map<string, string>();
      let twice = 0;
      const make = (name: string) => {
        const node = memberOf(store.node(), { name });
        const shards = new Sharded(
          keys,
          (key) =>
            new StartStop(async (signal) => {
              if (running.has(key)) twice++;
              running.set(key, name);
              await untilAborted(signal);
              running.delete(key);
            }),
          node,
          { settle: 200 },
        );
        void node.start();
        void shards.start();
        return { node, shards };
      };
      const nodes = ["a", "b", "c", "d"].map(make);
      await clock.pass(2_000);
      assertEquals(running.size, 200);
      for (const { shards } of nodes) {
        assert(shards.keys().length <= 80, String(shards.keys().length));
      }
      const before = new Map(running);
      const [gone] = nodes.splice(0, 1);
      const moved = gone!.shards.keys();
      void gone!.shards.stop();
      void gone!.node.stop();
      await clock.pass(2_000);
      assertEquals(running.size, 200);
      for (const [key, name] of running) {
        if (!moved.includes(key)) assertEquals(name, before.get(key));
      }
      nodes.push(make("e"));
      // A hint that came too early is made good by the look at each ttl.
      for (let left = 10; left > 0 && running.size < 200; left--) {
        await clock.pass(3_000);
      }
      assertEquals([running.size, twice], [200, 0]);
      for (const { node, shards } of nodes) {
        void shards.stop();
        void node.stop();
      }
      await clock.pass(1_000);
      assertEquals([running.size, clock.pending], [0, 0]);
    }),
  );

  /** Nodes that share keys; each knows some, and some fail at each runner. */
  function shared(clock: HandClock, hints = true) {
    const store = new FakeStore(clock);
    const running = new Map<string, string>();
    const begin = (name: string, keys: string[], isBad = false) => {
      const node = memberOf(store.node(undefined, hints), { name });
      const shards = new Sharded(
        keys,
        (key) =>
          new StartStop(async (signal) => {
            assert(!running.has(key), `${key} runs twice`);
            if (isBad) throw new Error("no");
            running.set(key, name);
            await untilAborted(signal);
            running.delete(key);
          }, { printErrors: false }),
        node,
        { settle: 200, printErrors: false },
      );
      void node.start();
      void shards.start();
      return async () => {
        void shards.stop();
        void node.stop();
        await clock.pass(1_000);
      };
    };
    return { store, running, begin };
  }
  const some = Array.from({ length: 60 }, (_, index) => `key ${index}`);

  for (const hints of [true, false]) {
    it(
      `run on the next in rank where the first does not know them${
        hints ? "" : ", without hints"
      }`,
      timed(async (clock) => {
        const { running, begin } = shared(clock, hints);
        // As in a rolling upgrade: the new version has more keys.
        const ends = [
          begin("old", some.slice(0, 30)),
          begin("older", some.slice(0, 30)),
          begin("new", some),
        ];
        await clock.pass(900);
        const before = running.size;
        await clock.pass(4_000);
        assertEquals(running.size, 60);
        assert(before < 60, "they were not left to the first in rank");
        for (const key of some.slice(30)) assertEquals(running.get(key), "new");
        // Who comes and is first takes them over; the others stay where they are.
        const stayed = new Map(running);
        ends.push(begin("newer", some));
        await clock.pass(4_000);
        assertEquals(running.size, 60);
        const moved = some.filter((key) =>
          running.get(key) !== stayed.get(key)
        );
        assert(moved.length > 0, "nothing moved");
        for (const key of moved) assertEquals(running.get(key), "newer");
        for (const end of ends) await end();
        assertEquals([running.size, clock.pending], [0, 0]);
      }),
    );
  }

  it(
    "go on where those that stand in leave, and the first comes back knowing them",
    timed(async (clock) => {
      const { running, begin } = shared(clock);
      const endOld = begin("old", some.slice(0, 30));
      const endOne = begin("one", some);
      const endOther = begin("other", some);
      // In the middle of the turns: some are taken by a stand-in, some are free.
      await clock.pass(2_500);
      await endOne();
      await clock.pass(6_000);
      assertEquals(running.size, 60);
      for (const key of some.slice(30)) assertEquals(running.get(key), "other");
      await endOld();
      const endNew = begin("old", some);
      await clock.pass(6_000);
      assertEquals(running.size, 60);
      assert(some.slice(30).some((key) => running.get(key) === "old"));
      await endOther();
      await clock.pass(6_000);
      for (const key of some) assertEquals(running.get(key), "old");
      await endNew();
      assertEquals([running.size, clock.pending], [0, 0]);
    }),
  );

  it(
    "run on another node where the first fails at each of them",
    timed(async (clock) => {
      const { running, begin } = shared(clock);
      const ends = [begin("bad", some, true), begin("good", some)];
      await clock.pass(60_000);
      assertEquals(running.size, 60);
      for (const end of ends) await end();
      assertEquals([running.size, clock.pending], [0, 0]);
    }),
  );

  it(
    "ask for no list of those that are held but once a ttl",
    timed(async (clock) => {
      const { store, running, begin } = shared(clock);
      const ends = [begin("a", some), begin("b", some)];
      await clock.pass(10_000);
      assertEquals(running.size, 60);
      const lists = () =>
        store.requests.filter((each) => each === "list").length;
      const before = lists();
      await clock.pass(10 * TTL);
      // Two nodes, each of which also lists the members once a ttl.
      const count = lists() - before;
      assert(count <= 46, String(count));
      for (const end of ends) await end();
    }),
  );
});
