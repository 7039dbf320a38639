import { Elected, type Lease, type Member } from "@golib/runner/coordination";
import { StartStop } from "@golib/runner";
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { FakeStore, type Link, memberOf } from "./_coordination.ts";
import { HandClock } from "./_fake_clocks.ts";
import { effort } from "./_effort.ts";

interface Environment {
  readonly process?: { env: Record<string, string | undefined> };
}

// More programs, or one that failed before: the seed and path that it printed.
const { env } = (globalThis as Environment).process ?? { env: {} };
const numRuns = Number(env["GOLIB_RUNNER_PROGRAMS"] ?? effort(20, 100));
const seed = env["GOLIB_RUNNER_SEED"];
const path = env["GOLIB_RUNNER_PATH"];

type Step =
  | { readonly do: "pass" | "block" | "sleep"; readonly ms: number }
  | { readonly do: "wall"; readonly ms: number }
  | {
    readonly do: "link";
    readonly node: number;
    readonly mode: Link["mode"];
    readonly delay: number;
  }
  | { readonly do: "start" | "stop" | "crash"; readonly node: number };

const node = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(10, 100, 300, 700, 1_500, 3_500),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("block" as const, "sleep" as const),
      ms: fc.constantFrom(50, 900, 2_000, 2_700, 2_900, 4_000),
    }),
  },
  fc.record({
    do: fc.constant("wall" as const),
    ms: fc.constantFrom(-3_600_000, -2_000, 700, 2_000),
  }),
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("link" as const),
      node,
      mode: fc.constantFrom<Link["mode"][]>("up", "up", "lost", "deaf", "down"),
      delay: fc.constantFrom(0, 0, 50, 600, 950),
    }),
  },
  fc.record({
    do: fc.constantFrom("start" as const, "stop" as const, "crash" as const),
    node,
  }),
);

/** Three nodes that stand for one key, and what they write. */
class World {
  readonly clock = new HandClock();
  readonly store = new FakeStore(this.clock);
  readonly nodes: { link: Link; member: Member; elected: Elected }[] = [];
  readonly leases: Lease[] = [];
  readonly faults: string[] = [];
  acts = 0;
  #highest = 0n;

  constructor() {
    for (let index = 0; index < 3; index++) this.#make(index);
  }

  #make(index: number): void {
    const link: Link = { mode: "up", delay: 0 };
    const member = memberOf(this.store.node(link), { name: `n${index}` });
    const elected = new Elected(
      (lease) =>
        new StartStop(async (signal) => {
          this.leases.push(lease);
          while (!signal.aborted) {
            await new Promise((resolve) => setTimeout(resolve, 30));
            lease.check();
            this.#act(lease);
          }
        }, { printErrors: false }),
      member,
      { key: "leader", printErrors: false },
    );
    void member.start();
    void elected.start();
    this.nodes[index] = { link, member, elected };
  }

  #act({ fence }: Lease): void {
    this.acts++;
    if (fence < this.#highest) {
      this.faults.push(`the resource refused ${fence} after ${this.#highest}`);
    }
    this.#highest = fence;
    this.look();
  }

  /** No two may believe at one moment. */
  look(): void {
    const believers = this.leases.filter(({ remaining }) => remaining > 0);
    if (believers.length > 1) {
      this.faults.push(`${believers.length} believers`);
    }
    // Those that are lost stay so.
    this.leases.splice(0, this.leases.length, ...believers);
  }

  async perform(step: Step): Promise<void> {
    switch (step.do) {
      case "pass":
        await this.clock.pass(step.ms);
        break;
      case "block":
        this.clock.block(step.ms);
        break;
      case "sleep":
        // The monotonic clock stands still, the wall clock and the store go on.
        this.clock.ahead += step.ms;
        for (const each of this.store.sessions.values()) each.end -= step.ms;
        break;
      case "wall":
        this.clock.ahead += step.ms;
        break;
      case "link":
        Object.assign(this.nodes[step.node]!.link, {
          mode: step.mode,
          delay: step.delay,
        });
        break;
      case "start":
        void this.nodes[step.node]!.member.start().catch(() => {});
        break;
      case "stop":
        void this.nodes[step.node]!.member.stop().catch(() => {});
        break;
      case "crash": {
        // It is cut off for good, and another comes in its place.
        const { link, elected, member } = this.nodes[step.node]!;
        link.mode = "lost";
        void elected.stop({ timeout: 0 }).catch(() => {});
        void member.stop({ timeout: 0 }).catch(() => {});
        this.#make(step.node);
        break;
      }
    }
    await this.clock.pass(0);
    this.look();
  }

  async end(): Promise<boolean> {
    for (const { link, member } of this.nodes) {
      Object.assign(link, { mode: "up", delay: 0 });
      void member.start();
    }
    await this.clock.pass(20_000);
    const leads = this.nodes.some(({ elected }) => elected.isLeader);
    for (const { elected, member } of this.nodes) {
      void elected.stop();
      void member.stop();
    }
    await this.clock.pass(60_000);
    return leads;
  }
}

describe("leaders in random programs", () => {
  it("are never two, act never after their deadline, and come back", async () => {
    let acts = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        async (steps) => {
          const world = new World();
          try {
            for (const each of steps) await world.perform(each);
            const leads = await world.end();
            assertEquals(world.faults, []);
            assertEquals(leads, true);
            assertEquals(world.clock.pending, 0);
            acts += world.acts;
          } finally {
            world.clock.restore();
          }
        },
      ),
      {
        numRuns,
        ...(seed && { seed: Number(seed) }),
        ...(path && { path }),
      },
    );
    assertEquals(acts > numRuns, true);
  });
});
