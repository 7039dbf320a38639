/** The grid of a run: point k lies at origin + k × interval. */

import { EPSILON } from "../_internal/timer.ts";

// Each point is computed from the origin, so that no lateness is ever handed on.
interface Grid {
  readonly origin: number;
  readonly interval: number;
  /** The last point that had passed when the last tick began. */
  readonly passed: number;
}

/** The number of the last point that has passed by a moment. */
export function pointAt({ origin, interval }: Grid, moment: number): number {
  return Math.floor((moment - origin + EPSILON) / interval);
}

/** When the first point is that has not passed by a moment. */
export function pointAfter(
  { origin, interval, passed }: Grid,
  moment: number,
  least = passed + 1,
): number {
  const point = Math.ceil((moment - origin - EPSILON) / interval);
  return origin + Math.max(point, least) * interval;
}
