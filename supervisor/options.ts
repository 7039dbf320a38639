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
import type { RestartType } from "./restart_type.ts";

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
 * Which children are restarted when one has to be: `one-for-one` that one alone,
 * `one-for-all` all of them, `rest-for-one` that one and those that depend on it,
 * directly or by way of others.
 */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** One child of a supervisor; it has either a `runner` or `create`. */
export interface Child {
  /** The runner to supervise; it must be no other child's. */
  readonly runner?: SupervisedRunner | undefined;
  /**
   * Makes a new runner for each start, also for one that is tried again, within
   * the time of `startTimeout`. What it throws is a failed start, and so is a
   * runner that it gave before or that is another child's. It is not called while
   * the run of the runner before has not ended.
   *
   * @param signal Aborts if the start is called off.
   */
  readonly create?:
    | ((signal: AbortSignal) => SupervisedRunner | Promise<SupervisedRunner>)
    | undefined;
  /**
   * Names the child, for `dependsOn`, messages and events. A child with `create`
   * needs one in the constructor; `addChild` gives it one.
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
   * `Infinity` means no other limit than that. Where a group is restarted, one
   * that does not end in its time fails the supervisor.
   *
   * @default the supervisor's budget; for a restart the runner's own
   * `stopTimeout`, else that of the supervisor
   */
  readonly stopTimeout?: number | undefined;
  /**
   * What the supervisor's start does where the first start of the child fails:
   * `fail` with it, or `retry` it by the child's backoff, within the supervisor's
   * `startTimeout`. Those tries count for no intensity.
   *
   * @default "fail"
   */
  readonly firstStart?: "fail" | "retry" | undefined;
  /**
   * Whether the end of the child can end the supervisor, by `autoShutdown`. Not
   * for a permanent child, which has no end.
   *
   * @default false
   */
  readonly significant?: boolean | undefined;
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
   * At most so many restarts that count: a whole number from 0, or `Infinity`. The
   * restart of a group counts for the child that made it necessary.
   *
   * @default 22
   */
  readonly restarts?: number | undefined;
  /**
   * A restart counts until the child has been running for so long in sum since, in
   * milliseconds, from 1. While it waits, starts or stops, no time passes.
   *
   * @default 600000
   */
  readonly window?: number | undefined;
  /**
   * What is counted: the restarts of each `child` for itself, or those of all
   * children of the `supervisor` together.
   *
   * @default "child"
   */
  readonly per?: "child" | "supervisor" | undefined;
  /**
   * What a failure that would need one restart more does. `fail`: the supervisor
   * stops all children and fails. `break`: the child is left alone for a while
   * (its circuit is open), then tried once (half-open); the circuit closes when
   * the child has been up for the backoff's `resetAfter`, its restarts are
   * forgotten then, and opens again if it fails before.
   *
   * @default "fail"
   */
  readonly then?: "fail" | "break" | undefined;
  /**
   * How long a circuit stays open, in milliseconds, from 1.
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
  /**
   * How long the whole start may take in milliseconds, where the call names no
   * limit. `Infinity` means none.
   *
   * @default Infinity
   */
  readonly startTimeout?: number | undefined;
  /**
   * In which order children start, and in reverse stop: `dependencies`, side by
   * side where they do not depend on one another, or `list`, one after the other.
   *
   * @default "dependencies"
   */
  readonly order?: "dependencies" | "list" | undefined;
  /**
   * Whether the supervisor stops, as cleanly as by `stop()`, once `any` or `all` of
   * its significant children have ended by themselves for good.
   *
   * @default "never"
   */
  readonly autoShutdown?: "never" | "any" | "all" | undefined;
  /** How long to wait before a restart. */
  readonly backoff?: Backoff | undefined;
  /** How many restarts are too many. */
  readonly intensity?: Intensity | undefined;
}
