/** What went wrong since the last launch of a runner. */

import type { ErrorPhase } from "../runner.ts";

/** A recorded error. */
export interface Entry {
  readonly error: Error;
  readonly phase: ErrorPhase;
  /** When, in epoch milliseconds: a date is made only for those who ask. */
  readonly at: number;
}

/** The errors of one run; made at the first of them. */
export class ErrorLog {
  /** The newest, oldest first. */
  readonly entries: Entry[] = [];
  /** How many there were, also those that are no longer kept. */
  total = 0;

  /** Keeps an error, and no more than so many. */
  add(error: Error, phase: ErrorPhase, most: number): void {
    const entry = { error, phase, at: Date.now() };
    if (this.entries.push(entry) > most) this.entries.shift();
    this.total++;
  }
}
