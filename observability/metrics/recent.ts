/** One of the last ticks of a runner. */
export interface RecentTick {
  /** Milliseconds, to 0.4 %. */
  readonly duration: number;
  /** Whether it failed. */
  readonly failed: boolean;
  /** Milliseconds since the tick before it ended; 0 for the first. */
  readonly since: number;
}
