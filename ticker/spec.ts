import type { RunnerOptions, Schedule } from "../runner.ts";

/** What a tick can tell its run and learn of it. None of it needs a `this`. */
export interface TickControl {
  /**
   * Begins the grid anew, here and now, with another interval, or goes by another
   * schedule from now on, until the run ends; the next run has the constructor's
   * again. Once the run was asked to stop it does nothing.
   *
   * @param interval In milliseconds, or a schedule, as the constructor takes it.
   * @throws {TypeError} if the interval is neither a number nor a schedule.
   * @throws {RangeError} if the interval is NaN or infinite.
   */
  reset(interval: number | Schedule): void;
  /** Asks for a stop, as by `stop()`, without waiting for it. */
  stop(): void;
  /**
   * Ends the tick as skipped, which is neither a success nor a failure: where
   * another machine does the work, say. What it throws is a failure all the same.
   */
  skip(): void;
  /**
   * When the tick was due, in milliseconds on the scale of `performance.now()`, or
   * since 1970 where the ticker goes by a schedule: the oldest point of the grid
   * reached since the tick before, or the run of the schedule.
   */
  readonly scheduledAt: number;
  /**
   * How many points of the grid, or runs of the schedule, passed without a tick
   * since the tick before.
   */
  readonly missed: number;
  /**
   * Says "now", where the signal says "begin to end": it aborts when the last
   * that waited for the end of the run has given up.
   */
  readonly force: AbortSignal;
}

/**
 * One tick. What it returns is awaited before the next.
 *
 * @param signal Aborts when the run is asked to stop, and, with `tickTimeout`, when
 * the tick takes too long.
 * @param control What to tell the run.
 */
export type TickFunction = (
  signal: AbortSignal,
  control: TickControl,
) => unknown;

/** Something that says when there is a place for work: a `Gate`, for example. */
export interface TickGate {
  /**
   * Calls `work` once there is a place, which is taken until what it returns has
   * settled. Rejects where it refuses, or `signal` aborts before.
   */
  run(
    work: () => Promise<void> | undefined,
    options: { readonly priority: number; readonly signal: AbortSignal },
  ): unknown;
}

/** When a tick that has failed is tried again. */
export interface RetryOptions {
  /** How often at most, after the first attempt: a whole number, or `Infinity`. */
  readonly times: number;
  /**
   * The longest pause before the second attempt, in milliseconds.
   *
   * @default 100
   */
  readonly initial?: number | undefined;
  /**
   * By how much the longest pause grows with each attempt: a number from 1.
   *
   * @default 2
   */
  readonly factor?: number | undefined;
  /**
   * What the longest pause never exceeds, in milliseconds.
   *
   * @default 15000
   */
  readonly max?: number | undefined;
  /**
   * The share of the longest pause that is waited: a number from 0 to 1.
   *
   * @default Math.random
   */
  readonly random?: (() => number) | undefined;
}

/** Where it is kept when a ticker ran last, for a machine that was down. */
export interface LastRun {
  /** When it ran last; nothing where that is not known. */
  load():
    | Date
    | number
    | undefined
    | Promise<Date | number | undefined>;
  /** Keeps a run, by when it was due. */
  save(run: Date): void | Promise<void>;
  /**
   * Whether a run is saved when its tick has ended well, so that one which a crash
   * cut off is run again; or before it begins, so that it is not. Where the latter
   * fails, the run is missed.
   *
   * @default "after"
   */
  readonly when?: "after" | "before" | undefined;
}

/** Options of {@linkcode Ticker}. */
export interface TickerOptions extends RunnerOptions {
  /**
   * In which async context (`AsyncLocalStorage`) the ticks run: with `"keep"` in
   * that of the call which asked for the run, as with a `setInterval` of its own,
   * and a tick that `tick()` asked for in that of its caller; with `"none"` in that
   * in which this library was imported, which costs less where tickers are many.
   *
   * @default "keep"
   */
  readonly context?: "keep" | "none" | undefined;
  /**
   * After how many failed ticks in a row the run ends with the last of their
   * errors, as {@linkcode Runner} says of a run that fails: a whole number from 1,
   * or `Infinity`.
   *
   * @default Infinity
   */
  readonly failAfter?: number | undefined;
  /**
   * What says when there is a place for a tick. One that is due waits for its
   * place, at most one at a time; points that pass meanwhile are missed.
   */
  readonly gate?: TickGate | undefined;
  /**
   * Whether the first tick comes inside the launch, rather than one interval
   * after it.
   *
   * @default false
   */
  readonly immediate?: boolean | undefined;
  /**
   * How late a run of a schedule may start, in milliseconds, after the machine
   * slept, say; one that would be later is missed. Timers are late by some
   * milliseconds at the best of times.
   *
   * @default Infinity, which means: until the next run
   */
  readonly lateness?: number | undefined;
  /**
   * Where it is kept when the ticker ran last, for schedules only: what was missed
   * while the machine was down is run once, late, at the launch, if `lateness`
   * allows. Each of its functions is given ten seconds; what it fails with is
   * recorded, and the ticker goes on.
   */
  readonly lastRun?: LastRun | undefined;
  /**
   * Whether the wait for the next tick keeps the process alive, where the engine
   * has that notion.
   *
   * @default true
   */
  readonly persistent?: boolean | undefined;
  /**
   * What the gate is told of the importance of the ticks; more is more.
   *
   * @default 0
   */
  readonly priority?: number | undefined;
  /**
   * Has a failed tick tried again, after a random pause, if that ends before the
   * next point of the grid or run of the schedule and within `tickTimeout`. All
   * attempts are one tick; only what the last fails with is recorded.
   */
  readonly retry?: RetryOptions | undefined;
  /**
   * How long a tick may take in milliseconds. One that takes longer has its signal
   * aborted and a `TimeoutError` recorded; the next still waits for its end.
   * `Infinity` means no limit.
   *
   * @default Infinity
   */
  readonly tickTimeout?: number | undefined;
}

/** Options of {@linkcode Ticker.tick}. */
export interface TickOptions {
  /** The life of the tick: when it aborts, so does the signal of the tick. */
  readonly signal?: AbortSignal | undefined;
  /**
   * When the tick was due, as the host has it: on the scale of `performance.now()`
   * for an interval, in milliseconds since 1970 for a schedule.
   *
   * @default now
   */
  readonly scheduledAt?: number | undefined;
}

/** What the ticks of a ticker came to, since it was made. */
export interface Ticks {
  /** How many have ended, in whatever way. */
  readonly total: number;
  /** How many have failed. */
  readonly failed: number;
  /** How many have failed since the last that succeeded, or since the launch. */
  readonly failedInARow: number;
  /** How many points of the grid, or runs of the schedule, passed without a tick. */
  readonly missed: number;
  /** How many have called `control.skip()`. */
  readonly skipped: number;
  /** When the last tick that has ended began; kept from the first reading on. */
  readonly lastStart?: Date | undefined;
  /** When a tick last ended well; kept from the first reading on. */
  readonly lastSuccess?: Date | undefined;
  /** How long the last tick took, in milliseconds; kept from the first reading on. */
  readonly lastDuration?: number | undefined;
}
