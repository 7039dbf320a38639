/** How long runs have waited, as counts in buckets that double. */

// The first bucket ends at 0.1 ms, the last but one at about 20 days.
const LEAST = 0.1;
const COUNT = 36;
const BOUNDS = [1, 10, 100, 1_000, 10_000];

/** Waits of one gate. Quantiles are exact to a factor of the square root of two. */
export class Waits {
  // Half a power of two each. Made with the first wait.
  #counts: Uint32Array | undefined;
  count = 0;
  sum = 0;
  max = 0;

  add(ms: number): void {
    const counts = this.#counts ??= new Uint32Array(2 * COUNT);
    const index = Math.ceil(2 * Math.log2(Math.max(ms, LEAST) / LEAST));
    counts[Math.min(index, 2 * COUNT - 1)]!++;
    this.count++;
    this.sum += ms;
    this.max = Math.max(this.max, ms);
  }

  /** The wait that a share of all waits did not exceed, in milliseconds. */
  quantile(share: number): number {
    let left = share * this.count;
    for (const [index, count] of this.#counts?.entries() ?? []) {
      left -= count;
      if (left <= 0 && count > 0) {
        return Math.min(this.max, LEAST * 2 ** (index / 2));
      }
    }
    return this.max;
  }

  /** How many did not exceed each of some bounds, in milliseconds. */
  upTo(): Record<number, number> {
    const found: Record<number, number> = {};
    for (const bound of BOUNDS) {
      found[bound] = 0;
      for (const [index, count] of this.#counts?.entries() ?? []) {
        if (LEAST * 2 ** (index / 2) <= bound * Math.SQRT2) {
          found[bound] += count;
        }
      }
    }
    return found;
  }
}
