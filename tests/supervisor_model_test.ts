import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import fc from "fast-check";
import { effort } from "./_effort.ts";
import { type Outcome, watch } from "./_helpers.ts";
import { drain, Part, pass } from "./_parts.ts";
import { Forest, type Grove, type Plant } from "./_supervised.ts";

interface Environment {
  readonly process?: { env: Record<string, string | undefined> };
}

// More programs, or one that failed before: the seed and path that it printed.
const { env } = (globalThis as Environment).process ?? { env: {} };
const numRuns = Number(env["GOLIB_RUNNER_PROGRAMS"] ?? effort(50, 300));
const seed = env["GOLIB_RUNNER_SEED"];
const path = env["GOLIB_RUNNER_PATH"];

type Step =
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "start" | "restart" | "finish" }
  | { readonly do: "stop"; readonly ms: number }
  | { readonly do: "restartChild" | "removeChild"; readonly child: number }
  | { readonly do: "restartGroup"; readonly child: number }
  | { readonly do: "stopChild" | "startChild"; readonly child: number }
  | { readonly do: "addChild"; readonly start: Part["onStart"] }
  | { readonly do: "fail" | "end" | "release"; readonly part: number }
  | {
    readonly do: "set";
    readonly part: number;
    readonly start: Part["onStart"];
    readonly stop: Part["onStop"];
  };

const small = fc.nat({ max: 9 });
const onStart = fc.constantFrom<Part["onStart"][]>(
  "be ready",
  "be ready",
  "fail",
  "hang",
  "end",
);
const onStop = fc.constantFrom<Part["onStop"][]>(
  "end",
  "end",
  "hang",
  "throw",
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(0, 1, 5, 20, 100, 400, 1_000),
    }),
  },
  fc.record({ do: fc.constantFrom("start", "restart", "finish") }),
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("stop" as const),
      ms: fc.constantFrom(0, 10, 100, 1_000),
    }),
  },
  fc.record({
    do: fc.constantFrom(
      "restartChild",
      "restartGroup",
      "removeChild",
      "stopChild",
      "startChild",
    ),
    child: small,
  }),
  fc.record({ do: fc.constant("addChild" as const), start: onStart }),
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("fail", "fail", "end", "release"),
      part: small,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      part: small,
      start: onStart,
      stop: onStop,
    }),
  },
);

function groveOf(depth: number): fc.Arbitrary<Grove> {
  const plant: fc.Arbitrary<Plant> = fc.record({
    restart: fc.constantFrom("permanent", "transient", "temporary"),
    dependsOn: fc.option(fc.uniqueArray(fc.nat({ max: 3 })), {
      nil: undefined,
    }),
    startTimeout: fc.constantFrom(50, 200),
    stopTimeout: fc.constantFrom(20, 100, Infinity),
    below: depth > 0
      ? fc.option(groveOf(depth - 1), { nil: undefined })
      : fc.constant(undefined),
  });
  return fc.record({
    strategy: fc.constantFrom("one-for-one", "one-for-all", "rest-for-one"),
    then: fc.constantFrom("fail", "break"),
    restarts: fc.constantFrom(0, 1, 3, 10),
    jitter: fc.array(fc.constantFrom(0, 0.3, 1), { minLength: 1 }),
    plants: fc.array(plant, { minLength: 1, maxLength: 4 }),
  });
}

class Program {
  readonly time: FakeTime;
  readonly forest: Forest;
  readonly calls: Outcome[] = [];
  #added = 0;

  constructor(time: FakeTime, grove: Grove) {
    this.time = time;
    this.forest = new Forest(time, grove);
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      this.#take(each);
      if (each.do === "pass") await pass(this.time, each.ms);
      else await drain(3);
    }
  }

  #take(step: Step): void {
    const { root, supervisors, parts } = this.forest;
    const part = "part" in step ? parts[step.part % parts.length] : undefined;
    switch (step.do) {
      case "pass":
        return;
      case "start":
      case "restart":
        return this.#call(root[step.do]());
      case "finish":
        return this.#call(root.finished());
      case "stop":
        return this.#stop(step.ms);
      case "restartChild":
      case "restartGroup":
      case "stopChild":
      case "startChild":
      case "removeChild": {
        const all = supervisors.flatMap((each) =>
          each.status().children.map(({ name }) => [each, name] as const)
        );
        const found = all[step.child % Math.max(all.length, 1)];
        if (!found) return;
        const [supervisor, name] = found;
        return this.#call(
          step.do === "restartGroup"
            ? supervisor.restartChild(name, { group: true })
            : supervisor[step.do](name),
        );
      }
      case "addChild": {
        const added = new Part(`added ${this.#added++}`);
        added.onStart = step.start;
        parts.push(added);
        return this.#call(
          supervisors[this.#added % supervisors.length]!.addChild({
            runner: added.runner,
            startTimeout: 50,
          }),
        );
      }
      case "release":
        part!.release.open();
        return;
      case "set":
        part!.onStart = step.start;
        part!.onStop = step.stop;
        return;
      default:
        part![step.do]();
    }
  }

  #call(promise: Promise<unknown>): void {
    this.calls.push(watch(promise));
  }

  #stop(ms: number): void {
    const { root, wrong } = this.forest;
    const due = this.time.now + ms;
    const check = () => {
      const late = this.time.now - due;
      if (late > 0) wrong.push(`a stop took ${late} ms too long`);
    };
    const stop = root.stop({ timeout: ms });
    stop.then(check, check);
    this.#call(stop);
  }

  /** Has all that hangs or fails do so no more. */
  heal(): void {
    for (const part of this.forest.parts) {
      part.onStart = "be ready";
      part.onStop = "end";
      part.release.open();
    }
  }

  /** Has none be down that was stopped by hand. */
  startAll(): void {
    for (const supervisor of this.forest.supervisors) {
      for (const { name } of supervisor.children()) {
        this.#call(supervisor.startChild(name));
      }
    }
  }
}

describe("Supervisor: random trees, failures, hangs and calls", () => {
  it("keep every promise, run in the end, and stop", async () => {
    await fc.assert(
      fc.asyncProperty(
        groveOf(1),
        fc.array(step, { minLength: 5, maxLength: 40 }),
        async (grove, steps) => {
          using time = new FakeTime();
          const program = new Program(time, grove);
          const { forest, calls } = program;
          await program.run([{ do: "start" }, ...steps]);
          program.heal();
          await pass(time, 60_000);
          program.startAll();
          await pass(time, 60_000);
          assertEquals(forest.wrong, []);
          assertEquals(forest.unsettled(false), []);
          const stop = watch(forest.root.stop());
          await pass(time, 1);
          assertEquals(stop.status, "resolved");
          await drain();
          assertEquals(forest.unsettled(true), []);
          const open = calls.filter(({ status }) => status === "pending");
          assertEquals(open.length, 0);
          assertEquals(
            forest.parts.filter(({ runner }) => runner.state !== "stopped"),
            [],
          );
          assertEquals(forest.wrong, []);
        },
      ),
      {
        numRuns,
        ...(seed !== undefined && { seed: Number(seed) }),
        ...(path !== undefined && { path }),
        endOnFailure: path !== undefined,
      },
    );
  });
});
