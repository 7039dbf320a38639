/** The numbers of a runner, in typed arrays: a tick makes no object. */

import type { Hook, TickFacts } from "../../_internal/hook.ts";
import type { ErrorPhase, RunnerState } from "../../runner.ts";
import type { RecentTick } from "./recent.ts";

// Where each number lies, from the first cell of a runner on. What a tick writes lies
// together.
export const STARTS = 0;
/** One for each phase. */
export const ERRORS = 1;
export const RESTARTS = 4;
export const SKIPPED = 5;
export const DONE = 6;
export const FAILED = 7;
export const MISSED = 8;
/** Milliseconds, in sum. */
export const LATENESS = 9;
/** Milliseconds, in sum. */
export const DURATION = 10;
/** Milliseconds. */
export const LONGEST = 11;
/** When the last tick ended that did not fail, by `performance.now()`. */
export const SUCCESS = 12;
/** When the last tick ended. */
export const ENDED = 13;
/** One for each bucket, and one for what is beyond; not added up. */
export const BUCKETS = 14;

export const PHASES: readonly ErrorPhase[] = ["start", "stop", "tick"];

/** How many of the last ticks are remembered one by one. */
export const RECENT = 60;
// So many runners have their numbers in one array, which is never moved.
const CHUNK = 64;

// A number of milliseconds in 16 bits, to 0.4 %: the upper half of a float.
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);
const SIGN = 0x8000;

function packed(ms: number): number {
  float[0] = ms;
  return bits[0]! >>> 16;
}

function unpacked(half: number): number {
  bits[0] = half << 16;
  return float[0]!;
}

/** The numbers of one runner; the machine of the runner writes them. */
export class Cells implements Hook {
  readonly values: Float64Array;
  readonly at: number;
  readonly bounds: Float64Array;
  readonly #rings: Rings;
  // Taken at the first tick: a service has none.
  #ring: Uint16Array | undefined;
  #ringAt = 0;
  // How many ticks the ring has seen.
  #seen = 0;

  constructor(
    values: Float64Array,
    index: number,
    bounds: Float64Array,
    rings: Rings,
  ) {
    this.values = values;
    this.bounds = bounds;
    this.at = index * (BUCKETS + bounds.length + 1);
    this.#rings = rings;
  }

  get(cell: number): number {
    return this.values[this.at + cell]!;
  }

  add(cell: number, count = 1): void {
    this.values[this.at + cell]! += count;
  }

  tick(facts: TickFacts, outcome: Error | symbol | undefined): void {
    const { values, at, bounds } = this;
    values[at + MISSED]! += facts.missed;
    if (typeof outcome === "symbol") {
      values[at + SKIPPED]!++;
      return;
    }
    const { duration, endedAt, lateness } = facts;
    const ended = at + ENDED;
    const ring = this.#ring ?? this.#take();
    const place = this.#ringAt + 2 * (this.#seen++ % RECENT);
    ring[place] = packed(duration) | (outcome ? SIGN : 0);
    ring[place + 1] = values[ended] ? packed(endedAt - values[ended]) : 0;
    values[ended] = endedAt;
    if (outcome) values[at + FAILED]!++;
    else {
      values[at + DONE]!++;
      values[at + SUCCESS] = endedAt;
    }
    if (lateness > 0) values[at + LATENESS]! += lateness;
    values[at + DURATION]! += duration;
    if (duration > values[at + LONGEST]!) values[at + LONGEST] = duration;
    let bucket = 0;
    while (bucket < bounds.length && duration > bounds[bucket]!) bucket++;
    values[at + BUCKETS + bucket]!++;
  }

  state(to: RunnerState, from: RunnerState): void {
    if (to === "starting" || to === "running" && from === "stopped") {
      this.add(STARTS);
    }
  }

  error(phase: ErrorPhase): void {
    this.add(ERRORS + PHASES.indexOf(phase));
  }

  #take(): Uint16Array {
    const { ring, at } = this.#rings.take();
    this.#ringAt = at;
    return this.#ring = ring;
  }

  /** The last ticks, oldest first. */
  recent(): RecentTick[] {
    const found: RecentTick[] = [];
    const ring = this.#ring;
    if (!ring) return found;
    for (
      let seen = Math.max(0, this.#seen - RECENT);
      seen < this.#seen;
      seen++
    ) {
      const place = this.#ringAt + 2 * (seen % RECENT);
      const half = ring[place]!;
      found.push({
        duration: unpacked(half & ~SIGN),
        failed: half >= SIGN,
        since: unpacked(ring[place + 1]!),
      });
    }
    return found;
  }

  clear(): void {
    this.values.fill(0, this.at, this.at + BUCKETS + this.bounds.length + 1);
    this.#seen = 0;
  }
}

/** Gives runners that tick the place for their last ticks. */
class Rings {
  #ring = new Uint16Array(0);
  #at = 0;

  take(): { readonly ring: Uint16Array; readonly at: number } {
    if (this.#at === this.#ring.length) {
      this.#ring = new Uint16Array(CHUNK * 2 * RECENT);
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += 2 * RECENT;
    return { ring: this.#ring, at };
  }
}

/** Gives runners their cells, and takes them back. */
export class Store {
  readonly #bounds: Float64Array;
  readonly #rings = new Rings();
  readonly #free: Cells[] = [];

  /** @param bounds The upper bounds of the buckets, in milliseconds. */
  constructor(bounds: Float64Array) {
    this.#bounds = bounds;
  }

  take(): Cells {
    if (!this.#free.length) {
      const stride = BUCKETS + this.#bounds.length + 1;
      const values = new Float64Array(CHUNK * stride);
      for (let index = CHUNK - 1; index >= 0; index--) {
        this.#free.push(new Cells(values, index, this.#bounds, this.#rings));
      }
    }
    return this.#free.pop()!;
  }

  give(cells: Cells): void {
    cells.clear();
    this.#free.push(cells);
  }

  /** Whether a hook is one of its cells. */
  owns(hook: Hook): boolean {
    return hook instanceof Cells && hook.bounds === this.#bounds;
  }
}
