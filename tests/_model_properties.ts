/** What must hold of every program of the model. */

import fc from "fast-check";
import { ServiceWorld } from "./_model_start_stop.ts";
import { TickerWorld } from "./_model_ticker.ts";
import {
  type AnyWorld,
  callerStep,
  perform,
  plot,
  rhythm,
  type Step,
  step,
} from "./_model_programs.ts";

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
    for (const each of this.#steps) await perform(world, each);
    await world.rest();
  }

  toString(): string {
    return JSON.stringify(this.#steps);
  }
}

const moments = fc.array(step, { minLength: 1, maxLength: 4 })
  .map((steps) => new Moment(steps));

/** Runs a program to its end, and takes away what it fakes. */
async function play(
  world: AnyWorld,
  program: (world: AnyWorld) => Promise<void>,
): Promise<void> {
  try {
    await program(world);
    await world.close();
  } finally {
    world.restore();
  }
}

/** Callers, and after how many turns each thing comes: none is a rest. */
const crowd = fc.tuple(
  fc.array(fc.array(callerStep, { minLength: 1, maxLength: 5 }), {
    minLength: 1,
    maxLength: 4,
  }),
  fc.array(fc.constantFrom(undefined, undefined, 0, 1, 2, 4, 9), {
    minLength: 1,
    maxLength: 8,
  }),
);
type Crowd = typeof crowd extends fc.Arbitrary<infer T> ? T : never;

/** How long to wait for what waits for the clock alone. */
const ROUNDS = 4;

/**
 * Callers beside each other, and functions that settle, in an order that the
 * scheduler chooses. They are not left to come to rest between any two.
 */
async function interleave(
  world: AnyWorld,
  [callers, turns]: Crowd,
  scheduler: fc.Scheduler,
): Promise<void> {
  const timely: Step[] = [];
  let isOver = false;
  world.later = (label, act) =>
    void scheduler.schedule(Promise.resolve(), label).then(act);
  const live = async (steps: readonly Step[], name: string) => {
    for (const each of steps) {
      if (isOver) return;
      const label = `${name}: ${JSON.stringify(each)}`;
      await scheduler.schedule(Promise.resolve(), label);
      if (isOver) return;
      // One hand alone moves the clock.
      if (each.do === "pass" || each.do === "block") timely.push(each);
      else await perform(world, each);
    }
  };
  const lives = callers.map((steps, index) => live(steps, `#${index}`));
  let count = 0;
  for (let round = 0; round < ROUNDS; round++) {
    while (scheduler.count() > 0) {
      await scheduler.waitNext(1);
      for (const each of timely.splice(0)) await perform(world, each);
      const wait = turns[count++ % turns.length];
      if (wait === undefined) await world.rest();
      else for (let turn = 0; turn < wait; turn++) await undefined;
    }
    await world.pass(200);
    await world.rest();
  }
  isOver = true;
  await world.close();
  while (scheduler.count() > 0) await scheduler.waitNext(1);
  // A caller whose step is wrong must not go unheard.
  await Promise.all(lives);
}

/** A property, and which part of all programs are its own. */
export interface Property {
  readonly name: string;
  readonly share: number;
  readonly property: fc.IAsyncProperty<unknown>;
  /**
   * What runs a failure again. A scheduler has another order wherever it has been
   * cloned once more, as in a replay that leaves out what was tried on the way: so
   * a path ends before what it was shrunk by, and it is shrunk anew.
   */
  replay(path: string): fc.Parameters<unknown>;
}

const exactly = (path: string) => ({ path, endOnFailure: true });
const anew = (path: string) => ({ path: path.split(":")[0]! });

/** All of them; `replayPath` is what `fc.commands` printed of a failure. */
export function properties(replayPath?: string): Property[] {
  const commands = fc.commands([moments], {
    maxCommands: 20,
    ...(replayPath && { replayPath }),
  });
  type Program = typeof commands extends fc.Arbitrary<infer T> ? T : never;
  const follow = (program: Program) => (real: AnyWorld) =>
    fc.asyncModelRun(() => ({ model: {}, real }), program);
  return [
    {
      name: "StartStop after every step",
      share: 0.4,
      replay: exactly,
      property: fc.asyncProperty(
        plot,
        commands,
        (plot, program) => play(new ServiceWorld(plot), follow(program)),
      ),
    },
    {
      name: "Ticker after every step",
      share: 0.3,
      replay: exactly,
      property: fc.asyncProperty(
        rhythm,
        commands,
        (rhythm, program) => play(new TickerWorld(rhythm), follow(program)),
      ),
    },
    {
      name: "StartStop in any order",
      share: 0.2,
      replay: anew,
      property: fc.asyncProperty(
        plot,
        crowd,
        fc.scheduler(),
        (plot, crowd, scheduler) =>
          play(
            new ServiceWorld(plot),
            (world) => interleave(world, crowd, scheduler),
          ),
      ),
    },
    {
      name: "Ticker in any order",
      share: 0.1,
      replay: anew,
      property: fc.asyncProperty(
        rhythm,
        crowd,
        fc.scheduler(),
        (rhythm, crowd, scheduler) =>
          play(
            new TickerWorld(rhythm),
            (world) => interleave(world, crowd, scheduler),
          ),
      ),
    },
  ];
}
