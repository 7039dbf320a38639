/** Which priorities pressure lets in. */

import { Resource } from "./_lanes.ts";

// A level that pressure has closed opens again only where the pressure has fallen
// by so much.
const HYSTERESIS = 0.1;
// Priorities beyond so many are of the level next to them.
const LEVELS = 64;

/** The levels of one gate: the priorities that were seen. */
export class Levels {
  /** What a run of a priority wants; the lowest that is let in is its limit. */
  readonly floor = new Resource(Infinity, true, true);
  pressure = 0;
  /** The lowest first. */
  readonly #levels: number[] = [];
  #closed = 0;

  /** Notes a priority, for pressure to close from the lowest. */
  see(priority: number): void {
    const levels = this.#levels;
    if (levels.length >= LEVELS || levels.includes(priority)) return;
    levels.push(priority);
    levels.sort((a, b) => a - b);
    this.close();
  }

  /** Closes and opens levels as the pressure has it. */
  close(pressure = this.pressure): void {
    this.pressure = pressure;
    const levels = this.#levels;
    const count = (pressure: number) =>
      pressure >= 1
        ? levels.length
        : Math.min(Math.floor(pressure * levels.length), levels.length - 1);
    const least = count(pressure);
    const most = count(pressure + HYSTERESIS);
    this.#closed = Math.max(least, Math.min(this.#closed, most));
    const lowest = levels[this.#closed] ?? Infinity;
    // With no level closed all pass, also those that were not seen.
    this.floor.limit = this.#closed === 0 ? Infinity : -lowest;
  }
}
