import { assert, assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import fc from "fast-check";
import { Reloadable } from "../reload/mod.ts";
import { StartStop } from "../start_stop/mod.ts";
import { untilAborted } from "../tools.ts";
import { effort } from "./_effort.ts";
import { type Outcome, turns, watch } from "./_helpers.ts";

/** What a generation does, in milliseconds where it is a number. */
interface Plan {
  /** How long the factory takes; "throws" and "junk" for those that fail. */
  readonly factory: number | "throws" | "junk";
  readonly ready: number | "never" | "fails";
  /** How long it works until it ends by itself; 0 for as long as it is let. */
  readonly works: number;
  readonly endsWell: boolean;
  readonly stop: number | "forced" | "fails";
}

type Step =
  | { readonly do: "start" | "stop" | "restart" | "reload" }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "turns"; readonly count: number };

interface Generation {
  readonly number: number;
  ready: boolean;
  told: boolean;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  factory: fc.constantFrom<Plan["factory"]>(
    0,
    0,
    0,
    0,
    0,
    15,
    "throws",
    "junk",
  ),
  ready: fc.constantFrom<Plan["ready"]>(0, 0, 0, 0, 10, 50, "never", "fails"),
  works: fc.constantFrom(0, 0, 0, 0, 0, 0, 25, 200),
  endsWell: fc.boolean(),
  stop: fc.constantFrom<Plan["stop"]>(0, 0, 5, 60, 500, "forced", "fails"),
});
const step = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Step>({ do: "reload" }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Step>(
      { do: "start" },
      { do: "start" },
      { do: "stop" },
      { do: "restart" },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 12 }).map<Step>((count) => ({
      do: "turns",
      count,
    })),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(0, 1, 5, 10, 50, 120).map<Step>((ms) => ({
      do: "wait",
      ms,
    })),
  },
);

const healthy: Plan = {
  factory: 0,
  ready: 0,
  works: 0,
  endsWell: true,
  stop: 0,
};

const wait = (ms: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A `Reloadable` that is watched by what its generations see. */
class Watched {
  readonly live = new Set<Generation>();
  readonly app: Reloadable<StartStop>;
  /** What must not happen and did; a throw would be taken for a failure. */
  readonly wrong: string[] = [];
  /** How many generations have ended untold. */
  endings = 0;
  made = 0;
  newestReady = 0;
  /** How often it was asked to stop, by whatever call. */
  stops = 0;

  constructor(plans: readonly Plan[]) {
    this.app = new Reloadable<StartStop>(async (number) => {
      this.never(number !== ++this.made, "a number is left out or comes twice");
      const plan = plans[(number - 1) % plans.length]!;
      if (plan.factory === "throws") throw new Error(`factory ${number}`);
      if (plan.factory === "junk") return {} as StartStop;
      if (plan.factory > 0) await wait(plan.factory);
      return this.#make({ number, ready: false, told: false }, plan);
    }, { printErrors: false, stopTimeout: 100, startTimeout: 1_000 });
  }

  #make(generation: Generation, plan: Plan): StartStop {
    const { live, app } = this;
    return new StartStop(
      async (signal, { ready, force }) => {
        this.never(app.state === "stopped", "a start in a stopped one");
        const working = [...live].filter(({ told }) => !told);
        this.never(working.length > 1, "three generations work at once");
        live.add(generation);
        signal.addEventListener("abort", () => {
          generation.told = true;
          if (app.state !== "running") return;
          this.never(
            app.generation === generation.number,
            "a stop before the next one does the work",
          );
        });
        try {
          const begun = plan.ready === "never" || plan.ready === "fails"
            ? 20
            : plan.ready;
          if (plan.ready === "never") await untilAborted(signal);
          else if (begun > 0) {
            await Promise.race([wait(begun), untilAborted(signal)]);
          }
          if (plan.ready === "fails") throw new Error("start fails");
          if (!signal.aborted) {
            generation.ready = true;
            this.newestReady = generation.number;
            ready();
          }
          const works = plan.works > 0 ? [wait(plan.works)] : [];
          await Promise.race([untilAborted(signal), ...works]);
          if (!signal.aborted && !plan.endsWell) throw new Error("work fails");
          if (signal.aborted && plan.stop === "forced") {
            await untilAborted(force);
          } else if (signal.aborted && plan.stop !== "fails") {
            await wait(plan.stop as number);
          }
          if (plan.stop === "fails") throw new Error("stop fails");
        } finally {
          if (!signal.aborted) this.endings++;
          live.delete(generation);
        }
      },
      undefined,
      {
        awaitReady: true,
        printErrors: false,
        stopTimeout: 80,
        startTimeout: 300,
      },
    );
  }

  never(happened: boolean, what: string): void {
    if (happened) this.wrong.push(what);
  }

  check(): void {
    const { app, live } = this;
    if (app.state === "stopped") {
      assertEquals([...live], [], "a generation outlives the run");
      assertEquals([app.current, app.generation], [undefined, 0]);
    }
    if (app.state === "running" && app.current !== undefined) {
      assert(app.current.isRunning(), "nobody does the work");
      const [current] = [...live].filter(({ number }) =>
        number === app.generation
      );
      assert(current?.ready && !current.told);
    }
    assert(app.errorsTotal() >= app.errorsList().length);
    assertEquals(app.errorsLast(), app.errorsList().at(-1));
  }

  reload(): Outcome {
    const { made, stops, app } = this;
    const state = app.state;
    const reload = app.reload();
    // Checked when it settles, where the world is as it was found.
    const checked = reload.then(() => {
      assertGreater(this.newestReady, made, "it was not a newer one");
      return true;
    }, (reason: Error) => {
      if (reason.name === "AbortError") {
        const ended = state !== "running" && state !== "starting" ||
          this.stops > stops || app.current === undefined;
        assert(ended, "it was called off");
      } else if (this.stops === stops) {
        assert(app.errorsList().includes(reason), "it was not recorded");
      }
    });
    return watch(checked);
  }
}

async function play(plans: Plan[], steps: Step[]): Promise<void> {
  using time = new FakeTime();
  const watched = new Watched(plans);
  const { app } = watched;
  const states: string[] = [app.state];
  app.observe((event) => {
    if (event.type !== "state") return;
    const change = `${event.from} ${event.to}`;
    states.push(change);
    watched.never(
      change === "running stopped" && watched.endings === 0,
      "an end of all though no generation has ended",
    );
  });
  const outcomes: [string, Outcome][] = [];
  const advance = async (ms: number, step = 5) => {
    // In small steps, so that what a timer causes has its timers counted from it.
    for (let left = ms; left > 0; left -= step) {
      await turns(40);
      time.tick(Math.min(left, step));
      await turns(40);
      watched.check();
    }
  };
  for (const each of steps) {
    if (each.do === "wait") await advance(each.ms);
    else if (each.do === "turns") await turns(each.count);
    else if (each.do === "reload") outcomes.push(["reload", watched.reload()]);
    else {
      if (each.do !== "start" || app.state !== "stopped") watched.stops++;
      outcomes.push([each.do, watch(app[each.do]())]);
    }
    if (each.do === "wait") {
      await turns(40);
      watched.check();
    }
  }
  await advance(1_000, 25);
  assertEquals(app.current !== undefined, app.state === "running");
  for (const [call, { status }] of outcomes) {
    assert(status !== "pending", `${call} does not settle`);
  }
  watched.stops++;
  outcomes.push(["stop", watch(app.stop())]);
  await advance(1_000, 25);
  assertEquals([app.state, [...watched.live]], ["stopped", []]);
  assertEquals(watched.wrong, []);
  for (const [call, { status, reason }] of outcomes) {
    assert(status !== "pending", `${call} never settled`);
    if (call === "reload") {
      assertEquals([status, reason], ["resolved", undefined]);
    }
  }
  const legal = new Set([
    "stopped starting",
    "starting running",
    "starting stopping",
    "starting stopped",
    "running stopping",
    "running stopped",
    "stopping stopped",
  ]);
  for (const each of states.slice(1)) assert(legal.has(each), each);
}

describe("a Reloadable, whatever is done to it", () => {
  it("never lets go of its work, and leaks no generation", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(plan, { minLength: 1, maxLength: 8, size: "max" }),
        fc.array(step, { minLength: 1, maxLength: 30, size: "max" }),
        (plans, steps) =>
          // Most of what can go wrong needs one that runs.
          play([healthy, ...plans], [
            { do: "start" },
            { do: "wait", ms: 1 },
            ...steps,
          ]),
      ),
      { numRuns: effort(30, 150) },
    );
  });
});
