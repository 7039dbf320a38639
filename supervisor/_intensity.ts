/** Counts restarts, so that there are never too many in any window. */

/** One restart, planned or made. */
export interface Restart {
  /** When it was made; `Infinity` while it is only planned. */
  at: number;
}

/** The restarts of one supervisor. */
export class Intensity {
  readonly #max: number;
  readonly #window: number;
  readonly #restarts = new Set<Restart>();

  constructor(max: number, window: number) {
    this.#max = max;
    this.#window = window;
  }

  /** Milliseconds until one more fits in beside at most `max`, 0 if it does. */
  wait(now: number, max: number = this.#max): number {
    let oldest = Infinity;
    for (const restart of this.#restarts) {
      if (restart.at + this.#window <= now) this.#restarts.delete(restart);
      else oldest = Math.min(oldest, restart.at);
    }
    if (this.#restarts.size < max) return 0;
    // Of those that are only planned nobody knows when they will have passed.
    return Math.max(1, Math.min(oldest, now) + this.#window - now);
  }

  /** Takes the place of a restart from now on. */
  plan(): Restart {
    const restart = { at: Infinity };
    if (this.#max < Infinity) this.#restarts.add(restart);
    return restart;
  }

  /** Gives the place of a restart back that was not made. */
  drop(restart: Restart | undefined): void {
    if (restart?.at === Infinity) this.#restarts.delete(restart);
  }

  clear(): void {
    this.#restarts.clear();
  }
}
