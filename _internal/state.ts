/** The states of a runner, each with what exists only then. */

import type { Call } from "./call.ts";
import type { Run } from "./run.ts";

/** No run. */
export interface Stopped {
  readonly name: "stopped";
  readonly run?: undefined;
  readonly call?: undefined;
  /** What the last run failed with. */
  readonly failure?: Error | undefined;
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
  readonly call?: undefined;
  /** When it became so, in milliseconds by `performance.now()`. */
  readonly since: number;
}

/** A run that was asked to end. */
export interface Stopping {
  readonly name: "stopping";
  readonly run: Run;
  readonly call?: undefined;
}

/** The one value that says where a runner is. */
export type State = Stopped | Starting | Running | Stopping;
