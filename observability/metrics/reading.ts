/** The numbers of one runner, as a program reads them. */

import type { RecentTick } from "./recent.ts";
import {
  type Cells,
  DONE,
  DURATION,
  ENDED,
  FAILED,
  LATENESS,
  LONGEST,
  MISSED,
} from "./_cells.ts";

/** How long the ticks of a runner took, in milliseconds. */
export interface TickDurations {
  /** Of all ticks; 0 where there was none. */
  readonly mean: number;
  /** Of the last 60 ticks. */
  readonly p50: number;
  /** Of the last 60 ticks. */
  readonly p95: number;
  /** Of the last 60 ticks. */
  readonly p99: number;
  /** Of all ticks. */
  readonly max: number;
}

/** The numbers of one runner since it is watched. */
export interface RunnerMetrics {
  /** How many ticks ended. */
  readonly ticks: number;
  /** How many of them failed. */
  readonly failed: number;
  /** How many points of the grid passed without a tick. */
  readonly missed: number;
  /** How long ticks took. */
  readonly durations: TickDurations;
  /** How late ticks began, in milliseconds, on average. */
  readonly lateness: number;
  /** The last ticks, at most 60, oldest first. */
  readonly recent: readonly RecentTick[];
  /**
   * Which share of the ticks failed that ended within the last so many milliseconds
   * and are among the last 60: from 0 to 1, 0 where there was none.
   */
  failureRate(within: number): number;
}

/** Reads the numbers of a runner as they are now. */
export function reading(cells: Cells): RunnerMetrics {
  const failed = cells.get(FAILED);
  const ticks = cells.get(DONE) + failed;
  const recent = cells.recent();
  const sorted = recent.map(({ duration }) => duration).sort((a, b) => a - b);
  const share = (part: number) =>
    sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
  const idle = performance.now() - cells.get(ENDED);
  return {
    ticks,
    failed,
    missed: cells.get(MISSED),
    durations: {
      mean: ticks && cells.get(DURATION) / ticks,
      p50: share(0.5),
      p95: share(0.95),
      p99: share(0.99),
      max: cells.get(LONGEST),
    },
    lateness: ticks && cells.get(LATENESS) / ticks,
    recent,
    failureRate(within) {
      let age = idle;
      let all = 0;
      let bad = 0;
      for (
        let index = recent.length - 1;
        index >= 0 && age <= within;
        index--
      ) {
        const { failed, since } = recent[index]!;
        all++;
        bad += +failed;
        age += since;
      }
      return all && bad / all;
    },
  };
}
