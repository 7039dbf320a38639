/** What a supervisor is told: its children and how to treat them. */

import type {
  Errors,
  FinishedOptions,
  Observer,
  Runner,
  RunnerOptions,
  RunnerState,
} from "../runner.ts";
import type { SupervisorObserver } from "./events.ts";

/**
 * What can be supervised: whatever keeps the contract, such as a `StartStop`, a
 * `Ticker` or another `Supervisor`.
 */
export interface SupervisedRunner extends Runner, Errors {
  /** Names the runner; without one, the child needs a `name`. */
  readonly name?: string | undefined;
  /** Where the runner is in its life. */
  readonly state: RunnerState;
  /** Settles when the runner has come to rest; rejects if its run failed. */
  finished(options?: FinishedOptions): Promise<void>;
  /** Tells a function what happens to the runner. */
  observe(observer: Observer): () => void;
}

/**
 * When a child that has ended is started again: `permanent` always, `transient`
 * if it failed, `temporary` never.
 */
export type RestartType = "permanent" | "transient" | "temporary";

/**
 * Which children are restarted when one has to be: `one-for-one` that one alone,
 * `one-for-all` all of them, `rest-for-one` that one and those that depend on it,
 * directly or by way of others.
 */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** One child of a supervisor. */
export interface Child {
  /** The runner to supervise; it must be no other child's. */
  readonly runner: SupervisedRunner;
  /**
   * Names the child, for `dependsOn`, messages and events.
   *
   * @default the runner's name
   */
  readonly name?: string | undefined;
  /**
   * When it is started again.
   *
   * @default "transient"
   */
  readonly restart?: RestartType | undefined;
  /**
   * The names of the children that must be up before this one starts, and that
   * are stopped after it. Under `rest-for-one` a child without it follows the one
   * before it in the list; an empty list says that it follows none.
   */
  readonly dependsOn?: readonly string[] | undefined;
  /**
   * How long it may take to be ready, in milliseconds, from 0. `Infinity` means
   * no limit.
   *
   * @default what the runner itself allows
   */
  readonly startTimeout?: number | undefined;
  /**
   * How long it may take to end, in milliseconds, within the supervisor's budget.
   * `Infinity` means no other limit than that.
   *
   * @default Infinity
   */
  readonly stopTimeout?: number | undefined;
}

/**
 * How long to wait before a restart: a random time up to a bound which grows with
 * each failure in a row ("full jitter"), of whole milliseconds and at least one.
 */
export interface Backoff {
  /**
   * The bound of the first wait, in milliseconds, from 1.
   *
   * @default 100
   */
  readonly initial?: number | undefined;
  /**
   * The greatest bound, in milliseconds, from `initial`.
   *
   * @default 15000, or `initial` where that is more
   */
  readonly max?: number | undefined;
  /**
   * What the bound is multiplied by at each failure, from 1.
   *
   * @default 2
   */
  readonly factor?: number | undefined;
  /**
   * How long a child must have been up for its failures to be forgotten, in
   * milliseconds, from 0. `Infinity` means never.
   *
   * @default 30000
   */
  readonly resetAfter?: number | undefined;
  /**
   * Gives numbers from 0 to 1, for tests.
   *
   * @default Math.random
   */
  readonly random?: (() => number) | undefined;
}

/** How many restarts are too many, and what happens then. */
export interface Intensity {
  /**
   * At most so many restarts, of all children together, in any `window`: a whole
   * number from 0, or `Infinity`.
   *
   * @default 5
   */
  readonly restarts?: number | undefined;
  /**
   * In milliseconds, from 1.
   *
   * @default 30000
   */
  readonly window?: number | undefined;
  /**
   * What a failure that would need one restart more does. `fail`: the supervisor
   * stops all children and fails. `break`: the child is left alone for a while
   * (its circuit is open), then tried once (half-open); the circuit closes when
   * the child has been up for the backoff's `resetAfter`, and opens again if it
   * fails before.
   *
   * @default "fail"
   */
  readonly then?: "fail" | "break" | undefined;
  /**
   * How long a circuit stays open at least, in milliseconds, from 1. The trial is
   * a restart: it waits for its place in the `window`, too.
   *
   * @default 15000
   */
  readonly coolDown?: number | undefined;
}

/** Options of a `Supervisor`. */
export interface SupervisorOptions extends Omit<RunnerOptions, "observer"> {
  /**
   * Names the supervisor in messages and prints.
   *
   * @default "supervisor"
   */
  readonly name?: string | undefined;
  /** A first observer, as if given to `observe`. */
  readonly observer?: SupervisorObserver | undefined;
  /**
   * The budget of a stop in milliseconds, for all children together, where the
   * call names none. `Infinity` means no limit.
   *
   * @default 5000
   */
  readonly stopTimeout?: number | undefined;
  /**
   * Which children a restart takes with it.
   *
   * @default "one-for-one"
   */
  readonly strategy?: Strategy | undefined;
  /** How long to wait before a restart. */
  readonly backoff?: Backoff | undefined;
  /** How many restarts are too many. */
  readonly intensity?: Intensity | undefined;
}
