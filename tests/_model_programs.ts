/** What programs of the model are made of, and how they are made at random. */

import fc from "fast-check";
import { settleAll } from "./_fake_clocks.ts";
import type { Caller, Manner } from "./_model.ts";
import type { Plot, Script, ServiceWorld } from "./_model_start_stop.ts";
import type { Rhythm, Tick, TickerWorld } from "./_model_ticker.ts";

export type AnyWorld = ServiceWorld | TickerWorld;

/** What one of the callers does. */
export type Step =
  | {
    readonly do: Caller;
    readonly timeout?: number;
    readonly signal?: number;
    /** Whether the caller waits for it before it goes on. */
    readonly waits?: boolean;
  }
  | { readonly do: "abort"; readonly signal: number }
  | { readonly do: "host"; readonly signal: number | undefined }
  | { readonly do: "pass" | "block"; readonly ms: number }
  | { readonly do: "observe"; readonly manner: Manner }
  | { readonly do: "leave"; readonly which: number }
  | { readonly do: "ready" | "finish" | "fail" | "release" };

export async function perform(world: AnyWorld, step: Step): Promise<void> {
  switch (step.do) {
    case "abort":
      world.abort(step.signal);
      break;
    case "host":
      if ("host" in world) world.host(step.signal);
      break;
    case "pass":
      await world.pass(step.ms);
      break;
    case "block":
      // What has ended before must be known to have.
      await settleAll();
      world.clock.block(step.ms);
      break;
    case "observe":
      world.observe(step.manner);
      break;
    case "leave":
      world.leave(step.which);
      break;
    case "finish":
    case "fail":
      world[step.do]();
      break;
    case "ready":
    case "release":
      if ("release" in world) world[step.do]();
      break;
    default: {
      const call = world.call(step.do, step.timeout, step.signal);
      if (step.waits) await call.catch(() => {});
    }
  }
}

const callers: Caller[] = ["start", "stop", "restart", "finished", "dispose"];
const caller = fc.constantFrom(...callers);
const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 3) =>
  fc.option(arbitrary, { nil: undefined, freq });
const signal = fc.nat({ max: 2 });

const manner: fc.Arbitrary<Manner> = fc.constantFrom<Manner[]>(
  "listen",
  "listen",
  "throw",
  "reject",
  "hang",
  "leave",
  "join",
  ...callers,
);

const calling = fc.tuple(
  fc.constantFrom<Caller[]>("start", "start", "stop", "restart", ...callers),
  maybe(fc.constantFrom(1, 20, 150, Infinity)),
  maybe(signal),
).map(([kind, timeout, source]): Step => ({
  do: kind,
  ...(timeout !== undefined && { timeout }),
  ...(source !== undefined && { signal: source }),
}));

/** What ends nothing by itself: another may say when that is. */
const outside: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("pass" as const, "pass" as const, "block" as const),
      ms: fc.constantFrom(1, 5, 20, 49, 50, 100, 400),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("abort" as const), signal }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("host" as const),
      signal: maybe(signal),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("observe" as const), manner }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("leave" as const),
      which: fc.nat({ max: 5 }),
    }),
  },
);

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: calling },
  { weight: 7, arbitrary: outside },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("ready", "finish", "fail", "release"),
    }),
  },
);

/** A step of a caller that may wait for what it has asked for. */
export const callerStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(calling, fc.boolean())
      .map(([call, waits]) => ({ ...call, waits })),
  },
  { weight: 3, arbitrary: outside },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const) }) },
);

const script: fc.Arbitrary<Script> = fc.record({
  start: fc.constantFrom(
    "hold",
    "hold",
    "hold",
    "reject",
    "reject",
    "hang",
    "hang",
    "return",
    "return at once",
    "throw",
    "throw at once",
    "own stop",
  ),
  ready: fc.constantFrom("now", "twice", "when asked"),
  stop: fc.constantFrom(
    "end",
    "end",
    "end at once",
    "throw",
    "throw at once",
    "hang",
    "hang",
    "force",
    "force",
    "own stop",
  ),
  inStart: maybe(caller, 2),
  inStop: maybe(caller, 2),
  onAbort: maybe(caller, 2),
  looks: fc.boolean(),
});

const limits = {
  stopTimeout: fc.constantFrom(50, 200, Infinity),
  maxErrors: fc.constantFrom(1, 3, Infinity),
  // To print costs more than all the rest of a program.
  printErrors: fc.nat({ max: 9 }).map((value) => value === 9),
  onEvent: fc.oneof(
    { weight: 2, arbitrary: fc.constant("listen" as const) },
    { weight: 1, arbitrary: manner },
  ),
  budget: fc.constantFrom(0, 0, 1, 4),
};

export const plot: fc.Arbitrary<Plot> = fc.record({
  ...limits,
  startTimeout: fc.constantFrom(30, 100, Infinity),
  awaitReady: fc.boolean(),
  scripts: fc.array(script, { minLength: 1, maxLength: 4 }),
  isObserved: fc.integer({ min: 0, max: 4 }).map((value) => value > 0),
  hasStop: fc.boolean(),
});

const tick: fc.Arbitrary<Tick> = fc.record({
  does: fc.constantFrom(
    "nothing",
    "nothing",
    "nothing",
    "throw",
    "return",
    "reject",
    "wait",
    "wait",
    "obey",
    "fail",
    "hang",
    "own stop",
  ),
  ms: fc.constantFrom(1, 10, 25, 60),
  calls: maybe(
    fc.constantFrom<Exclude<Tick["calls"], undefined>[]>(
      "control.stop",
      "control.skip",
      "reset",
      "stop",
      "start",
      "restart",
    ),
    5,
  ),
});

export const rhythm: fc.Arbitrary<Rhythm> = fc.record({
  ...limits,
  startTimeout: fc.constant(30_000),
  awaitReady: fc.constant(false),
  interval: fc.constantFrom(5, 10, 30, 100),
  immediate: fc.boolean(),
  tickTimeout: fc.constantFrom(15, 80, Infinity, Infinity),
  failAfter: fc.constantFrom(1, 2, 3, Infinity, Infinity, Infinity),
  retry: maybe(
    fc.oneof(
      fc.record({
        times: fc.constantFrom(1, 2, Infinity),
        initial: fc.constantFrom(1, 4, 20),
        factor: fc.constantFrom(1, 2),
        max: fc.constantFrom(8, 40),
        share: fc.constantFrom(0.5, 1),
      }),
      // Without end it would be tried for ever at one moment.
      fc.record({
        times: fc.constantFrom(0, 1, 3),
        initial: fc.constantFrom(0, 4),
        factor: fc.constant(2),
        max: fc.constant(8),
        share: fc.constantFrom(0, 1),
      }),
    ),
    2,
  ),
  reads: fc.boolean(),
  ticks: fc.array(tick, { minLength: 1, maxLength: 4 }),
});
