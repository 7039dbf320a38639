import { Gate, type GateError } from "@golib/runner/admission";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { turns, watch } from "./_helpers.ts";

const host = globalThis as {
  AsyncLocalStorage?: unknown;
  process?: { getBuiltinModule?(id: string): object | undefined };
};
function hasContexts(): boolean {
  try {
    return !!host.AsyncLocalStorage ||
      !!host.process?.getBuiltinModule?.("node:async_hooks");
  } catch {
    return false;
  }
}

describe("Gate, a run inside a run", { ignore: !hasContexts() }, () => {
  it("has the place of the outer one where the gate is full", async () => {
    const gate = new Gate({ concurrency: 1 });
    const call = watch(gate.run(async () => {
      await turns();
      return await gate.run(() => "inner", { priority: -9 });
    }));
    await turns(200);
    assertEquals(call.status, "resolved");
    assertEquals(gate.load().running, 0);
  });

  it("never waits for ever, however many are inside", async () => {
    const gate = new Gate({ concurrency: 4 });
    const calls = Array.from({ length: 20 }, () =>
      gate.run(async () => {
        await turns(3);
        await gate.run(async () => {
          await turns(3);
          await gate.run(() => turns(3));
        });
      }));
    await Promise.all(calls);
    assertEquals(gate.load().concurrency.used, 0);
  });

  it("never waits for ever, where a limit has a fraction or falls meanwhile", async () => {
    const gate = new Gate({ concurrency: 2.5 });
    const inside = (at: Gate) =>
      at.run(async () => {
        await turns();
        return await at.run(() => "inside");
      });
    const calls = watch(Promise.all([inside(gate), inside(gate)]));
    await turns(200);
    assertEquals(calls.status, "resolved");

    // It is in a hold also where the gate has room, as that may be gone.
    const adaptive = new Gate({ adaptive: { min: 3, max: 10 } });
    let used: number | undefined;
    await adaptive.run(async () => {
      await adaptive.run(() => used = adaptive.load().concurrency.used);
    });
    assertEquals(used, 1);
  });

  it("has the place of the parent, whatever a run of another part has wanted", async () => {
    const parent = new Gate({ concurrency: 4 });
    const tenant = new Gate({ parent });
    await parent.run(() => {}, { weight: 2 });
    const calls = watch(Promise.all([1, 2, 3].map(() =>
      tenant.run(async () => {
        await turns();
        return await parent.run(() => {}, { weight: 2 });
      })
    )));
    await turns(200);
    assertEquals(calls.status, "resolved");
  });

  it("has the place of the parent, and asks for that of its own gate", async () => {
    const parent = new Gate({ concurrency: 1 });
    const tenant = new Gate({ concurrency: 1, parent });
    const seen: unknown[] = [];
    await parent.run(async () => {
      await tenant.run(() => {
        seen.push(parent.load().concurrency.used);
        seen.push(tenant.load().concurrency.used);
      });
      await parent.run(() => seen.push("parent"));
    });
    await tenant.run(() => parent.run(() => seen.push("inside")));
    assertEquals(seen, [1, 1, "parent", "inside"]);
    assertEquals(parent.load().concurrency.used, 0);
    assertEquals(tenant.load().concurrency.used, 0);
  });

  it("does not wait for one that waits for the outer one's place", async () => {
    using time = new FakeTime();
    const usual = { aging: 50, maxWeight: 2 };
    const parent = new Gate({ ...usual, concurrency: 2 });
    const tenant = new Gate({ ...usual, concurrency: 3, parent });
    const sleep = (ms: number) =>
      new Promise<void>((resolve) => setTimeout(resolve, ms));
    const outer = parent.run(async () => {
      await sleep(200);
      return await tenant.run(() => "inner");
    });
    const short = parent.run(() => sleep(100));
    // It holds back places of the tenant from the end of the short one on.
    const large = tenant.run(() => "large", { weight: 2 });
    const all = watch(Promise.all([outer, short, large]));
    await time.tickAsync(300);
    await turns(50);
    assertEquals(all.status, "resolved");
  });

  it("waits as any other once the outer one has ended", async () => {
    const gate = new Gate({ concurrency: 1 });
    let later!: () => Promise<string>;
    let go!: () => void;
    const gone = new Promise<void>((resolve) => go = resolve);
    await gate.run(() => {
      later = async () => {
        await gone;
        return await gate.run(() => "later");
      };
      void later().then((text) => seen.push(text));
    });
    const seen: string[] = [];
    let end!: () => void;
    const other = gate.run(() => new Promise<void>((resolve) => end = resolve));
    go();
    await turns();
    assertEquals(seen, []);
    end();
    await other;
    await turns();
    assertEquals(seen, ["later"]);
  });
});

describe("Gate, a run of a larger weight inside a run", {
  ignore: !hasContexts(),
}, () => {
  /** Runs that began before any had such a weight, each with one inside. */
  function nested(gate: Gate, weight: number) {
    return [1, 2, 3].map(() =>
      watch(gate.run(async () => {
        await turns();
        return await gate.run(() => "inner", { weight });
      }))
    );
  }

  it("has the place of the outer one where 'maxWeight' says so", async () => {
    const calls = nested(new Gate({ concurrency: 4, maxWeight: 2 }), 2);
    await turns(200);
    for (const each of calls) assertEquals(each.status, "resolved");
  });

  it("is refused after a while, rather than to wait for ever", async () => {
    using time = new FakeTime();
    const gate = new Gate({ concurrency: 4 });
    const calls = nested(gate, 2);
    await turns(200);
    await time.tickAsync(9_999);
    for (const each of calls) assertEquals(each.status, "pending");
    await time.tickAsync(1);
    await turns(200);
    const [first] = calls;
    assertEquals(first!.status, "rejected");
    const { why, message } = first!.reason as GateError;
    assertEquals(why, "late");
    assert(message.includes("maxWeight"), message);
    // Once it is known that runs may have so much, they are told apart.
    const others = nested(gate, 2);
    await turns(200);
    for (const each of others) assertEquals(each.status, "resolved");
    assertEquals(gate.load().running, 0);
  });

  it("waits as long as it takes where no run from before is left", async () => {
    using time = new FakeTime();
    const gate = new Gate({ concurrency: 4 });
    const ends: (() => void)[] = [];
    const long = () => new Promise<void>((resolve) => ends.push(resolve));
    for (let run = 0; run < 3; run++) void gate.run(long);
    const large = watch(gate.run(() => "large", { weight: 3 }));
    await time.tickAsync(5_000);
    // Those from before end, and others of the same weight fill the gate.
    const other = gate.run(long, { priority: 1_000, weight: 2 });
    for (const end of ends.splice(0, 3)) end();
    await time.tickAsync(60_000);
    assertEquals(large.status, "pending");
    ends[0]!();
    await other;
    await time.tickAsync(0);
    assertEquals(large.status, "resolved");
  });

  it("is refused at once where it is beyond 'maxWeight'", async () => {
    const gate = new Gate({ concurrency: 4, maxWeight: 2 });
    await assertRejects(
      () => gate.run(() => {}, { weight: 3 }),
      RangeError,
      "'weight' must be at most 2, the 'maxWeight' of the gate",
    );
    for (const maxWeight of [0, -1, NaN, "2"]) {
      assertThrows(() => new Gate({ maxWeight: maxWeight as number }));
    }
  });
});
