/** One run, as the machine sees it: what kinds of runs have in common. */

import type { Context } from "./context.ts";
import type { RunSignals } from "./run_signals.ts";

/** What a function has thrown, which may be `undefined`. */
export interface Thrown {
  readonly error: unknown;
}

/** What a machine needs of its run, and keeps in it. */
export interface Run {
  /** The signal that the run lives on, given by the caller. */
  readonly source: AbortSignal | undefined;
  /** Its own signals. */
  readonly signals: RunSignals;
  /** In which its functions work; let go of at its end. */
  context: Context | undefined;
  /** What `finished` rejects with. */
  failure: Error | undefined;
  /** How many of its functions have yet to settle; 0 where all are about to. */
  pending: number;
  /** Whether a grace has passed, which is recorded once a run. */
  isOverdue: boolean;
  /** Whether a run that is asked to end now ends within microtasks. */
  readonly isIdle: boolean;
  /** Whether to ask it to end calls nobody's code, so that no context matters. */
  readonly isQuiet?: boolean;
  /** Begins to work; what goes wrong is told to the machine, never thrown. */
  begin(): void | Promise<void>;
  /** Called once, when the run's signal has just aborted. */
  halted(): void | Promise<void>;
}
