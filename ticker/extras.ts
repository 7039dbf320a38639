/** What a run has beside its ticks, where its options ask for that. */

import type { Thrown } from "../_internal/run.ts";
import { Timer } from "../_internal/timer.ts";
import { Patience } from "./patience.ts";
import { Place } from "./place.ts";
import type { Special } from "./settings.ts";

export class Extras {
  readonly special: Special;
  readonly place: Place | undefined;
  /** For `load` and `save`. */
  readonly patience = new Patience();
  /** For the pause before the next attempt. */
  readonly pause = new Timer();
  /** How often the tick in flight was tried. */
  attempts = 0;
  /** What the last attempt failed with, while the next is waited for. */
  failed: Thrown | undefined;

  constructor(special: Special) {
    this.special = special;
    this.place = special.gate && new Place(special.gate, special.priority);
  }

  /** How long to wait before the next attempt; `Infinity` where there is none. */
  get wait(): number {
    const { retry } = this.special;
    if (!retry || this.attempts > retry.times) return Infinity;
    const { initial, factor, max, random } = retry;
    return random() * Math.min(max, initial * factor ** (this.attempts - 1));
  }
}
