/** Notices a start function that opens something and returns, and holds nothing. */

import { warn } from "../_internal/recovery.ts";
import { Timer } from "../_internal/timer.ts";
import { atNextTurn, leaveTurn, type Waiting } from "../_internal/turn.ts";

/** Watches the beginnings of one runner's runs; it speaks once. */
export class EarlyEnd implements Waiting {
  readonly #name: string;
  /** Whether a run is at its beginning. */
  #isEarly = false;
  /** There where the turn is not everybody's. */
  #timer: Timer | undefined;
  #isSaid = false;

  constructor(name: string) {
    this.#name = name;
  }

  /** A run is about to begin: until one `setTimeout(0)` has fired it is early. */
  begin(): void {
    if (this.#isSaid) return;
    this.#isEarly = true;
    if (atNextTurn(this)) return;
    // A new one, as each keeps the clock that is in force.
    this.#timer = new Timer();
    try {
      this.#timer.arm(0, () => this.turned());
    } catch {
      // Edge platforms refuse timers outside a request: nothing is watched there.
      this.turned();
    }
  }

  turned(): void {
    this.#timer = undefined;
    this.#isEarly = false;
  }

  /** It has got further than its beginning. */
  settle(): void {
    if (!this.#isEarly) return;
    this.#timer?.disarm();
    leaveTurn(this);
    this.turned();
  }

  /** The run has ended by itself, and cleanly. */
  ended(): void {
    if (!this.#isEarly) return;
    this.settle();
    this.#isSaid = true;
    warn(
      `"${this.#name}": the start function has returned at once, so that the run ` +
        "is over, and the stop function is not called. If it has opened " +
        "something, such as a server, use Resource, or hold the run with " +
        "'await untilAborted(signal)'",
    );
  }
}
