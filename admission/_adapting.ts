/** A concurrency that is found, as the places of its gate have it. */

import type { Adaptive } from "./_adaptive.ts";
import { pump, type Resource } from "./_lanes.ts";
import type { Limits } from "./_limits.ts";

export class Adapting {
  readonly #adaptive: Adaptive;
  readonly #limits: Limits;
  /** Whether a run has found no place since the last end. */
  #hasMissed = false;

  constructor(adaptive: Adaptive, limits: Limits) {
    this.#adaptive = adaptive;
    this.#limits = limits;
  }

  /** A run has not found enough of something; it may be refused at once. */
  missed(short: Resource, weight: number): void {
    // What an older one is kept for is not scarce.
    const isScarce = short.used + weight > short.limit;
    if (isScarce && this.#limits.isPlaces(short)) this.#hasMissed = true;
  }

  /** A run has ended, and has its places still. */
  ended(
    resources: readonly Resource[],
    duration: number,
    hasFailed: boolean,
  ): void {
    const limits = this.#limits;
    const { places } = limits;
    // A run inside another has its place by that one.
    if (!resources.includes(places)) return;
    const isShort = this.#hasMissed || limits.isShort;
    this.#hasMissed = false;
    const adaptive = this.#adaptive;
    if (!adaptive.add(duration, places.used, isShort, hasFailed)) return;
    places.limit = adaptive.limit;
    limits.resize();
    pump(limits.all);
  }
}
