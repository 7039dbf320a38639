/** Looks into the machines of this library's runners. */

import type { Hook, TickFacts } from "../_internal/hook.ts";
import { Lifecycle, machineOf } from "../_internal/lifecycle.ts";
import type { Machine } from "../_internal/machine.ts";
import type { ErrorPhase, Runner, RunnerState } from "../runner.ts";

/** Several hooks of one machine. */
class Several implements Hook {
  readonly all: readonly Hook[];
  /** There only where one of them has it, as it costs a tick. */
  declare around?: NonNullable<Hook["around"]>;

  constructor(all: readonly Hook[]) {
    this.all = all;
    for (const each of all) {
      if (!each.around) continue;
      const { around: outer } = this;
      this.around = outer
        ? (facts, work) => outer(facts, () => each.around!(facts, work))
        : (facts, work) => each.around!(facts, work);
    }
  }

  tick(facts: TickFacts, outcome: Error | symbol | undefined): void {
    for (const each of this.all) each.tick?.(facts, outcome);
  }

  state(to: RunnerState, from: RunnerState, failure: Error | undefined): void {
    for (const each of this.all) each.state?.(to, from, failure);
  }

  error(phase: ErrorPhase, error: Error): void {
    for (const each of this.all) each.error?.(phase, error);
  }
}

function hooksOf(machine: Machine): readonly Hook[] {
  const { hook } = machine;
  return hook instanceof Several ? hook.all : hook ? [hook] : [];
}

function setHooks(machine: Machine, hooks: readonly Hook[]): void {
  machine.hook = hooks.length > 1 ? new Several(hooks) : hooks[0];
}

/**
 * Has the machine of a runner call a hook. False where the runner is none of this
 * library, or of another copy of it.
 */
export function addHook(runner: Runner, hook: Hook): boolean {
  if (!(runner instanceof Lifecycle)) return false;
  const machine = machineOf(runner);
  setHooks(machine, [...hooksOf(machine), hook]);
  return true;
}

/** Undoes `addHook`. */
export function removeHook(runner: Runner, hook: Hook): void {
  if (!(runner instanceof Lifecycle)) return;
  const machine = machineOf(runner);
  setHooks(machine, hooksOf(machine).filter((each) => each !== hook));
}

/** The hooks of a runner's machine; none where the runner is none of this library. */
export function hooksOn(runner: Runner): readonly Hook[] {
  return runner instanceof Lifecycle ? hooksOf(machineOf(runner)) : [];
}

/** The times that a ticker goes by, in milliseconds. */
export interface Times {
  /** `Infinity` where there is none. */
  readonly tickTimeout: number;
  /** From the tick in flight to the next, where that is known. */
  readonly distance: number;
}

/** The times of a runner that ticks. */
export function timesOf(runner: Runner | undefined): Times {
  const { settings, state: { run } } = runner instanceof Lifecycle
    ? machineOf(runner)
    : { state: {} };
  const { tickTimeout = Infinity } = (settings ?? {}) as Partial<Times>;
  return { tickTimeout, distance: (run as Partial<Times>)?.distance ?? 0 };
}
