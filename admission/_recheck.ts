/** Looks at limits that are read, while nothing else would. */

import { unref } from "../_internal/runtime.ts";
import { Timer } from "../_internal/timer.ts";

// How often.
const RECHECK = 100;

export class Recheck {
  readonly #look: () => void;
  readonly #isWanted: () => boolean;
  #timer: Timer | undefined;

  constructor(isWanted: () => boolean, look: () => void) {
    this.#isWanted = isWanted;
    this.#look = look;
  }

  /** Something has changed. */
  watch(): void {
    if (!this.#isWanted()) {
      this.#timer?.disarm();
      return;
    }
    if (this.#timer?.armed) return;
    const timer = this.#timer ??= new Timer();
    timer.arm(RECHECK, () => {
      this.#look();
      this.watch();
    });
    // What waits for a place of nobody's need not keep the process alive.
    if (timer.armed) unref(timer.armed.id);
  }
}
