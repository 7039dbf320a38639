/** The states of a runner, each with what exists only then. */

import type { Call } from "./call.ts";
import type { Run } from "./run.ts";

/** No run. */
export interface Stopped {
  readonly name: "stopped";
  /** What the last run failed with. */
  readonly failure: Error | undefined;
}

/** A run that has yet to say that it is ready. */
export interface Starting {
  readonly name: "starting";
  readonly run: Run;
  /** The call that waits for it. */
  readonly call: Call;
}

/** A run. */
export interface Running {
  readonly name: "running";
  readonly run: Run;
  /** When it became so, in milliseconds by `performance.now()`. */
  readonly since: number;
}

/** A run that was told to end. */
export interface Stopping {
  readonly name: "stopping";
  readonly run: Run;
  /** The stops that wait for its end; starts wait in line. */
  stops: Call[];
  /** Whether it ends within microtasks, whoever waits. */
  readonly endsAtOnce: boolean;
}

/** The one value that says where a runner is. */
export type State = Stopped | Starting | Running | Stopping;

/** A runner that has not failed. */
export const CLEAN: Stopped = { name: "stopped", failure: undefined };
