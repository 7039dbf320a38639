/**
 * Finds a concurrency by latency, by the gradient of Netflix's concurrency-limits:
 * where runs take longer than they have to, fewer are let in.
 *
 * What that library is known for is avoided: the limit rises only while it is
 * reached, so that an idle hour does not open the gate; and now and then the limit
 * is halved for two windows, to see what a run takes where nothing is crowded, so
 * that neither a long overload is taken for normal, nor a service that has become
 * slower for overloaded for ever.
 */

// One window: at least so many runs, and so many milliseconds.
const RUNS = 10;
const SPAN = 100;
// A run may take so many times the least latency before the limit falls.
const TOLERANCE = 1.5;
// After so many windows it is seen again what a run takes.
const PROBE = 40;

/** The limit of one gate. */
export class Adaptive {
  limit: number;
  readonly #min: number;
  readonly #max: number;
  /** What a run takes where nothing is crowded, in milliseconds. */
  #least = Infinity;
  #began = 0;
  #durations: number[] = [];
  #most = 0;
  #windows = 0;
  /** While it looks what a run takes: the limit to go back to, and windows left. */
  #probe: { readonly limit: number; left: number } | undefined;

  constructor(min: number, max: number) {
    this.#min = min;
    this.#max = max;
    this.limit = min;
  }

  /** A run has ended; tells whether the limit has changed. */
  add(
    duration: number,
    running: number,
    now: number,
    hasFailed = false,
  ): boolean {
    // What fails at once says nothing of how long a run has to take.
    if (hasFailed && !(duration > TOLERANCE * this.#least)) return false;
    const durations = this.#durations;
    if (durations.length === 0) this.#began = now - duration;
    durations.push(duration);
    this.#most = Math.max(this.#most, running);
    if (durations.length < RUNS || now - this.#began < SPAN) return false;
    durations.sort((a, b) => a - b);
    const median = durations[durations.length >> 1]!;
    // Whole runs go in.
    const isReached = this.#most >= 0.9 * Math.floor(this.limit);
    this.#durations = [];
    this.#most = 0;
    return this.#move(Math.max(median, 0.01), isReached);
  }

  #move(median: number, isReached: boolean): boolean {
    const { limit } = this;
    const probe = this.#probe;
    if (probe) {
      // The first window still has runs from before.
      if (--probe.left > 0) return false;
      this.#least = median;
      this.#probe = undefined;
      this.limit = probe.limit;
      return true;
    }
    this.#least = Math.min(this.#least, median);
    if (++this.#windows >= PROBE) {
      this.#windows = 0;
      this.#probe = { limit, left: 2 };
      this.limit = Math.max(this.#min, limit / 2);
      return true;
    }
    const gradient = Math.max(
      0.5,
      Math.min(1, TOLERANCE * this.#least / median),
    );
    const target = limit * gradient + Math.sqrt(limit);
    if (target > limit && !isReached) return false;
    this.limit = Math.min(
      this.#max,
      Math.max(this.#min, limit + (target - limit) / 2),
    );
    return this.limit !== limit;
  }
}
