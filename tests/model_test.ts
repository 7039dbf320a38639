/**
 * Random programs against what is known of a runner. A failure prints its seed,
 * path and replay path, which the environment takes to run it again.
 */

import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { settle } from "./_fake_clocks.ts";
import type { Caller } from "./_model.ts";
import { type Rhythm, type Tick, TickerWorld } from "./_model_ticker.ts";
import { type Plot, type Script, ServiceWorld } from "./_model_start_stop.ts";

interface Environment {
  readonly process?: {
    readonly env: Record<string, string | undefined>;
    readonly versions?: { readonly node?: string };
  };
  readonly Deno?: unknown;
  readonly Bun?: unknown;
}

const { process, Deno, Bun } = globalThis as Environment;
const env = process?.env ?? {};
const seed = env["GOLIB_RUNNER_SEED"];
const path = env["GOLIB_RUNNER_PATH"];
const replayPath = env["GOLIB_RUNNER_REPLAY"];
// One engine goes far; the others show that it is the same there.
const major = Deno || Bun ? 0 : parseInt(process?.versions?.node ?? "");
const programs = Number(
  env["GOLIB_RUNNER_MODEL"] ?? (major === 26 ? 10_000 : 500),
);

function parameters<T>(share: number): fc.Parameters<T> {
  return {
    includeErrorInReport: true,
    numRuns: Math.ceil(programs * share),
    ...(seed && { seed: Number(seed) }),
    ...(path && { path }),
  };
}

type Step =
  | { readonly do: Caller; readonly timeout?: number; readonly signal?: number }
  | { readonly do: "abort"; readonly signal: number }
  | { readonly do: "pass" | "block"; readonly ms: number }
  | { readonly do: "ready" | "finish" | "fail" | "release" };

type AnyWorld = ServiceWorld | TickerWorld;

async function perform(world: AnyWorld, step: Step): Promise<void> {
  switch (step.do) {
    case "abort":
      world.abort(step.signal);
      break;
    case "pass":
      await world.pass(step.ms);
      break;
    case "block":
      // What has ended before must be known to have.
      await settle();
      world.clock.block(step.ms);
      break;
    case "finish":
    case "fail":
      world[step.do]();
      break;
    case "ready":
    case "release":
      if (world instanceof ServiceWorld) world[step.do]();
      break;
    default:
      world.call(step.do, step.timeout, step.signal);
  }
}

/** Several steps at one moment, as several callers take them. */
class Moment implements fc.AsyncCommand<object, AnyWorld> {
  readonly #steps: readonly Step[];

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  check(): boolean {
    return true;
  }

  async run(_model: object, world: AnyWorld): Promise<void> {
    for (const step of this.#steps) await perform(world, step);
    await world.rest();
  }

  toString(): string {
    return JSON.stringify(this.#steps);
  }
}

const caller = fc.constantFrom<Caller[]>(
  "start",
  "stop",
  "restart",
  "finished",
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 3) =>
  fc.option(arbitrary, { nil: undefined, freq });
const signal = fc.nat({ max: 2 });

const calling = fc.tuple(
  caller,
  maybe(fc.constantFrom(1, 20, 150, Infinity)),
  maybe(signal),
).map(([kind, timeout, source]): Step => ({
  do: kind,
  ...(timeout !== undefined && { timeout }),
  ...(source !== undefined && { signal: source }),
}));
const passing = fc.record({
  do: fc.constantFrom("pass" as const, "pass" as const, "block" as const),
  ms: fc.constantFrom(1, 5, 20, 49, 50, 100, 400),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: calling },
  { weight: 3, arbitrary: passing },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("ready", "finish", "fail", "release"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("abort" as const), signal }),
  },
);
const moments = fc.array(step, { minLength: 1, maxLength: 4 })
  .map((steps) => new Moment(steps));

const script: fc.Arbitrary<Script> = fc.record({
  start: fc.constantFrom(
    "hold",
    "hold",
    "reject",
    "hang",
    "return",
    "throw",
    "own stop",
  ),
  ready: fc.constantFrom("now", "twice", "when asked"),
  stop: fc.constantFrom("end", "end", "throw", "hang", "force"),
  inStart: maybe(caller, 2),
  inStop: maybe(caller, 2),
  onAbort: maybe(caller, 2),
  looks: fc.boolean(),
});

const plot: fc.Arbitrary<Plot> = fc.record({
  stopTimeout: fc.constantFrom(50, 200, Infinity),
  startTimeout: fc.constantFrom(30, 100, Infinity),
  awaitReady: fc.boolean(),
  maxErrors: fc.constantFrom(1, 3, Infinity),
  scripts: fc.array(script, { minLength: 1, maxLength: 4 }),
  isObserved: fc.integer({ min: 0, max: 4 }).map((value) => value > 0),
  hasStop: fc.boolean(),
  onEvent: maybe(caller, 1),
  budget: fc.constantFrom(0, 0, 1, 4),
});

const tick: fc.Arbitrary<Tick> = fc.record({
  does: fc.constantFrom(
    "nothing",
    "nothing",
    "throw",
    "wait",
    "obey",
    "fail",
    "hang",
  ),
  ms: fc.constantFrom(1, 10, 25, 60),
  calls: maybe(
    fc.constantFrom<Exclude<Tick["calls"], undefined>[]>(
      "control.stop",
      "reset",
      "stop",
      "start",
      "restart",
    ),
    5,
  ),
});

const rhythm: fc.Arbitrary<Rhythm> = fc.record({
  stopTimeout: fc.constantFrom(50, 200, Infinity),
  startTimeout: fc.constant(30_000),
  awaitReady: fc.constant(false),
  maxErrors: fc.constantFrom(1, 3, Infinity),
  interval: fc.constantFrom(5, 10, 30, 100),
  immediate: fc.boolean(),
  tickTimeout: fc.constantFrom(15, 80, Infinity, Infinity),
  ticks: fc.array(tick, { minLength: 1, maxLength: 4 }),
  onEvent: maybe(caller, 1),
  budget: fc.constantFrom(0, 0, 1, 4),
});

const commands = fc.commands([moments], {
  maxCommands: 20,
  ...(replayPath && { replayPath }),
});

/** Runs a program to its end, and takes its clock away. */
async function play(
  world: AnyWorld,
  program: Iterable<fc.AsyncCommand<object, AnyWorld>>,
): Promise<void> {
  try {
    await fc.asyncModelRun(() => ({ model: {}, real: world }), program);
    await world.close();
  } finally {
    world.clock.restore();
  }
}

// In parts, each of which a slow machine can do within the limit of a test.
const PARTS = [1, 2, 3, 4];

describe("the model", () => {
  for (const part of PARTS) {
    it(`agrees with StartStop after every step, part ${part}`, async () => {
      const property = fc.asyncProperty(
        plot,
        commands,
        (plot, program) => play(new ServiceWorld(plot), program),
      );
      await fc.assert(property, parameters(0.6 / PARTS.length));
    });

    it(`agrees with Ticker after every step, part ${part}`, async () => {
      const property = fc.asyncProperty(
        rhythm,
        commands,
        (rhythm, program) => play(new TickerWorld(rhythm), program),
      );
      await fc.assert(property, parameters(0.4 / PARTS.length));
    });
  }
});
