import { takesNothing } from "../_internal/takes_nothing.ts";
import { Facts } from "./facts.ts";
import type { Schedule } from "../runner.ts";
import type { TickFunction } from "./spec.ts";
import type { Settings } from "./settings.ts";

/** What a ticker goes by, and what its ticks came to since it was made. */
export class Body {
  readonly interval: number | Schedule;
  readonly work: TickFunction;
  readonly settings: Settings;
  #takesNothing: boolean | undefined;
  /** The last run that is known of, in epoch ms, with the option `lastRun`. */
  lastRun: number | undefined;
  /** How many ticks have ended. */
  total = 0;
  #facts: Facts | undefined;

  constructor(
    interval: number | Schedule,
    work: TickFunction,
    settings: Settings,
  ) {
    this.interval = interval;
    this.work = work;
    this.settings = settings;
  }

  /** Whether no signal and no control need be made for its ticks. */
  get takesNothing(): boolean {
    return this.#takesNothing ??= takesNothing(this.work);
  }

  /** What is more than a count; absent until there is something to keep. */
  get facts(): Facts | undefined {
    return this.#facts;
  }

  /** Makes a place for what is more than a count. */
  keep(): Facts {
    return this.#facts ??= new Facts();
  }
}
