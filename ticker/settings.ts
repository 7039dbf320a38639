import type { RunnerOptions } from "../runner.ts";
import { finite, timeout, typed } from "../_internal/validate.ts";

const DEFAULT_INTERVAL = 30_000;

/** What a tick can tell its run and learn of it. None of it needs a `this`. */
export interface TickControl {
  /**
   * Begins the grid anew, here and now, with another interval, until the run
   * ends; the next run has the constructor's again. Once the run was told to end
   * it does nothing.
   *
   * @param interval In milliseconds, as the constructor takes it.
   * @throws {TypeError} if the interval is no number.
   * @throws {RangeError} if the interval is NaN or infinite.
   */
  reset(interval: number): void;
  /** Asks for a stop, as by `stop()`, without waiting for it. */
  stop(): void;
  /**
   * How many points of the grid passed without a tick since the tick before.
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
   * Whether the first tick comes inside the launch, rather than one interval
   * after it.
   *
   * @default false
   */
  readonly immediate?: boolean;
  /**
   * Whether the wait for the next tick keeps the process alive, where the engine
   * has that notion.
   *
   * @default true
   */
  readonly persistent?: boolean;
  /**
   * How long a tick may take in milliseconds. One that takes longer has its signal
   * aborted and a `TimeoutError` recorded; the next still waits for its end.
   * `Infinity` means no limit.
   *
   * @default Infinity
   */
  readonly tickTimeout?: number;
}

/** What the ticks of a ticker go by. */
export interface TickSettings {
  readonly tick: TickFunction;
  /** In milliseconds. */
  readonly interval: number;
  readonly immediate: boolean;
  readonly persistent: boolean;
  /** In milliseconds. */
  readonly tickTimeout: number;
}

/** An interval in milliseconds; one below 1 ms means the default. */
export function intervalOf(what: string, interval: number): number {
  return finite(what, "interval", interval) < 1 ? DEFAULT_INTERVAL : interval;
}

/** Reads each option once; throws before anything has changed. */
export function tickSettingsOf(
  what: string,
  interval: number,
  tick: TickFunction,
  options: TickerOptions,
): TickSettings {
  const { immediate = false, persistent = true, tickTimeout = Infinity } =
    options;
  return {
    interval: intervalOf(what, interval),
    tick: typed(what, "tick", tick, "function"),
    immediate: typed(what, "immediate", immediate, "boolean"),
    persistent: typed(what, "persistent", persistent, "boolean"),
    tickTimeout: timeout(what, "tickTimeout", tickTimeout),
  };
}
