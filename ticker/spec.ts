import type { RunnerOptions, Schedule } from "../runner.ts";

/** What a tick can tell its run and learn of it. None of it needs a `this`. */
export interface TickControl {
  /**
   * Begins the grid anew, here and now, with another interval, or goes by another
   * schedule from now on, until the run ends; the next run has the constructor's
   * again. Once the run was told to end it does nothing.
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
 * @param signal Aborts when the run is told to end, and, with `tickTimeout`, when
 * the tick takes too long.
 * @param control What to tell the run.
 */
export type TickFunction = (
  signal: AbortSignal,
  control: TickControl,
) => unknown;

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
   * Whether the wait for the next tick keeps the process alive, where the engine
   * has that notion.
   *
   * @default true
   */
  readonly persistent?: boolean | undefined;
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
  readonly lastStart?: Date;
  /** When a tick last ended well; kept from the first reading on. */
  readonly lastSuccess?: Date;
  /** How long the last tick took, in milliseconds; kept from the first reading on. */
  readonly lastDuration?: number;
}
