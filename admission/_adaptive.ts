/**
 * Finds a concurrency by latency, by the gradient of Netflix's concurrency-limits
 * and Envoy: where runs take longer than they have to, fewer are let in; a queue of
 * the square root of the limit is allowed for.
 *
 * What those are known for is avoided. The limit rises only while runs find no
 * place, so that an idle hour does not open the gate. It doubles while there is no
 * queue at all, at first and whenever the service can do more. It is lowered now and
 * then, to see what a run takes where nothing is crowded, so that neither a long
 * overload is taken for normal, nor a service that has become slower for overloaded.
 * The first such looks come soon, as the first runs of a process are slow, and the
 * next ones ever later while they see the same. What may be chance, by how much runs
 * differ, moves nothing, nor does one window alone.
 */

import { Runs, type Sample, slack, together } from "./_sample.ts";

// One window: at least so many runs, and so many for each place.
const RUNS = 10;
const ROUNDS = 2;
// A look at what a run takes lowers the limit to this share. With less of a step, or
// less exact, a limit that is too high would find itself confirmed.
const SHARE = 0.6;
// After so many windows; after twice as many each time that the same was seen.
const SOON = 5;
const RARELY = 80;
// How exactly, and by how many runs for each place at most.
const EXACT = 0.05;
const MOST = 6;
// So much of a difference may be chance.
const CLOSE = 1.05;
// After so many windows without a queue the limit doubles, as at the beginning.
const CALM = 3;

/** The limit of one gate. */
export class Adaptive {
  limit: number;
  readonly #min: number;
  readonly #max: number;
  /** What a run takes where nothing is crowded. */
  #least: Sample | undefined;
  #window = new Runs();
  /** How many ends are still of runs from before the last change. */
  #before = 0;
  /** How many windows there were since it was last seen what a run takes. */
  #windows = 0;
  /** After how many it is looked at again. */
  #due = SOON;
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
    this.#window = new Runs();
    if (this.#probe === undefined) this.#move(window.sample, window.isShort);
    else this.#seen(window.sample, this.#probe);
    if (this.limit === limit) return false;
    this.#before = Math.floor(Math.min(limit, this.limit));
    return true;
  }

  /** How many runs a window takes. */
  #need(window: Runs): number {
    const round = Math.ceil(this.limit);
    if (this.#probe === undefined) {
      return this.#calm < CALM ? ROUNDS * round : round;
    }
    // More where runs differ.
    const enough = (window.sample.spread / EXACT) ** 2;
    return Math.max(2 * RUNS, round, Math.min(enough, MOST * round));
  }

  /** It was seen what a run takes. */
  #seen(sample: Sample, back: number): void {
    const { limit } = this;
    const least = this.#least!;
    const chance = slack(sample, least) * CLOSE;
    const isLower = sample.mean * chance < least.mean;
    const isHigher = sample.mean > least.mean * chance;
    this.#least = isLower || isHigher ? sample : together(least, sample);
    if (isLower && limit > this.#min) {
      // Where it was seen before was crowded; so may be this.
      this.#probe = Math.min(back, limit / SHARE);
      this.limit = Math.max(this.#min, limit * SHARE);
      return;
    }
    this.#due = isLower || isHigher ? SOON : Math.min(2 * this.#due, RARELY);
    this.#windows = 0;
    this.#probe = undefined;
    this.limit = this.#base = back;
  }

  #move(sample: Sample, isShort: boolean): void {
    const { limit } = this;
    // Not while it doubles.
    if (this.#calm < CALM || limit >= this.#max) this.#windows++;
    if (this.#windows >= this.#due || limit < this.#base / 2) {
      this.#probe = limit;
      this.limit = Math.max(this.#min, limit * SHARE);
      return;
    }
    const least = this.#least ??= sample;
    const chance = slack(sample, least);
    // Never by one window alone, as the quickest of many is quick by chance.
    if (sample.mean * chance < least.mean) {
      this.#least = together(least, sample);
    }
    const gradient = chance * least.mean / sample.mean;
    // One window alone may be a stall of the machine: nothing falls by that.
    const milder = Math.max(gradient, this.#last);
    this.#last = gradient;
    if (gradient * CLOSE < 1) {
      if (milder * CLOSE >= 1) return;
      this.#calm = 0;
      const target = limit * Math.max(0.5, milder) + Math.sqrt(limit);
      if (target <= limit) this.limit = Math.max(this.#min, target);
      else if (isShort) this.#rise((target - limit) / 2);
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
