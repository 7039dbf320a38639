/** What a supervisor tells: its events and its status. */

import type { Runner, RunnerEvent, RunnerState } from "../runner.ts";
import type { RestartType } from "./options.ts";

/**
 * Where a child is in its life: `waiting` for its restart or for a child that it
 * depends on, otherwise as a runner.
 */
export type ChildState = RunnerState | "waiting";

/** Whether a child may be restarted: `open` not yet, `half-open` on trial. */
export type CircuitState = "closed" | "open" | "half-open";

/** The state of a child has changed. */
export interface SupervisorChildEvent {
  /** Tells this event from the others. */
  readonly type: "child";
  /** The supervisor. */
  readonly runner: Runner;
  /** The name of the child. */
  readonly child: string;
  /** The state before. */
  readonly from: ChildState;
  /** The state after. */
  readonly to: ChildState;
}

/** A restart has been planned. */
export interface SupervisorRestartEvent {
  /** Tells this event from the others. */
  readonly type: "restart";
  /** The supervisor. */
  readonly runner: Runner;
  /** The name of the child that made it necessary. */
  readonly child: string;
  /** The names of all that are restarted, in the order of the list. */
  readonly children: readonly string[];
  /** How long the wait is, in milliseconds. */
  readonly delay: number;
  /** What the child failed with; `undefined` where it ended, or was asked to. */
  readonly error: Error | undefined;
}

/** The circuit of a child has changed. */
export interface SupervisorCircuitEvent {
  /** Tells this event from the others. */
  readonly type: "circuit";
  /** The supervisor. */
  readonly runner: Runner;
  /** The name of the child. */
  readonly child: string;
  /** The state before. */
  readonly from: CircuitState;
  /** The state after. */
  readonly to: CircuitState;
}

/**
 * What an observer of a supervisor is told, told apart by `type`. More types may
 * come: ignore those you do not know.
 */
export type SupervisorEvent =
  | RunnerEvent
  | SupervisorChildEvent
  | SupervisorRestartEvent
  | SupervisorCircuitEvent;

/** A function that is told what happens to a supervisor. */
export type SupervisorObserver = (event: SupervisorEvent) => void;

/** How a child is. */
export interface ChildStatus {
  /** The name of the child. */
  readonly name: string;
  /** Where it is in its life. */
  readonly state: ChildState;
  /** When it is started again. */
  readonly restart: RestartType;
  /** Milliseconds that its runner has been `running`. */
  readonly uptime: number;
  /** How often it was started again since the supervisor's launch. */
  readonly restarts: number;
  /** What it last failed with since then. */
  readonly error: Error | undefined;
  /** Milliseconds until it is started again, where it waits for that. */
  readonly nextAttempt: number | undefined;
  /** Whether it may be restarted. */
  readonly circuit: CircuitState;
  /** How its own children are, where it is a supervisor. */
  readonly children: readonly ChildStatus[] | undefined;
}

/** How a supervisor and its children are. */
export interface SupervisorStatus {
  /** The name of the supervisor. */
  readonly name: string;
  /** Where it is in its life. */
  readonly state: RunnerState;
  /** Milliseconds that it has been running. */
  readonly uptime: number;
  /** How often any child was started again since its launch. */
  readonly restarts: number;
  /** The children in the order of the list. */
  readonly children: readonly ChildStatus[];
}
