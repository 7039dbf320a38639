/**
 * The contract that every runner keeps: types only, no behaviour.
 *
 * @module
 */

/** Where a runner is in its life. */
export type RunnerState = "stopped" | "starting" | "running" | "stopping";

/** Which function an error came from. */
export type ErrorPhase = "start" | "stop" | "tick";

/** Options of {@linkcode Runner.start} and {@linkcode Runner.restart}. */
export interface StartOptions {
  /**
   * The life of the run: when it aborts, the run is stopped as by
   * {@linkcode Runner.stop}. Aborted already, nothing is launched.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds. For `start`, how long to wait until the run is ready, which
   * matters with `awaitReady` only; for `restart`, the grace of the stop.
   * `Infinity` means no limit.
   *
   * @default the runner's `startTimeout` or, for `restart`, its `stopTimeout`
   */
  readonly timeout?: number | undefined;
}

/** Options of {@linkcode Runner.stop}. */
export interface StopOptions {
  /** Cuts the wait short; the run is asked to end all the same. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The reason with which the run's signal aborts: any value. Where the run was
   * asked to end before, the first reason stays.
   *
   * @default an `AbortError`
   */
  readonly reason?: unknown;
  /**
   * The grace in milliseconds: how long to wait for the end of the run.
   * `Infinity` means no limit.
   *
   * @default the runner's `stopTimeout`
   */
  readonly timeout?: number | undefined;
}

/** Options of `finished`. */
export interface FinishedOptions {
  /** Ends the wait, and nothing but the wait. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Something that can be started, stopped and started again, and never has two
 * runs at once.
 *
 * @example A function that takes any runner
 * ```ts
 * import { type Runner, Ticker } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * async function cycle(runner: Runner): Promise<boolean[]> {
 *   await runner.start();
 *   const during = runner.isRunning();
 *   await runner.stop();
 *   return [during, runner.isRunning()];
 * }
 *
 * assertEquals(await cycle(new Ticker(1_000, () => {})), [true, false]);
 * ```
 */
export interface Runner extends AsyncDisposable {
  /**
   * Launches a run; one that is under way is stopped first.
   *
   * - stopped: launches inside the call.
   * - starting, running: stops that run as by `stop()`, then launches.
   * - stopping: waits for the end of that run, within the grace, then launches.
   *
   * @returns a promise that resolves once the run is launched, or, with
   * `awaitReady`, once it is ready. It rejects with what ended the run before it
   * was ready, with a `TimeoutError` if a wait took too long, with the reason of
   * `signal`, or with an `AbortError` if a later call replaced this one.
   */
  start(options?: StartOptions): Promise<void>;
  /**
   * Tells the run to end and waits until it has.
   *
   * - stopped: resolves at once.
   * - starting, running: aborts the run's signal inside the call.
   * - stopping: joins the wait, with a grace of its own.
   *
   * Starts that were made earlier and have not launched are called off.
   *
   * @returns a promise that resolves once the run has ended. It rejects with a
   * `TimeoutError` if the run did not end in time, and with the reason of
   * `signal` if that cut the wait short; the runner stays `stopping` then until
   * the run really ends.
   */
  stop(options?: StopOptions): Promise<void>;
  /**
   * Stops and starts as one step; where nothing runs it only starts.
   *
   * Without a `signal` the new run lives on the signal of the run it replaces.
   *
   * @returns a promise that settles as those of `stop` and `start` do. If the
   * stop fails, nothing is launched.
   */
  restart(options?: StartOptions): Promise<void>;
  /** Whether the state is `running`. */
  isRunning(): boolean;
  /** Milliseconds that the run has been running; 0 in every other state. */
  uptime(): number;
  /**
   * The runners that this one runs, in their order, as a copy. Absent where a
   * runner has none by its nature.
   */
  children?(): readonly ChildEntry[];
}

/** One of the runners that a runner runs. */
export interface ChildEntry {
  /** The name that the parent knows it by; no other child has it. */
  readonly name: string;
  /** The present runner, or `undefined` where there is none at the moment. */
  readonly runner: Runner | undefined;
}

/** A recorded error, with where it came from and when. */
export interface ErrorRecord {
  /** The error as `errorsList()` has it. */
  readonly error: Error;
  /** The function it came from. */
  readonly phase: ErrorPhase;
  /** When it was recorded, by the wall clock: a date of the caller's own. */
  readonly at: Date;
}

/** The errors of a runner since its last launch. */
export interface Errors {
  /** The newest error, or `undefined` where there was none. */
  errorsLast(): Error | undefined;
  /** The newest errors, at most `maxErrors`, oldest first, as a copy. */
  errorsList(): Error[];
  /** How many errors there were, also those that are no longer kept. */
  errorsTotal(): number;
  /**
   * The errors of `errorsList()`, each with its phase and time. The runners of
   * this library have it; those of others may lack it.
   */
  errorsLog?(): ErrorRecord[];
}

/** The state of a runner has changed. */
export interface RunnerStateEvent {
  /** Tells this event from the others. */
  readonly type: "state";
  /** The runner it happened to. */
  readonly runner: Runner;
  /** The state before. */
  readonly from: RunnerState;
  /** The state after. */
  readonly to: RunnerState;
}

/** A runner has recorded an error. */
export interface RunnerErrorEvent {
  /** Tells this event from the others. */
  readonly type: "error";
  /** The runner it happened to. */
  readonly runner: Runner;
  /** The error as it was recorded. */
  readonly error: Error;
  /** The function it came from. */
  readonly phase: ErrorPhase;
}

/** A tick has ended. */
export interface RunnerTickEvent {
  /** Tells this event from the others. */
  readonly type: "tick";
  /** The runner it happened to. */
  readonly runner: Runner;
  /**
   * When the tick was due, in milliseconds on the scale of `performance.now()`, or
   * since 1970 where the runner goes by a schedule.
   */
  readonly scheduledAt: number;
  /** When the tick began, in milliseconds on the same scale. */
  readonly startedAt: number;
  /** How long the tick took, in milliseconds. */
  readonly duration: number;
  /**
   * How many points of the grid, or runs of the schedule, passed without a tick
   * since the tick before.
   */
  readonly missed: number;
  /** What the tick failed with; absent where it did not. */
  readonly error?: Error;
  /** How often the tick was tried; there where the ticker has `retry`. */
  readonly attempts?: number;
  /** There where the tick has called `control.skip()` and has not failed. */
  readonly skipped?: true;
}

/** Something that is no error but must not pass in silence, as on standard error. */
export interface RunnerNoticeEvent {
  /** Tells this event from the others. */
  readonly type: "notice";
  /** The runner it happened to. */
  readonly runner: Runner;
  /** What has happened, in a sentence. */
  readonly message: string;
}

/** A server listens: after each start, once its `url` is set. */
export interface RunnerListeningEvent {
  /** Tells this event from the others. */
  readonly type: "listening";
  /** The runner it happened to. */
  readonly runner: Runner;
  /** Where it listens. */
  readonly url: URL;
}

/**
 * What an observer is given, told apart by `type`. The union grows with the
 * library: ignore each type that you do not know.
 */
export type RunnerEvent =
  | RunnerStateEvent
  | RunnerErrorEvent
  | RunnerTickEvent
  | RunnerListeningEvent
  | RunnerNoticeEvent;

/** A function that is told what happens to a runner. */
export type Observer = (event: RunnerEvent) => void;

/**
 * When something is to run. An instance of a cron library that has this method is
 * one as it is: croner's `Cron`, for example.
 *
 * @example Every full hour
 * ```ts
 * import type { Schedule } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const hour = 3_600_000;
 * const hourly: Schedule = {
 *   nextRun: (after) => new Date((Math.floor(+after / hour) + 1) * hour),
 * };
 *
 * const next = hourly.nextRun(new Date("2026-01-01T12:34:56Z"));
 * assertEquals(next?.toISOString(), "2026-01-01T13:00:00.000Z");
 * ```
 */
export interface Schedule {
  /**
   * The first run after a moment.
   *
   * @param after The moment; a run at that very millisecond is not after it.
   * @returns the run, or `null` where there is none any more.
   */
  nextRun(after: Date): Date | null;
}

/** Options that all runners have in common. */
export interface RunnerOptions {
  /**
   * Names the runner in messages and prints.
   *
   * @default "start-stop" or "ticker"
   */
  readonly name?: string | undefined;
  /** A first observer, as if given to `observe`. */
  readonly observer?: Observer | undefined;
  /**
   * Whether each recorded error is also printed by `recoveryCaller`.
   *
   * @default true
   */
  readonly printErrors?: boolean | undefined;
  /**
   * The grace of a stop in milliseconds, where the call names none. `Infinity`
   * means no limit.
   *
   * @default 2000
   */
  readonly stopTimeout?: number | undefined;
  /**
   * How many errors are kept: a whole number from 1, or `Infinity`.
   *
   * @default 100
   */
  readonly maxErrors?: number | undefined;
}
