/** How the optional modules look into a machine, at no cost where none does. */

import type { ErrorPhase, RunnerState } from "../runner.ts";

/** What is known of a tick in flight; what has an end only once it has ended. */
export interface TickFacts {
  /** Milliseconds from the moment it was due to its start. */
  readonly lateness: number;
  /** How many points passed without a tick before it. */
  readonly missed: number;
  /** Milliseconds from the tick to the next. */
  readonly distance: number;
  /** When it ended, by `performance.now()`. */
  readonly endedAt: number;
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * What a machine calls, at once and before any event. None of it may throw or call
 * back into the machine.
 */
export interface Hook {
  /**
   * A tick has ended. Its facts are asked for, as numbers that are handed over can
   * cost an allocation each.
   *
   * @param outcome What it failed with, a symbol where it was skipped, or nothing.
   */
  tick?(facts: TickFacts, outcome: Error | symbol | undefined): void;
  /** The state has changed. */
  state?(to: RunnerState, from: RunnerState, failure: Error | undefined): void;
  /** An error has been recorded. */
  error?(phase: ErrorPhase, error: Error): void;
  /** Calls a tick's function once and returns what that returns, or throws it. */
  around?<T>(facts: TickFacts, work: () => T): T;
}
