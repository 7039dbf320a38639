import type { MetricsFormat } from "./format.ts";

/** Options of `Metrics`. */
export interface MetricsOptions {
  /**
   * What the name of each metric begins with.
   *
   * @default "golib_runner"
   */
  readonly prefix?: string | undefined;
  /**
   * How many runners have numbers of their own: a whole number from 1, or
   * `Infinity`. The others have theirs added up, as the runner `_other`.
   *
   * @default 1000
   */
  readonly maxRunners?: number | undefined;
  /**
   * The upper bounds of the buckets of durations, in seconds, each above the one
   * before.
   *
   * @default [0.001, 0.01, 0.1, 1, 10, 100]
   */
  readonly buckets?: readonly number[] | undefined;
  /**
   * Whether a request is answered by the handler. The numbers name runners and
   * count what they do; they hold no messages.
   *
   * @default every request is
   */
  readonly authorize?:
    | ((request: Request) => boolean | Promise<boolean>)
    | undefined;
}

/** Options of `Metrics.text`. */
export interface MetricsTextOptions {
  /**
   * The format.
   *
   * @default "prometheus"
   */
  readonly format?: MetricsFormat | undefined;
  /**
   * Whether the end is marked, which OpenMetrics wants once.
   *
   * @default true
   */
  readonly eof?: boolean | undefined;
}
