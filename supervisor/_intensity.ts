/** Counts restarts, so that there are never too many in any window. */

import { now } from "./_time.ts";

/** One restart, planned or made. */
export interface Restart {
  /** When it was made; `Infinity` while it is only planned. */
  at: number;
}

/** The restarts of one supervisor. */
export class Intensity {
  readonly #max: number;
  readonly #window: number;
  #restarts: Restart[] = [];

  constructor(max: number, window: number) {
    this.#max = max;
    this.#window = window;
  }

  /** Whether those made and planned leave no place for one more. */
  full(): boolean {
    this.wait();
    return this.#restarts.length >= this.#max;
  }

  /** Milliseconds until one more may be made, 0 if it may be made now. */
  wait(): number {
    const since = now() - this.#window;
    this.#restarts = this.#restarts.filter(({ at }) => at > since);
    const made = this.#restarts.map(({ at }) => at)
      .filter((at) => at < Infinity);
    // Where none is allowed there is still the one trial of a circuit.
    return made.length < Math.max(this.#max, 1) ? 0 : Math.min(...made) - since;
  }

  /** Takes the place of a restart from now on. */
  plan(): Restart {
    const restart = { at: Infinity };
    if (this.#max < Infinity) this.#restarts.push(restart);
    return restart;
  }

  /** Gives the place of a restart back that was not made. */
  drop(restart: Restart): void {
    this.#restarts = this.#restarts.filter((each) => each !== restart);
  }

  clear(): void {
    this.#restarts = [];
  }
}
