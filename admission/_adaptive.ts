/**
 * Finds a concurrency by latency, by the gradient of Netflix's concurrency-limits
 * and Envoy: where runs take longer than they have to, fewer are let in; a queue of
 * the square root of the limit is allowed for.
 *
 * What those are known for is avoided. The limit rises only while runs find
 * no place, so that an idle hour does not open the gate. It doubles while there is no queue at
 * all, at first and whenever the service can do more. It is halved now and then, to
 * see what a run takes where nothing is crowded, so that neither a long overload is
 * taken for normal, nor a service that has become slower for overloaded. What may be
 * chance, by how much runs differ, moves nothing.
 */

// One window: at least so many runs, and so many for each place.
const RUNS = 10;
const ROUNDS = 2;
// After so many windows it is seen again what a run takes; soon again where that
// was crowded, too.
const PROBE = 80;
const AGAIN = 5;
// Sooner where the limit is less than so many times the least one, or what was seen
// may be wrong by more than so much.
const LOW = 3;
const VAGUE = 0.07;
const SOON = 8;
// How exactly, and by how many runs for each place at most.
const EXACT = 0.05;
const MOST = 8;
// So many standard errors, and so much of a difference, may be chance.
const ERRORS = 2;
const CLOSE = 1.05;
// After so many windows without a queue the limit doubles, as at the beginning.
const CALM = 3;

/** What runs have taken. */
interface Sample {
  readonly count: number;
  /** In milliseconds. */
  readonly mean: number;
  /** The standard error of the mean, as a part of it. */
  readonly error: number;
}

/** The runs of a window. */
class Window {
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
    return { count, mean, error: Math.sqrt(variance / count) / mean };
  }
}

function together(one: Sample, other: Sample): Sample {
  const count = one.count + other.count;
  const part = one.count / count;
  return {
    count,
    mean: part * one.mean + (1 - part) * other.mean,
    error: Math.hypot(part * one.error, (1 - part) * other.error),
  };
}

/** The limit of one gate. */
export class Adaptive {
  limit: number;
  readonly #min: number;
  readonly #max: number;
  /** What a run takes where nothing is crowded. */
  #least: Sample | undefined;
  #window = new Window();
  /** How many ends are still of runs from before the last change. */
  #before = 0;
  /** How many windows there were since it was last seen what a run takes. */
  #windows = 0;
  /** The limit then. */
  #base = 0;
  /** The gradient of the window before. */
  #last = 1;
  /** How many windows in a row had no queue. */
  #calm = CALM;
  /** While it looks what a run takes: the limit to go back to. */
  #probe: number | undefined;

  constructor(min: number, max: number) {
    this.#min = min;
    this.#max = max;
    this.limit = min;
  }

  /**
   * A run has ended.
   *
   * @param used How many places are taken, also its own.
   * @param isShort Whether another waits for a place, or has found none.
   * @returns whether the limit has changed.
   */
  add(
    duration: number,
    used: number,
    isShort: boolean,
    hasFailed = false,
  ): boolean {
    const { limit } = this;
    // What fails at once says nothing of how long a run has to take.
    if (hasFailed && !(duration > 1.5 * this.#least?.mean!)) return false;
    // Still crowded by those from before.
    if (this.#probe !== undefined && used > limit) return false;
    if (this.#before > 0) {
      this.#before--;
      return false;
    }
    const window = this.#window;
    window.add(Math.max(duration, 0.01), isShort);
    if (window.count < RUNS || window.count < this.#need(window)) return false;
    this.#window = new Window();
    if (this.#probe === undefined) this.#move(window.sample, window.isShort);
    else this.#seen(window.sample, this.#probe);
    if (this.limit === limit) return false;
    this.#before = Math.floor(Math.min(limit, this.limit));
    return true;
  }

  /** How many runs a window takes. */
  #need(window: Window): number {
    const round = Math.ceil(this.limit);
    if (this.#probe === undefined) {
      return this.#calm < CALM ? ROUNDS * round : round;
    }
    // More where runs differ.
    const { count, error } = window.sample;
    const enough = count * (error / EXACT) ** 2;
    return Math.max(2 * RUNS, round, Math.min(enough, MOST * round));
  }

  /** It was seen what a run takes. */
  #seen(sample: Sample, limit: number): void {
    const isLower = sample.mean < 0.8 * this.#least!.mean;
    this.#windows = isLower ? PROBE - AGAIN : 0;
    this.#least = sample;
    this.#probe = undefined;
    this.limit = this.#base = limit;
  }

  #move(sample: Sample, isShort: boolean): void {
    const { limit } = this;
    // What was seen of few runs may have been chance.
    const isVague = limit < LOW * this.#min || this.#least?.error! > VAGUE;
    const due = isVague ? SOON : PROBE;
    if (++this.#windows >= due || limit < this.#base / 2) {
      this.#probe = limit;
      this.limit = Math.max(this.#min, limit / 2);
      return;
    }
    const least = this.#least ??= sample;
    const chance = 1 + ERRORS * Math.hypot(sample.error, least.error);
    // Never by one window alone, as the quickest of many is quick by chance.
    if (sample.mean * chance < least.mean) {
      this.#least = together(least, sample);
    }
    const gradient = chance * least.mean / sample.mean;
    // One window alone may be a stall of the machine: nothing falls by that.
    const milder = Math.max(gradient, this.#last);
    this.#last = gradient;
    if (gradient * CLOSE < 1) {
      this.#calm = 0;
      const share = Math.max(0.5, Math.min(1, milder));
      const target = limit * share + Math.sqrt(limit);
      if (target <= limit) this.limit = Math.max(this.#min, target);
      else if (isShort && milder * CLOSE < 1) {
        this.#rise((target - limit) / 2);
      }
    } else if (isShort) {
      const isRising = this.#calm >= CALM;
      if (isRising) this.#least = together(least, sample);
      this.#calm++;
      this.#rise(this.#calm >= CALM ? limit : Math.sqrt(limit) / 2);
    }
  }

  #rise(by: number): void {
    this.limit = Math.min(this.#max, this.limit + by);
  }
}
