import { Gate, type GateError, type GateEvent } from "@golib/runner/admission";
import { Supervisor } from "@golib/runner/supervisor";
import { StartStop, untilAborted } from "@golib/runner";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { failure, gate as latch, reasonOf, turns, watch } from "./_helpers.ts";

/** Work that is ended by hand, and a log of what has begun. */
function bench(gate: Gate) {
  const begun: string[] = [];
  const ends = new Map<string, ReturnType<typeof latch>>();
  const signals = new Map<string, AbortSignal>();
  return {
    begun,
    signals,
    run(name: string, options?: Parameters<Gate["run"]>[1]) {
      const end = latch();
      ends.set(name, end);
      const call = gate.run(async (signal) => {
        begun.push(name);
        signals.set(name, signal);
        await end.promise;
        return name;
      }, options);
      call.catch(() => {});
      return call;
    },
    async end(...names: string[]) {
      for (const name of names) {
        ends.get(name)!.open();
        await turns();
      }
    },
  };
}

describe("Gate", () => {
  it("runs as many at once as there are places, and inside the call", async () => {
    const gate = new Gate({ concurrency: 2 });
    const { run, end, begun } = bench(gate);
    const calls = ["a", "b", "c"].map((name) => run(name));
    assertEquals(begun, ["a", "b"]);
    assertEquals([gate.load().running, gate.load().waiting], [2, 1]);
    await end("b");
    assertEquals(begun, ["a", "b", "c"]);
    await end("a", "c");
    assertEquals(await Promise.all(calls), ["a", "b", "c"]);
    assertEquals([gate.load().running, gate.load().waiting], [0, 0]);
    assertEquals(gate.load().admitted, 3);
  });

  it("passes on what the work throws, and frees its place", async () => {
    const gate = new Gate({ concurrency: 1 });
    const call = gate.run(() => {
      throw new RangeError("no");
    });
    assertEquals(await failure(call), "RangeError");
    assertEquals(await gate.run(() => 1, { priority: 3 }), 1);
    assertEquals(
      await failure(
        gate.run(() => Promise.reject(new SyntaxError()), { weight: 1 }),
      ),
      "SyntaxError",
    );
    assertEquals(gate.load().running, 0);
  });

  it("lets in by priority, and equal ones in their order", async () => {
    const gate = new Gate({ concurrency: 1, aging: 0 });
    const { run, end, begun } = bench(gate);
    run("first");
    run("low", { priority: -1 });
    run("a");
    run("high", { priority: 7 });
    run("b");
    await end("first", "high", "a", "b", "low");
    assertEquals(begun, ["first", "high", "a", "b", "low"]);
  });

  it("lets one rise that waits, by a priority each aging", async () => {
    using time = new FakeTime();
    const gate = new Gate({ concurrency: 1, aging: 1_000 });
    const { run, end, begun } = bench(gate);
    run("first");
    run("old");
    await time.tickAsync(2_500);
    run("two", { priority: 2 });
    run("three", { priority: 3 });
    await end("first", "three", "old", "two");
    assertEquals(begun, ["first", "three", "old", "two"]);
  });

  it("keeps places for a priority", async () => {
    const gate = new Gate({ concurrency: 3, reserve: { 10: 1, 20: 1 } });
    const { run, end, begun } = bench(gate);
    run("a");
    run("b", { priority: 9 });
    run("c", { priority: 9 });
    assertEquals(begun, ["a", "b"]);
    run("health", { priority: 20 });
    assertEquals(begun, ["a", "b", "health"]);
    await end("health");
    assertEquals(begun, ["a", "b", "health"]);
    await end("a");
    assertEquals(begun, ["a", "b", "health", "c"]);
    await end("b", "c");
  });

  it("lets a high priority by, although one that waited for long may not go in", async () => {
    using time = new FakeTime();
    const gate = new Gate({ concurrency: 2, reserve: { 5: 1 }, aging: 10 });
    const { run, end, begun } = bench(gate);
    run("a");
    run("old");
    await time.tickAsync(10_000);
    run("vital", { priority: 5 });
    assertEquals(begun, ["a", "vital"]);
    await end("a", "vital", "old");
    assertEquals(begun, ["a", "vital", "old"]);
  });

  it("takes the weight of a run, and holds smaller ones back that come after", async () => {
    const gate = new Gate({ concurrency: 4 });
    const { run, end, begun } = bench(gate);
    run("a", { weight: 3 });
    run("big", { weight: 2 });
    run("small");
    assertEquals(begun, ["a"]);
    await end("a");
    assertEquals(begun, ["a", "big", "small"]);
    assertEquals(gate.load().concurrency, { used: 3, limit: 4 });
    await end("big", "small");
    assertEquals(gate.load().concurrency, { used: 0, limit: 4 });
  });

  it("takes all resources of a run or none", async () => {
    const gate = new Gate({ limits: { database: 1, cpu: 1 } });
    const { run, end, begun } = bench(gate);
    run("cpu", { uses: { cpu: 1 } });
    run("both", { uses: { database: 1, cpu: 1 } });
    assertEquals(gate.load().limits.database, { used: 0, limit: 1 });
    run("free");
    assertEquals(begun, ["cpu", "free"]);
    await end("cpu");
    assertEquals(begun, ["cpu", "free", "both"]);
    await end("both", "free");
  });

  it("lets one by that needs nothing of what an earlier one waits for", async () => {
    const gate = new Gate({ concurrency: 3, limits: { database: 1 } });
    const { run, end, begun } = bench(gate);
    run("a", { uses: { database: 1 } });
    run("b", { uses: { database: 1 }, priority: 5 });
    run("c", { priority: -5 });
    assertEquals(begun, ["a", "c"]);
    await end("a", "b", "c");
    assertEquals(begun, ["a", "c", "b"]);
  });

  it("is passed by others for one aging at most", async () => {
    using time = new FakeTime();
    const gate = new Gate({ limits: { a: 1, b: 1 }, aging: 100 });
    const { run, end, begun } = bench(gate);
    run("a0", { uses: { a: 1 } });
    run("both", { uses: { a: 1, b: 1 } });
    // Each takes what the other's end would leave to the one that wants both.
    run("b0", { uses: { b: 1 } });
    await time.tickAsync(60);
    await end("a0");
    run("a1", { uses: { a: 1 } });
    await time.tickAsync(60);
    await end("b0");
    run("b1", { uses: { b: 1 } });
    run("a2", { uses: { a: 1 } });
    await end("a1");
    assert(begun.includes("both"), begun.join());
    assert(!begun.includes("b1"), begun.join());
    await end("both", "b1", "a2");
  });

  it("refuses where as many wait as may, and says when to come again", async () => {
    using time = new FakeTime();
    const gate = new Gate({ concurrency: 1, maxWaiting: 1, name: "work" });
    const { run, end } = bench(gate);
    run("a");
    run("b");
    const first = await reasonOf(run("c")) as GateError;
    assertEquals([first.name, first.why, first.retryAfter], [
      "GateError",
      "full",
      undefined,
    ]);
    assert(first.message.startsWith('Cannot run "work": 1 wait already'));
    await time.tickAsync(100);
    await end("a");
    run("d");
    await time.tickAsync(100);
    await end("b");
    run("e");
    const second = await reasonOf(run("f")) as GateError;
    assert(second.retryAfter! > 0);
    assertEquals(gate.load().refused, { full: 2, late: 0, closed: 0 });
    await end("d", "e");
  });

  it("refuses the last in order where one comes that goes before it", async () => {
    const gate = new Gate({ concurrency: 1, maxWaiting: 2, aging: 0 });
    const { run, end, begun } = bench(gate);
    run("first");
    const low = run("low", { priority: -1 });
    const middle = watch(run("middle"));
    run("high", { priority: 5 });
    assertEquals((await reasonOf(low) as GateError).why, "full");
    assertEquals(gate.load().waitingByPriority, { 0: 1, 5: 1 });
    assertEquals(
      (await reasonOf(run("equal")) as GateError).why,
      "full",
      "one of the same priority comes after",
    );
    assertEquals(middle.status, "pending");
    await end("first", "high", "middle");
    assertEquals(begun, ["first", "high", "middle"]);
    assertEquals(gate.load().refused.full, 2);
  });

  it("refuses one that has waited for its longest wait", async () => {
    using time = new FakeTime();
    const gate = new Gate({ concurrency: 1, maxWait: 500, aging: 0 });
    const { run, end, begun } = bench(gate);
    run("a");
    const b = watch(run("b"));
    const c = watch(run("c", { maxWait: 1_000 }));
    await time.tickAsync(499);
    assertEquals(b.status, "pending");
    await time.tickAsync(1);
    await turns();
    assertEquals((b.reason as GateError).why, "late");
    assert((b.reason as Error).message.includes("within 500 ms"));
    assertEquals(c.status, "pending");
    await end("a");
    assertEquals(begun, ["a", "c"]);
    await time.tickAsync(1_000);
    await end("c");
    assertEquals(c.status, "resolved");
  });

  it("does now or not at all with a longest wait of 0", async () => {
    const gate = new Gate({ concurrency: 1 });
    const { run, end } = bench(gate);
    run("a", { maxWait: 0 });
    const error = await reasonOf(run("b", { maxWait: 0 })) as GateError;
    assertEquals(error.why, "late");
    await end("a");
  });

  it("forgets one whose signal aborts, and leaves nothing on the signal", async () => {
    const gate = new Gate({ concurrency: 1 });
    const { run, end, begun } = bench(gate);
    let listeners = 0;
    const { signal } = new AbortController();
    const controller = new AbortController();
    const { signal: counted } = controller;
    const add = counted.addEventListener.bind(counted);
    const remove = counted.removeEventListener.bind(counted);
    counted.addEventListener = (...values: Parameters<typeof add>) => {
      listeners++;
      add(...values);
    };
    counted.removeEventListener = (...values: Parameters<typeof remove>) => {
      listeners--;
      remove(...values);
    };
    run("a", { signal });
    const b = run("b", { signal: counted, maxWait: 10_000 });
    run("c");
    assertEquals(listeners, 1);
    const reason = new Error("gone");
    controller.abort(reason);
    assertEquals(await reasonOf(b), reason);
    await end("a", "c");
    assertEquals(begun, ["a", "c"]);
    assertEquals(gate.load().abandoned, 1);
    assertEquals(await reasonOf(run("d", { signal: counted })), reason);
    assertEquals(begun, ["a", "c"]);
  });

  it("aborts the signal of the work with that of the caller", async () => {
    const gate = new Gate({ concurrency: 1 });
    const controller = new AbortController();
    const call = gate.run(async (signal) => {
      await untilAborted(signal);
      throw signal.reason;
    }, { signal: controller.signal });
    controller.abort("enough");
    assertEquals(await reasonOf(call), "enough");
    assertEquals(gate.load().running, 0);
  });

  it("refuses what waits and comes once it is closed, and waits for what runs", async () => {
    const gate = new Gate({ concurrency: 1 });
    const { run, end, begun } = bench(gate);
    run("a");
    const b = run("b");
    const closed = watch(gate.close());
    assertEquals((await reasonOf(b) as GateError).why, "closed");
    assertEquals((await reasonOf(run("c")) as GateError).why, "closed");
    assertEquals([closed.status, gate.state], ["pending", "stopping"]);
    await end("a");
    assertEquals([closed.status, gate.state], ["resolved", "stopped"]);
    assertEquals((await reasonOf(run("d")) as GateError).why, "closed");
    await gate.start();
    const e = run("e");
    await end("e");
    assertEquals(await e, "e");
    assertEquals(begun, ["a", "e"]);
    assertEquals(gate.load().refused.closed, 3);
    await gate.stop();
  });

  it("is open before its first start, and through it", async () => {
    const gate = new Gate({ concurrency: 1 });
    const { run, end } = bench(gate);
    const a = run("a");
    await gate.start();
    assertEquals(gate.state, "running");
    await end("a");
    assertEquals(await a, "a");
    await gate.stop();
    assertEquals(gate.state, "stopped");
  });

  it("aborts what runs when the grace of a stop has passed", async () => {
    using time = new FakeTime();
    const gate = new Gate({
      concurrency: 1,
      stopTimeout: 100,
      printErrors: false,
    });
    const { run, end, signals } = bench(gate);
    run("a");
    const stop = watch(gate.stop());
    await time.tickAsync(99);
    assertEquals(signals.get("a")!.aborted, false);
    await time.tickAsync(1);
    await turns();
    assertEquals((stop.reason as Error).name, "TimeoutError");
    assertEquals([signals.get("a")!.aborted, gate.state], [true, "stopping"]);
    await end("a");
    assertEquals(gate.state, "stopped");
    await gate.start();
    run("b");
    assertEquals(signals.get("b")!.aborted, false);
    await end("b");
    await gate.stop();
  });

  it("closes from the lowest priority as pressure rises, and opens without swinging", async () => {
    let pressure = 0;
    const gate = new Gate({ pressure: () => pressure, aging: 0 });
    const { run, end, begun } = bench(gate);
    for (const priority of [0, 1, 2]) run(`see ${priority}`, { priority });
    await end("see 0", "see 1", "see 2");
    begun.length = 0;
    pressure = 0.4;
    run("low", { priority: 0 });
    run("middle", { priority: 1 });
    pressure = 0.7;
    run("middle again", { priority: 1 });
    run("high", { priority: 2 });
    assertEquals(begun, ["middle", "high"]);
    pressure = 0.6;
    gate.wake();
    assertEquals(begun, ["middle", "high"], "it has to fall by more");
    pressure = 0.5;
    gate.wake();
    await turns();
    assertEquals(begun, ["middle", "high", "middle again"]);
    pressure = 1;
    run("last", { priority: 2 });
    pressure = 0;
    gate.wake();
    await turns();
    assertEquals(begun.slice(3), ["last", "low"]);
    await end("low", "middle", "middle again", "high", "last");
    assertEquals(gate.load().pressure, 0);
  });

  it("reads a limit at each arrival and end, and by itself while nothing runs", async () => {
    using time = new FakeTime();
    let limit = 0;
    let reads = 0;
    const read = () => {
      reads++;
      return limit;
    };
    const gate = new Gate({ concurrency: read });
    const { run, end, begun } = bench(gate);
    run("a");
    run("b");
    assertEquals([begun.length, reads], [0, 2]);
    limit = 1;
    await time.tickAsync(100);
    assertEquals(begun, ["a"]);
    const before = reads;
    await time.tickAsync(1_000);
    assertEquals(reads, before, "it reads although something runs");
    limit = 2;
    gate.wake();
    await turns();
    assertEquals(begun, ["a", "b"]);
    await end("a", "b");
    const after = reads;
    await time.tickAsync(1_000);
    assertEquals(reads, after);
  });

  it("gives a limit's reader what its runs have", async () => {
    let idle = 2;
    const gate = new Gate({ limits: { pool: (inUse) => inUse + idle } });
    const ends: ReturnType<typeof latch>[] = [];
    let least = idle;
    for (let count = 0; count < 5; count++) {
      void gate.run(async () => {
        least = Math.min(least, --idle);
        const end = latch();
        ends.push(end);
        await end.promise;
        idle++;
      }, { uses: { pool: 1 } });
    }
    for (const [index, begun] of [2, 3, 4, 5, 5].entries()) {
      assertEquals(ends.length, begun);
      ends[index]!.open();
      await turns();
    }
    assertEquals([least, gate.load().limits.pool!.used], [0, 0]);
  });

  it("records what a reader throws, and goes on with what it read before", async () => {
    let isBroken = false;
    const gate = new Gate({
      printErrors: false,
      concurrency: () => {
        if (isBroken) throw new Error("no pool");
        return 1;
      },
    });
    assertEquals(await gate.run(() => 1), 1);
    isBroken = true;
    assertEquals(await gate.run(() => 2), 2);
    assertEquals(gate.errorsLast()!.message, "no pool");
  });

  it("lets one in by its own gate and the parent's, or by none", async () => {
    const process = new Gate({ concurrency: 2 });
    const [one, other] = ["one", "other"].map((name) =>
      new Gate({ concurrency: 1, parent: process, name })
    );
    const first = bench(one!);
    const second = bench(other!);
    first.run("a");
    first.run("b");
    assertEquals(process.load().concurrency.used, 1);
    second.run("c");
    second.run("d");
    const own = bench(process);
    own.run("own", { priority: 1 });
    assertEquals([first.begun, second.begun, own.begun], [["a"], ["c"], []]);
    await first.end("a");
    assertEquals(own.begun, ["own"]);
    assertEquals(first.begun, ["a"]);
    await own.end("own");
    assertEquals(first.begun, ["a", "b"]);
    await second.end("c");
    await first.end("b");
    await second.end("d");
    assertEquals(process.load().concurrency.used, 0);
    await process.close();
    assertEquals(
      (await reasonOf(first.run("late")) as GateError).why,
      "closed",
    );
  });

  it("refuses what waits in its parts once it is closed, and waits for what they run", async () => {
    const process = new Gate({ concurrency: 1, printErrors: false });
    const tenant = new Gate({ concurrency: 5, parent: process });
    const { run, end, begun, signals } = bench(tenant);
    run("a");
    const waits = run("b");
    const stop = watch(process.stop({ signal: AbortSignal.timeout(60_000) }));
    assertEquals((await reasonOf(waits) as GateError).why, "closed");
    assertEquals([stop.status, process.state], ["pending", "stopping"]);
    assertEquals(signals.get("a")!.aborted, false);
    const cut = new Error("now");
    await reasonOf(process.stop({ signal: AbortSignal.abort(cut) }));
    assertEquals(signals.get("a")!.aborted, false, "the first still waits");
    await end("a");
    assertEquals([stop.status, process.state], ["resolved", "stopped"]);
    assertEquals([begun, tenant.state], [["a"], "stopped"]);
    await process.start();
    assertEquals(await tenant.run(() => "again"), "again");
  });

  it("aborts what its parts run when the grace of its stop has passed", async () => {
    using time = new FakeTime();
    const process = new Gate({ printErrors: false });
    const tenant = new Gate({ parent: process });
    const caller = new AbortController();
    const { run, end, signals } = bench(tenant);
    run("a");
    run("b", { signal: caller.signal });
    const stop = watch(process.stop({ timeout: 50 }));
    await time.tickAsync(50);
    assertEquals([stop.status, process.state], ["rejected", "stopping"]);
    for (const name of ["a", "b"]) assert(signals.get(name)!.aborted);
    assertEquals(caller.signal.aborted, false);
    await end("a", "b");
    assertEquals(process.state, "stopped");
    await process.start();
    run("c");
    assertEquals(signals.get("c")!.aborted, false);
    await end("c");
  });

  it("lets none in while it closes, where one that leaves makes room", async () => {
    const gate = new Gate({ concurrency: 4 });
    const { run, end, begun } = bench(gate);
    run("a", { weight: 3 });
    run("large", { weight: 2, priority: 1 });
    run("small");
    const close = gate.close();
    await end("a");
    await close;
    assertEquals(begun, ["a"]);
    assertEquals(gate.load().refused.closed, 2);
  });

  it("ends a wait once, although an observer aborts its signal meanwhile", async () => {
    using time = new FakeTime();
    const gate = new Gate({ concurrency: 2 });
    const { run, end, begun } = bench(gate);
    const controller = new AbortController();
    run("a");
    const options = { weight: 2, maxWait: 20, signal: controller.signal };
    const large = run("large", options);
    run("b");
    run("c", { weight: 2 });
    gate.observe(() => controller.abort());
    await time.tickAsync(20);
    assertEquals((await reasonOf(large) as GateError).why, "late");
    const { abandoned, refused, waiting } = gate.load();
    assertEquals([abandoned, refused.late, waiting], [0, 1, 1]);
    await end("a", "b", "c");
    assertEquals(begun, ["a", "b", "c"]);
  });

  it("ends each wait once, although an observer aborts others while it closes", async () => {
    const process = new Gate({ concurrency: 1 });
    const tenant = new Gate({ parent: process });
    const { run, end } = bench(tenant);
    const controller = new AbortController();
    const { signal } = controller;
    run("a");
    const waits = ["b", "c", "d"].map((name) => run(name, { signal }));
    tenant.observe(() => controller.abort());
    const close = process.close();
    for (const wait of waits) {
      assertEquals((await reasonOf(wait) as GateError).why, "closed");
    }
    await end("a");
    await close;
    const { abandoned, refused, waiting } = tenant.load();
    assertEquals([abandoned, refused.closed, waiting], [0, 3, 0]);
  });

  it("lets none in that a reader or an observer has closed it for", async () => {
    let isToClose = false;
    const read: Gate = new Gate({
      concurrency: () => {
        if (isToClose) void read.close();
        return 1;
      },
    });
    isToClose = true;
    const refused = await reasonOf(read.run(() => {}));
    assertEquals((refused as GateError).why, "closed");

    const full = new Gate({ concurrency: 1, maxWaiting: 1 });
    const { run, end, begun } = bench(full);
    run("a");
    const first = run("b");
    full.observe((event: GateEvent) => {
      if (event.type === "admission") void full.close();
    });
    const second = run("c", { priority: 1 });
    assertEquals((await reasonOf(first) as GateError).why, "full");
    assertEquals((await reasonOf(second) as GateError).why, "closed");
    await end("a");
    assertEquals(begun, ["a"]);
  });

  it("lets no more wait than may, although an observer brings one more", async () => {
    const gate = new Gate({ concurrency: 1, maxWaiting: 1 });
    const { run, end, begun } = bench(gate);
    run("a");
    run("b");
    const leave = gate.observe(() => {
      leave();
      run("c", { priority: 2 });
    });
    const late = run("d", { priority: 1 });
    assertEquals((await reasonOf(late) as GateError).why, "full");
    assertEquals(gate.load().waiting, 1);
    await end("a", "c");
    assertEquals(begun, ["a", "c"]);
  });

  it("keeps no timer for a wait that was given up", async () => {
    using time = new FakeTime();
    let reads = 0;
    const gate = new Gate({ concurrency: () => (reads++, 0) });
    const controller = new AbortController();
    const wait = gate.run(() => {}, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await failure(wait);
    reads = 0;
    await time.tickAsync(1_000);
    assertEquals(reads, 0);
  });

  it("refuses a weight that an adaptive concurrency may never have", async () => {
    const gate = new Gate({ adaptive: { min: 2, max: 10 } });
    assertEquals(await gate.run(() => 1, { weight: 2 }), 1);
    assertEquals(await failure(gate.run(() => 1, { weight: 3 })), "RangeError");
  });

  it("uses resources of the parent by their names", async () => {
    const process = new Gate({ limits: { database: 1 } });
    const tenant = new Gate({ concurrency: 5, parent: process });
    const { run, end, begun } = bench(tenant);
    run("a", { uses: { database: 1 } });
    run("b", { uses: { database: 1 } });
    assertEquals(begun, ["a"]);
    await end("a", "b");
    assertEquals(begun, ["a", "b"]);
  });

  it("tells observers of waits and refusals, and shows its load", async () => {
    using time = new FakeTime();
    const events: string[] = [];
    const gate = new Gate({ concurrency: 1, maxWait: 50, maxWaiting: 2 });
    const leave = gate.observe((event: GateEvent) => {
      if (event.type !== "admission") return;
      events.push(`${event.outcome} ${event.priority} ${event.waited}`);
    });
    const { run, end } = bench(gate);
    run("a");
    run("b", { priority: 2 });
    run("c", { priority: 1 });
    run("d");
    assertEquals(gate.load().waitingByPriority, { 1: 1, 2: 1 });
    await time.tickAsync(40);
    await end("a");
    await time.tickAsync(10);
    assertEquals(events, ["full 0 0", "admitted 2 40", "late 1 50"]);
    leave();
    await end("b");
    const { admitted, refused, waits } = gate.load();
    assertEquals([admitted, refused], [2, { full: 1, late: 1, closed: 0 }]);
    assertEquals([waits.count, waits.sum, waits.max], [1, 40, 40]);
    assertEquals(waits.p99, 40);
    assertEquals(waits.upTo[10], 0);
    assertEquals(waits.upTo[100], 1);
  });

  it("is stopped in order by a supervisor", async () => {
    const order: string[] = [];
    const gate = new Gate({ concurrency: 1, name: "gate" });
    const part = (name: string) =>
      new StartStop((signal) => untilAborted(signal), () => {
        order.push(`${name} ${gate.load().running}`);
      }, { name });
    const app = new Supervisor([
      { runner: part("database") },
      { runner: gate, dependsOn: ["database"] },
      { runner: part("server"), dependsOn: ["gate"] },
    ]);
    await app.start();
    const { run, end } = bench(gate);
    run("a");
    const stop = app.stop();
    await turns();
    assertEquals(order, ["server 1"]);
    await end("a");
    await stop;
    assertEquals(order, ["server 1", "database 0"]);
  });

  it("gives clear errors for bad input, and runs nothing", async () => {
    const make = (options: object) => () => new Gate(options);
    assertThrows(make({ concurrency: 0 }), RangeError, "'concurrency' must be");
    assertThrows(make({ concurrency: "8" }), TypeError, "'concurrency'");
    assertThrows(make({ limits: { a: -1 } }), RangeError, "'limits.a'");
    assertThrows(make({ reserve: { x: 1 } }), RangeError, "a key of reserve");
    assertThrows(make({ reserve: { 1: -1 } }), RangeError, "'reserve[1]'");
    assertThrows(make({ aging: -1 }), RangeError, "'aging'");
    assertThrows(make({ maxWait: NaN }), RangeError, "'maxWait'");
    assertThrows(make({ maxWaiting: 0.5 }), RangeError, "'maxWaiting'");
    assertThrows(make({ pressure: 1 }), TypeError, "'pressure'");
    assertThrows(make({ concurency: 1 }), TypeError, "concurrency");
    assertThrows(make({ parent: {} }), TypeError, "'parent' must be a Gate");
    assertThrows(make({ adaptive: { min: 2, max: 1 } }), RangeError, "max");
    assertThrows(
      make({ adaptive: { min: 1, max: 2 }, concurrency: 1 }),
      TypeError,
      "give one of them",
    );
    const gate = new Gate({
      concurrency: 2,
      limits: { a: 1 },
      reserve: { 1: 1 },
    });
    let ran = 0;
    const work = () => ran++;
    const wrong: [unknown, string][] = [
      [{ weight: 3, priority: 1 }, "'weight' must be at most 2"],
      [{ weight: 2 }, "'weight' must be at most 1"],
      [{ weight: 0 }, "'weight'"],
      [{ priority: NaN }, "'priority'"],
      [{ uses: { a: 2 } }, "'uses.a' must be a number from 0 to 1"],
      [{ uses: { b: 1 } }, "'uses.b' must be a name"],
      [{ uses: 1 }, "'uses'"],
      [{ maxWait: -1 }, "'maxWait'"],
      [{ signal: {} }, "'signal'"],
      [1, "'options'"],
    ];
    for (const [options, message] of wrong) {
      await assertRejects(
        () => gate.run(work, options as never),
        Error,
        message,
      );
    }
    await assertRejects(() => gate.run(1 as never), TypeError, "'work'");
    await assertRejects(() => gate.stop({ timeout: -1 }), RangeError);
    assertEquals([ran, gate.state, gate.load().running], [0, "stopped", 0]);
    assertEquals(await gate.run(() => 5), 5);
  });
});
