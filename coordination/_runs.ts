/** The runs of a schedule between two moments. */

import { nextTime } from "../_internal/schedules.ts";
import type { Schedule } from "../runner.ts";

// More are never asked for one by one.
const MOST = 10_000;

/**
 * The last runs after one moment and up to another, oldest first, in epoch ms. It
 * looks back from the end in strides that double, as there may be years between.
 */
export function lastRuns(
  what: string,
  schedule: Schedule,
  after: number,
  end: number,
  most: number,
): number[] {
  for (let stride = 1_000;; stride *= 2) {
    const start = Math.max(after, end - stride);
    const runs: number[] = [];
    let count = 0;
    for (
      let run = nextTime(what, schedule, start);
      run <= end && count < MOST;
      run = nextTime(what, schedule, run)
    ) {
      runs.push(run);
      count++;
      if (runs.length > most) runs.shift();
    }
    if (count >= most || start === after || stride > 1e13) return runs;
  }
}
