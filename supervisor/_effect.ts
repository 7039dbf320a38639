/** What is to be done, as data. */

import type { ErrorPhase } from "../runner.ts";
import type { Child } from "./_child.ts";
import type { Failure, Overrun } from "./_tree.ts";
import type {
  SupervisorChildEvent,
  SupervisorChildrenEvent,
  SupervisorCircuitEvent,
  SupervisorRestartEvent,
} from "./events.ts";

/** What is told, without the supervisor. */
export type Told =
  | Omit<SupervisorChildEvent, "runner">
  | Omit<SupervisorChildrenEvent, "runner">
  | Omit<SupervisorCircuitEvent, "runner">
  | Omit<SupervisorRestartEvent, "runner">;

/** What is to be done. */
export type Effect =
  /** Start a run of the child. */
  | { readonly do: "start"; readonly child: Child; readonly run: number }
  /** Have its run end within so many milliseconds. */
  | {
    readonly do: "stop";
    readonly child: Child;
    readonly run: number;
    readonly ms: number;
  }
  /** Say when it is `at`; `Infinity` calls that off. */
  | { readonly do: "wake"; readonly child: Child; readonly at: number }
  /** Tell observers. */
  | { readonly do: "tell"; readonly event: Told }
  /** Keep an error; `child` is the one whose runner it comes from. */
  | {
    readonly do: "record";
    readonly error: Error;
    readonly phase: ErrorPhase;
    readonly child: Child;
    readonly why: string;
    /** Whether the run of the supervisor fails with it, where with nothing else. */
    readonly isFailure?: boolean;
  }
  /** Say whether the child runs, or is going to: that has changed. */
  | { readonly do: "keep"; readonly child: Child }
  /** The child is out of the list. */
  | { readonly do: "gone"; readonly child: Child }
  /** Settle what a caller waits for. */
  | {
    readonly do: "settle";
    readonly call: number;
    readonly error: Error | undefined;
  }
  /** All children have been up once. */
  | { readonly do: "ready" }
  /** The run of the supervisor is over. */
  | {
    readonly do: "over";
    readonly failure: Failure | undefined;
    /** Who did not end in its time, though all are down. */
    readonly late: Overrun | undefined;
  };
