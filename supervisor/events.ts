/** What a supervisor tells: its events and its status. */

import type { Runner, RunnerEvent, RunnerState } from "../runner.ts";
import type { Ticks } from "../ticker/spec.ts";
import type { RestartType } from "./restart_type.ts";

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

/** A child was added to the list, or is in it no more. */
export interface SupervisorChildrenEvent {
  /** Tells this event from the others. */
  readonly type: "children";
  /** The supervisor. */
  readonly runner: Runner;
  /** What has changed. */
  readonly change: "added" | "removed";
  /** The name of the child. */
  readonly child: string;
  /** What a child that was removed last failed with. */
  readonly error: Error | undefined;
}

/**
 * What an observer of a supervisor is told, told apart by `type`. More types may
 * come: ignore those you do not know.
 */
export type SupervisorEvent =
  | RunnerEvent
  | SupervisorChildEvent
  | SupervisorRestartEvent
  | SupervisorCircuitEvent
  | SupervisorChildrenEvent;

/** A function that is told what happens to a supervisor. */
export type SupervisorObserver = (event: SupervisorEvent) => void;

/**
 * A function that is told what happens to a supervisor and to all below it.
 *
 * @param event What happened.
 * @param path The names of those under which it happened, from the root's child
 * on; empty for the root itself. The same frozen list each time for one child.
 */
export type DeepObserver = (
  event: SupervisorEvent,
  path: readonly string[],
) => void;

/** Options of {@linkcode Supervisor.observe}. */
export interface ObserveOptions {
  /**
   * Whether to tell of the children's runners, and theirs, too.
   *
   * @default false
   */
  readonly deep?: boolean | undefined;
  /**
   * Whether the events of ticks are among those of the children.
   *
   * @default false
   */
  readonly ticks?: boolean | undefined;
}

/** How the ticks of a child go, where its runner says so. */
export interface TickStatus extends Ticks {
  /** When the tick that is under way began, on the scale of `performance.now()`. */
  readonly tickingSince: number | undefined;
  /** When the next one is due. */
  readonly nextRun: Date | undefined;
}

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
  /** The names of those that it says it depends on. */
  readonly dependsOn: readonly string[];
  /** How its ticks go, where its runner says so. */
  readonly ticks: TickStatus | undefined;
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
