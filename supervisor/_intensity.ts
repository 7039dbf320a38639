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

  /** Whether those made and planned leave no place for one more. */
  full(now: number): boolean {
    this.wait(now);
    return this.#restarts.size >= this.#max;
  }

  /** Milliseconds until one more may be made, 0 if it may be made now. */
  wait(now: number): number {
    let made = 0;
    let oldest = Infinity;
    for (const restart of this.#restarts) {
      if (restart.at + this.#window <= now) this.#restarts.delete(restart);
      else if (restart.at < Infinity) {
        made++;
        oldest = Math.min(oldest, restart.at);
      }
    }
    // Where none is allowed there is still the one trial of a circuit.
    return made < Math.max(this.#max, 1) ? 0 : oldest + this.#window - now;
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
