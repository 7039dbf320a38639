/**
 * What a child is: what it was given, what happened to it, and its state.
 *
 * The state is one value, a union. Each arm holds what exists only then, so that
 * nothing can stand beside it that says something else: what is shown of a child,
 * its circuit and its timer all follow from the arm.
 */

import type { RestartType } from "./restart_type.ts";

/** What a child was given, as far as decisions need it. */
export interface Spec {
  readonly name: string;
  readonly restart: RestartType;
  readonly dependsOn: readonly string[] | undefined;
  readonly startTimeout: number | undefined;
  readonly stopTimeout: number | undefined;
  readonly firstStart: "fail" | "retry";
  readonly isSignificant: boolean;
}

/** A planned restart of one child, or of a group for the sake of one child. */
export interface Restart {
  /** The child that made it necessary. */
  readonly cause: Child;
  /** All that are down before any of them starts, in the order of the list. */
  readonly members: Child[];
  /** How many of the first members are known to be down. */
  down: number;
  /** When its wait is over. */
  until: number;
  /** Whether it is the one trial of a circuit that is open. */
  readonly isTrial: boolean;
}

/** Down, and nothing is going to start it by itself. */
export interface Rest {
  readonly is: "rest";
  /** Never started in this run, ended for good, or stopped by hand. */
  readonly why: "new" | "done" | "held";
  /** Whether all that depend on it went down before it did. */
  readonly isCleared: boolean;
}

/** Down, and to start as soon as what it depends on is up. */
export interface Queued {
  readonly is: "queue";
  readonly isTrial: boolean;
  /** What it is again if it does not start: it was down before it was asked. */
  readonly back: "new" | "done" | "held" | undefined;
  readonly isCleared: boolean;
}

/** Down, and to start with a restart. */
export interface Waiting {
  readonly is: "wait";
  readonly restart: Restart;
  readonly isCleared: boolean;
}

/** Out of the list. */
export interface Gone {
  readonly is: "gone";
  /** Whether it is there again at the next start of the supervisor. */
  readonly isBack: boolean;
}

/** What a child can be without a run. */
export type Idle = Rest | Queued | Waiting | Gone;

/** A run that is not up yet. */
export interface Starting {
  readonly is: "start";
  readonly run: number;
  /** When it has to be up. */
  readonly until: number;
  readonly isTrial: boolean;
  readonly back: "new" | "done" | "held" | undefined;
}

/** A run that is up. */
export interface Up {
  readonly is: "up";
  readonly run: number;
  /** Since when it counts as up; `Infinity` until it has shown that it works. */
  readonly since: number;
  /** When a trial has proved itself; else `Infinity`. */
  readonly until: number;
  readonly isTrial: boolean;
}

/** A run that is to end once all that depend on it have. */
export interface Last {
  readonly is: "last";
  readonly run: number;
  /** What it did before; `late`: it is asked anew, and nobody waits for it. */
  readonly was: "start" | "up" | "stop" | "late";
  /** When it has to be down; absent where it has a time of its own. */
  readonly deadline: number | undefined;
  /** What comes after the run. */
  readonly then: Idle;
}

/** A run that was asked to end. */
export interface Stopping {
  readonly is: "stop";
  readonly run: number;
  readonly ms: number;
  /** When it has to have ended. */
  readonly until: number;
  /** Whether all that depend on it were down before it was asked. */
  readonly isCleared: boolean;
  /**
   * Which time it has: its own; one more, where that is over and it was asked
   * anew, and nobody waits for it; or that in which it is killed.
   */
  readonly time: "own" | "extra" | "kill";
  readonly then: Idle;
}

/** A run that did not end in its time, and still may. */
export interface Late {
  readonly is: "late";
  readonly run: number;
  readonly then: Idle;
}

/** Where a child is: one value. */
export type State = Idle | Starting | Up | Last | Stopping | Late;

/** Somebody who waits for a child. */
export interface Call {
  readonly id: number;
  readonly for: "up" | "down";
  /** Whether the child is listed only if it starts. */
  readonly isAdding: boolean;
}

/** A child with its place among the others. */
export interface Child extends Spec {
  /** Its place in the list; later ones have greater numbers. */
  readonly place: number;
  /** Whether it was given to the constructor, and comes back at the next start. */
  readonly isOriginal: boolean;
  /** What whoever performs the effects knows it by. */
  readonly ref: unknown;
  /** The runner that it was given, where it is always that. */
  readonly key: unknown;
  /** Those that it depends on, or follows in the list; nearest last. */
  deps: readonly Child[];
  dependents: Child[];
  state: State;
  /** How long its runner gives itself for a stop, where that is known. */
  grace: number | undefined;
  /** How long its run may live on after its time, where it is killed then. */
  killTimeout: number | undefined;
  /** How many starts there were since the supervisor's launch. */
  starts: number;
  /** How many of them have been up. */
  ups: number;
  /** Failures in a row, for the backoff. */
  attempts: number;
  /** How long it has been up in all, without the present run. */
  uptime: number;
  /** The uptime at each of its restarts that still counts, oldest first. */
  counted: number[];
  error: Error | undefined;
  /** Those who wait for it. */
  calls: readonly Call[];
}

/** The empty list, which is shared and never changed. */
export const NONE: never[] = [];

/** Down, for one of the three reasons. */
export function rest(why: Rest["why"], isCleared = false): Rest {
  return { is: "rest", why, isCleared };
}

/** Down and about to start. */
export function queued(back?: Rest["why"], isTrial = false): Queued {
  return { is: "queue", isTrial, back, isCleared: false };
}

/** Out of the list for good. */
export const GONE: Gone = { is: "gone", isBack: false };

/** Out of the list until the supervisor is started again. */
export const ENDED: Gone = { is: "gone", isBack: true };

/**
 * Makes a child that is down. All are of one shape, in which no field is added
 * later: there may be many.
 */
export function childOf(
  spec: Spec,
  place: number,
  isOriginal: boolean,
  ref?: unknown,
  key?: unknown,
  grace?: number,
  killTimeout?: number,
): Child {
  return {
    name: spec.name,
    restart: spec.restart,
    dependsOn: spec.dependsOn,
    startTimeout: spec.startTimeout,
    stopTimeout: spec.stopTimeout,
    firstStart: spec.firstStart,
    isSignificant: spec.isSignificant,
    place,
    isOriginal,
    ref,
    key,
    grace,
    killTimeout,
    starts: 0,
    ups: 0,
    attempts: 0,
    uptime: 0,
    error: undefined,
    deps: NONE,
    dependents: NONE,
    state: rest("new"),
    counted: NONE,
    calls: NONE,
  };
}

/** Forgets the past of a child, for the supervisor's launch. */
export function refresh(child: Child): void {
  child.starts =
    child.ups =
    child.attempts =
    child.uptime =
      0;
  child.error = undefined;
  child.counted = NONE;
}
