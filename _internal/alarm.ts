/** What a clock rings: the interface between those who wait and the clocks. */

/** Something that wants to be rung at a moment. */
export interface Alarm {
  /** The moment, in milliseconds on the scale of the alarm's clock. */
  due: number;
  /** Whether its wait keeps the process alive. */
  readonly persistent: boolean;
  /** What its clock has armed for it, and where; the clock's. */
  place: unknown;
  index: number;
  /**
   * Called once at the moment or after it, never before.
   *
   * @param now The time, in milliseconds.
   * @returns the time afterwards, or the same where no one looked.
   */
  ring(now: number): number;
}

/** A source of time and the timers that go with it. */
export interface Clock {
  /** Milliseconds on the scale of `performance.now()`. */
  now(): number;
  /** Has an alarm that is not armed rung at its `due`. */
  arm(alarm: Alarm, now: number): void;
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
