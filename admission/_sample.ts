/** What runs have taken, and how far two such samples of the same may differ. */

// So many standard errors may be chance.
const ERRORS = 2.25;
// What was seen of more runs than so many counts no more than these.
const KEPT = 500;

/** What some runs have taken. */
export interface Sample {
  readonly count: number;
  /** In milliseconds. */
  readonly mean: number;
  /** The standard deviation, as a part of the mean. */
  readonly spread: number;
}

/** The runs of a window. */
export class Runs {
  count = 0;
  /** Whether there was a run that found no place. */
  isShort = false;
  #sum = 0;
  #squares = 0;

  add(duration: number, isShort: boolean): void {
    this.count++;
    if (isShort) this.isShort = true;
    this.#sum += duration;
    this.#squares += duration * duration;
  }

  get sample(): Sample {
    const { count } = this;
    const mean = this.#sum / count;
    const variance = Math.max(0, this.#squares / count - mean * mean);
    return { count, mean, spread: Math.sqrt(variance) / mean };
  }
}

/** Two samples of the same as one. */
export function together(one: Sample, other: Sample): Sample {
  const count = Math.min(KEPT, one.count + other.count);
  const part = other.count / Math.max(count, other.count);
  return {
    count,
    mean: (1 - part) * one.mean + part * other.mean,
    spread: Math.sqrt(
      (1 - part) * one.spread ** 2 + part * other.spread ** 2,
    ),
  };
}

/** By what factor the means of two samples of the same may differ by chance. */
export function slack(one: Sample, other: Sample): number {
  // Few runs that are quick by chance are also alike by chance: the other one says
  // how much they differ.
  const spread = Math.max(one.spread, other.spread);
  return 1 + ERRORS * spread * Math.sqrt(1 / one.count + 1 / other.count);
}
