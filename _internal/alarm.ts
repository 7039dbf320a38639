/** What a clock rings: the interface between those who wait and the clocks. */

/** Something that wants to be rung at a moment. */
export interface Alarm {
  /** The moment, in milliseconds on the scale of the alarm's clock. */
  readonly due: number;
  /** Whether its wait keeps the process alive. */
  readonly persistent: boolean;
  /** What its clock has for it; the clock's, and `undefined` to begin with. */
  place: unknown;
  /** Called once at the moment or after it, never before, right after a reading. */
  ring(): void;
}

/**
 * A source of time and the timers that go with it.
 *
 * Times are handed on by way of `latest`, as a number that is given to a function
 * or returned by one can cost an allocation.
 */
export interface Clock {
  /** The last reading, in milliseconds on the scale of `performance.now()`. */
  readonly latest: number;
  /** Reads the time into `latest`, and returns it. */
  now(): number;
  /** Has an alarm that is not armed rung at its `due`; goes by `latest`. */
  arm(alarm: Alarm): void;
  /** Undoes `arm`; does nothing where nothing is armed. */
  disarm(alarm: Alarm): void;
}

/** Times closer than this are one moment, in ms: sums of floats differ by less. */
export const EPSILON = 0.001;

// One more and a bare `setTimeout` fires at once.
const LONGEST = 2 ** 31 - 1;

/** The wait for a moment, as a whole number of ms that `setTimeout` can take. */
export function waitFor(due: number, now: number): number {
  return Math.min(Math.max(Math.ceil(due - now - EPSILON), 0), LONGEST);
}
