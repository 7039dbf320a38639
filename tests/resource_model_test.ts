import { assert, assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import fc from "fast-check";
import { Resource } from "../resource/mod.ts";
import { untilAborted } from "../tools.ts";
import { effort } from "./_effort.ts";
import { type Outcome, turns, watch } from "./_helpers.ts";

/** What happens to a value, in milliseconds where it is a number. */
interface Plan {
  readonly open: number;
  readonly opens: "well" | "fails" | "follows its signal";
  readonly close: number | "forced" | "fails";
  /** When it is lost; "watch" for at once, "never" for never. */
  readonly lost: number | "watch" | "throws" | "never";
}

type Step =
  | { readonly do: "start" | "stop" | "restart" | "abort" | "lose" }
  | { readonly do: "use" | "use until aborted" }
  | { readonly do: "work"; readonly ms: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "turns"; readonly count: number };

const plan: fc.Arbitrary<Plan> = fc.record({
  open: fc.constantFrom(0, 0, 5, 20, 150),
  opens: fc.constantFrom<Plan["opens"]>(
    "well",
    "well",
    "well",
    "fails",
    "follows its signal",
  ),
  close: fc.constantFrom<Plan["close"]>(0, 0, 5, 20, 300, "forced", "fails"),
  lost: fc.constantFrom<Plan["lost"]>(
    "never",
    "never",
    "never",
    0,
    10,
    60,
    "watch",
    "throws",
  ),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<Step>(
      { do: "start" },
      { do: "start" },
      { do: "stop" },
      { do: "restart" },
      { do: "abort" },
      { do: "lose" },
      { do: "use" },
      { do: "use until aborted" },
      { do: "work", ms: 5 },
      { do: "work", ms: 250 },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 12 }).map<Step>((count) => ({
      do: "turns",
      count,
    })),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(0, 1, 5, 10, 50, 120).map<Step>((ms) => ({
      do: "wait",
      ms,
    })),
  },
);

const wait = (ms: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, ms));

const healthy: Plan = { open: 0, opens: "well", close: 0, lost: "never" };

interface Value {
  readonly number: number;
  /** How many use it at the moment. */
  users: number;
  closes: number;
}

class Program {
  readonly values: Value[] = [];
  readonly wrong: string[] = [];
  readonly calls: Outcome[] = [];
  readonly resource: Resource<Value>;
  #opens = 0;
  /** How many are between the call of `open` and the end of `close`. */
  #live = 0;
  #lose: (() => void) | undefined;
  #life = new AbortController();

  constructor(plans: readonly Plan[]) {
    const planOf = (index: number) => plans[index] ?? healthy;
    this.resource = new Resource<Value>({
      printErrors: false,
      stopTimeout: 100,
      startTimeout: 100,
      open: async (signal) => {
        const index = this.#opens++;
        const { open, opens } = planOf(index);
        if (++this.#live > 1) this.wrong.push("two at once");
        try {
          const isLeft = opens === "follows its signal";
          if (open) {
            await Promise.race([
              wait(open),
              ...(isLeft ? [untilAborted(signal)] : []),
            ]);
          }
          if (isLeft && signal.aborted) throw signal.reason;
          if (opens === "fails") throw new Error("no route");
        } catch (error) {
          this.#live--;
          throw error;
        }
        const value = { number: index, users: 0, closes: 0 };
        this.values.push(value);
        return value;
      },
      close: async (value, force) => {
        const { close } = planOf(value.number);
        if (++value.closes > 1) this.wrong.push("closed twice");
        if (value.users > 0 && !force.aborted) {
          this.wrong.push("closed while it was used");
        }
        try {
          if (close === "fails") throw new Error("half closed");
          if (close === "forced") await untilAborted(force);
          else if (close) await wait(close);
        } finally {
          this.#live--;
        }
      },
      watch: (value, lost) => {
        const plan = planOf(value.number).lost;
        const lose = () => lost(new Error("connection terminated"));
        this.#lose = lose;
        if (plan === "watch") lose();
        else if (plan === "throws") throw new Error("cannot listen");
        else if (plan !== "never") {
          const timer = setTimeout(lose, plan);
          return () => {
            clearTimeout(timer);
            if (value.closes !== 1) this.wrong.push("left before the close");
          };
        }
        return undefined;
      },
    });
    this.resource.observe(() => this.check());
  }

  check(): void {
    const { resource } = this;
    let isOpen = true;
    try {
      const { closes } = resource.value;
      if (closes > 0) this.wrong.push("a value that is closed");
    } catch {
      isOpen = false;
    }
    if (isOpen !== resource.isRunning()) this.wrong.push("running and open");
  }

  async step(step: Step, time: FakeTime): Promise<void> {
    const { resource, calls } = this;
    switch (step.do) {
      case "start":
        if (this.#life.signal.aborted) this.#life = new AbortController();
        calls.push(watch(resource.start({ signal: this.#life.signal })));
        break;
      case "stop":
      case "restart":
        calls.push(watch(resource[step.do]()));
        break;
      case "abort":
        this.#life.abort(new Error("the end of the life"));
        break;
      case "lose":
        this.#lose?.();
        break;
      case "use":
        calls.push(watch(resource.use()));
        break;
      case "use until aborted":
        calls.push(watch(this.#use((signal) => untilAborted(signal))));
        break;
      case "work":
        calls.push(watch(this.#use(() => wait(step.ms))));
        break;
      case "wait":
        await time.tickAsync(step.ms);
        break;
      case "turns":
        await turns(step.count);
    }
    this.check();
  }

  #use(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return this.resource.use(async (value, signal) => {
      if (value.closes > 0) this.wrong.push("used when it was closed");
      value.users++;
      try {
        await work(signal);
      } finally {
        value.users--;
      }
    });
  }
}

describe("a Resource in random programs", () => {
  it("closes each value once, has never two, and leaves nobody waiting", async () => {
    let closes = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(plan, { maxLength: 5 }),
        fc.array(step, { minLength: 1, maxLength: 25 }),
        async (plans, steps) => {
          const time = new FakeTime();
          try {
            const program = new Program(plans);
            await program.step({ do: "start" }, time);
            for (const each of steps) await program.step(each, time);
            await program.step({ do: "stop" }, time);
            for (let turn = 0; turn < 20; turn++) {
              await turns();
              await time.tickAsync(50);
            }
            await turns();
            assertEquals(program.wrong, []);
            assertEquals(program.resource.state, "stopped");
            assert(program.values.every((value) => value.closes === 1));
            assert(program.calls.every(({ status }) => status !== "pending"));
            closes += program.values.length;
          } finally {
            time.restore();
          }
        },
      ),
      { numRuns: effort(50, 300) },
    );
    assertGreater(closes, effort(25, 150));
  });
});
