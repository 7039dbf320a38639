/** Why runs are refused, and how long to wait before one asks again. */

import { GateError, type GateRefusal } from "./gate_error.ts";

export class Refusals {
  readonly #name: string;
  /** When the last run has ended, and how far ends lie apart, in ms. */
  #lastEnd = NaN;
  #pace = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** A run has ended while others wait. */
  ended(now: number): number {
    const apart = now - this.#lastEnd;
    if (apart >= 0) this.#pace += (apart - this.#pace) / 8;
    return this.#lastEnd = now;
  }

  /** @param size How many wait. */
  error(
    why: GateRefusal,
    size: number,
    maxWait: number,
    isDoubtful: boolean,
  ): GateError {
    const message = why === "full"
      ? `${size} wait already, which is 'maxWaiting'`
      : why === "closed"
      ? "the gate is closed"
      : isDoubtful
      ? `it has a larger 'weight' than any run before, and may be inside one ` +
        `that it waits for: give the gate its 'maxWeight'`
      : `no place was free within ${maxWait} ms`;
    const retryAfter = why === "closed" || this.#pace === 0
      ? undefined
      : Math.ceil(this.#pace * (size + 1));
    return new GateError(
      `Cannot run "${this.#name}": ${message}`,
      why,
      retryAfter,
    );
  }
}
