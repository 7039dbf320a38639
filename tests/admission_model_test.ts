import { Gate } from "@golib/runner/admission";
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import fc from "fast-check";
import { Heap } from "../admission/_heap.ts";
import {
  enter,
  giveBack,
  type Host,
  Lane,
  offer,
  Resource,
  shortOf,
  take,
  type Waiter,
} from "../admission/_lanes.ts";
import { Reference } from "./_admission_reference.ts";
import { gate as latch, turns } from "./_helpers.ts";
import { effort } from "./_effort.ts";

/** What may happen, with runs that want up to so much of each. */
const stepOf = (most: number) =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant("ask" as const),
        priority: fc.integer({ min: -2, max: 3 }),
        weight: fc.integer({ min: 1, max: most }),
        a: fc.integer({ min: 0, max: Math.min(most, 2) }),
        b: fc.integer({ min: 0, max: 1 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constantFrom("end" as const, "abort" as const),
        which: fc.nat(20),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("wait" as const),
        ms: fc.integer({ min: 1, max: 500 }),
      }),
    },
  );

describe("Gate beside a plain reference", () => {
  // Runs that want one of each are let in exactly as the reference does. With more,
  // a head goes by the resource that it was short of when it was last looked at,
  // and the reference by what it is short of now: there the rules are checked.
  for (const [most, aging] of [[1, 0], [1, 1_000_000], [3, 0], [3, 200]]) {
    const what = most === 1
      ? "lets the same in, in the same order"
      : "keeps the rules";
    it(`${what}, with wants of up to ${most} and an aging of ${aging}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(stepOf(most!), { maxLength: 40 }),
          async (steps) => {
            using time = new FakeTime(1_000_000);
            const limits = { places: 4, a: 2, b: 1 };
            const { places: concurrency, ...named } = limits;
            const gate = new Gate({ concurrency, limits: named, aging });
            const reference = new Reference(limits, aging!);
            const begun: number[] = [];
            const ends = new Map<number, () => void>();
            const aborts = new Map<number, AbortController>();
            const calls: Promise<unknown>[] = [];
            let id = 0;
            let now = 0;
            for (const each of steps) {
              if (each.type === "wait") {
                now += each.ms;
                await time.tickAsync(each.ms);
              } else if (each.type === "ask") {
                const own = id++;
                const { priority, weight, a, b } = each;
                const uses = { ...(a && { a }), ...(b && { b }) };
                const end = latch();
                ends.set(own, end.open);
                const controller = new AbortController();
                aborts.set(own, controller);
                reference.ask(
                  {
                    id: own,
                    priority,
                    wants: { places: weight, ...uses },
                  },
                  now,
                  most === 1,
                );
                const call = gate.run(async () => {
                  begun.push(own);
                  await end.promise;
                }, { priority, weight, uses, signal: controller.signal });
                call.catch(() => {});
                calls.push(call);
              } else {
                const { type, which } = each;
                const from = type === "end"
                  ? [...reference.running.keys()]
                  : reference.waiting.map(({ id }) => id);
                if (from.length === 0) continue;
                const chosen = from[which % from.length]!;
                reference.leave(chosen, most === 1);
                if (type === "end") ends.get(chosen)!();
                else aborts.get(chosen)!.abort();
              }
              await turns(20);
              if (most! > 1) reference.follow(begun);
              else assertEquals(begun, reference.begun);
              const load = gate.load();
              assertEquals(load.running, reference.running.size);
              assertEquals(load.waiting, reference.waiting.length);
              assertEquals(load.concurrency.used, reference.used("places"));
              assertEquals(load.limits.a!.used, reference.used("a"));
              assert(load.concurrency.used <= concurrency);
            }
            for (let own = 0; own < id; own++) {
              ends.get(own)!();
              await turns(5);
            }
            // None waits for ever once the others end.
            await turns(200);
            await Promise.allSettled(calls);
            assertEquals(gate.load().running + gate.load().waiting, 0);
          },
        ),
        { numRuns: effort(30, 150) },
      );
    });
  }

  it("lets everyone in some time with an aging, however many come after", async () => {
    using time = new FakeTime();
    const gate = new Gate({ concurrency: 1, aging: 100 });
    const work = () => new Promise<void>((resolve) => setTimeout(resolve, 10));
    let isDone = false;
    const busy = gate.run(work, { priority: 5 });
    const low = gate.run(() => {
      isDone = true;
    }, { priority: -5 });
    const others = [busy];
    // More come than go, all of a higher priority.
    for (let count = 0; count < 150 && !isDone; count++) {
      others.push(gate.run(work, { priority: 5 }));
      await time.tickAsync(10);
    }
    assert(isDone, "it starves");
    const rest = Promise.all([low, ...others]);
    for (let left = 0; left < 200; left++) await time.tickAsync(10);
    await rest;
  });
});

describe("The heap of a gate", () => {
  it("gives entries in order, whichever leave it", () => {
    fc.assert(fc.property(
      fc.array(fc.record({ key: fc.nat(9), leaves: fc.boolean() })),
      (items) => {
        const heap = new Heap<{ key: number; turn: number; place: number }>();
        const entries = items.map(({ key }, turn) => ({ key, turn, place: 0 }));
        for (const each of entries) heap.add(each);
        const kept = entries.filter((each, index) => {
          if (items[index]!.leaves) heap.remove(each);
          return !items[index]!.leaves;
        }).sort((a, b) => a.key - b.key || a.turn - b.turn);
        for (const each of kept) {
          assertEquals(heap.first, each);
          heap.remove(each);
        }
        assertEquals(heap.size, 0);
      },
    ));
  });
});

/** What was chosen at a step, of so many. */
interface Choice {
  taken: number;
  options: number;
}

describe("Two gates, three resources, four runs", () => {
  // What each may want: a place of the parent's alone or also of the part's, and
  // some of the three resources: none, one, any two, or all.
  const shapes: number[][] = [];
  for (const isPart of [0, 1]) {
    for (const mask of [0, 1, 3, 5, 6, 7]) {
      shapes.push([
        1,
        isPart,
        mask & 1,
        mask >> 1 & 1,
        mask >> 2 & 1,
      ]);
    }
  }
  const limits = [2, 1, 1, 1, 1];
  const host: Host = { now: () => 0, ended() {}, refusal: () => new Error() };

  /**
   * One interleaving: at each step the next run comes, or one that runs ends.
   * `choices` says which, and is given how many there were to choose from.
   */
  function play(wishes: number[], choices: Choice[]): string | undefined {
    const resources = limits.map((limit) => new Resource(limit));
    const lanes = new Map<number, Lane>();
    const running: { lane: Lane; id: number }[] = [];
    const begin = (id: number, lane: Lane) => {
      running.push({ lane, id });
    };
    const arrive = (id: number) => {
      const shape = wishes[id]!;
      const wants = shapes[shape]!;
      const own = resources.filter((_, index) => wants[index]! > 0);
      const lane = lanes.get(shape) ??
        new Lane(own, own.map(() => 1), 0, host);
      lanes.set(shape, lane);
      const waiter: Waiter = {
        key: 0,
        turn: id,
        place: 0,
        lane,
        since: 0,
        priority: 0,
        admit: () => begin(id, lane),
      };
      if (shortOf(lane, waiter)) enter(waiter);
      else {
        take(lane);
        begin(id, lane);
      }
    };
    let came = 0;
    let ended = 0;
    for (let step = 0;; step++) {
      const options = running.length + (came < wishes.length ? 1 : 0);
      if (options === 0) break;
      const choice = choices[step] ??= { taken: 0, options };
      choice.options = options;
      if (choice.taken === running.length) arrive(came++);
      else {
        const [run] = running.splice(choice.taken, 1);
        ended++;
        giveBack(run!.lane);
        offer(run!.lane);
      }
      for (const { used, limit } of resources) {
        if (used > limit || used < 0) return `used ${used} of ${limit}`;
      }
    }
    if (ended < wishes.length) return `only ${ended} of ${wishes.length} ran`;
    return resources.some(({ used }) => used > 0)
      ? "not given back"
      : undefined;
  }

  /** The next interleaving; `false` after the last. */
  function next(choices: Choice[]): boolean {
    for (let last; (last = choices.at(-1));) {
      if (++last.taken < last.options) return true;
      choices.pop();
    }
    return false;
  }

  it("come and end in every order, with no deadlock and no limit exceeded", () => {
    let count = 0;
    const all = shapes.map((_, index) => index);
    for (const a of all) {
      for (const b of all) {
        for (const c of all) {
          for (const d of all) {
            const choices: Choice[] = [];
            do {
              const wrong = play([a, b, c, d], choices);
              count++;
              if (wrong) {
                const path = choices.map(({ taken }) => taken);
                throw new Error(`${[a, b, c, d]} / ${path}: ${wrong}`);
              }
            } while (next(choices));
          }
        }
      }
    }
    assertEquals(count, 536_124);
  });
});
