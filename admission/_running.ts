/** What runs at one gate: how it is called, what ends it, and who waits for it. */

import type { Adapting } from "./_adapting.ts";
import { underEither } from "./_either.ts";
import type { Lane } from "./_lanes.ts";
import type { Limits } from "./_limits.ts";
import { type Hold, within } from "./_nesting.ts";
import { shareByMany } from "./_runtime.ts";
import { Unnoted } from "./_unnoted.ts";
import type { GateWork } from "./options.ts";

/** What the runs need of their gate. */
export interface RunningOwner {
  /** The time in milliseconds. */
  now(): number;
  /** A run that went in by a lane has ended; its places are others'. */
  giveBack(lane: Lane): void;
}

/** The runs of one gate. */
export class Running {
  count = 0;
  readonly unnoted = new Unnoted();
  /** This one, and those of all gates that its gate is a part of. */
  readonly chain: readonly Running[];
  readonly #limits: Limits;
  readonly #owner: RunningOwner;
  /** Those of the chain whose concurrency is found. */
  readonly #adapting: readonly Adapting[];
  /** How many runs its parts have. */
  #below = 0;
  /** Aborts when the grace of a stop has passed; made when asked for. */
  #force: AbortController | undefined;
  #drained: (() => void) | undefined;

  constructor(
    limits: Limits,
    parent: Running | undefined,
    adapting: readonly Adapting[],
    owner: RunningOwner,
  ) {
    this.#limits = limits;
    this.chain = [this, ...(parent ? parent.chain : [])];
    this.#adapting = adapting;
    this.#owner = owner;
  }

  /** Aborts when the grace of a stop has passed. */
  get signal(): AbortSignal {
    if (!this.#force) {
      this.#force = new AbortController();
      shareByMany(this.#force.signal);
    }
    return this.#force.signal;
  }

  /** Aborts the signals of what runs. */
  cut(reason: unknown): void {
    this.#force?.abort(reason);
  }

  /** Resolves once nothing runs any more. */
  async drained(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      this.#rest();
    });
    this.#drained = undefined;
    this.#force = undefined;
  }

  /** A run has its place. */
  begun(): void {
    this.count++;
    for (const gate of this.chain) if (gate !== this) gate.#below++;
  }

  /** A run has ended. */
  ended(): void {
    this.count--;
    this.#rest();
    for (const gate of this.chain) {
      if (gate === this) continue;
      gate.#below--;
      gate.#rest();
    }
  }

  /** Tells one that waits for it where nothing runs any more. */
  #rest(): void {
    if (this.count + this.#below === 0) this.#drained?.();
  }

  /** Calls the work, in a hold of the gate, and gives back what it had. */
  carry<T>(
    work: GateWork<T>,
    lane: Lane,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    // Only where what it runs inside might have to wait, as contexts cost.
    const isTight = this.#limits.isMixed || this.#adapting.length > 0 ||
      lane.resources.some(({ used, limit, largest }) => used + largest > limit);
    return isTight
      ? within(this.chain, (hold) => this.#call(work, lane, signal, hold))
      : this.#call(work, lane, signal, undefined);
  }

  async #call<T>(
    work: GateWork<T>,
    lane: Lane,
    signal: AbortSignal | undefined,
    hold: Hold | undefined,
  ): Promise<T> {
    const adapting = this.#adapting;
    const began = adapting.length > 0 ? this.#owner.now() : 0;
    const unnoted = hold ? undefined : this.#beginUnnoted();
    let hasFailed = true;
    try {
      const result = await this.#with(work, signal);
      hasFailed = false;
      return result;
    } finally {
      if (hold) hold.isHeld = false;
      else this.#endUnnoted(unnoted!);
      if (adapting.length > 0) {
        const duration = this.#owner.now() - began;
        for (const each of adapting) {
          each.ended(lane.resources, duration, hasFailed);
        }
      }
      this.#owner.giveBack(lane);
    }
  }

  /** Calls the work of a run that has its place already. */
  async within<T>(
    work: GateWork<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return await this.#with(work, signal);
  }

  /** Calls the work with a signal that aborts with the caller's or the gates'. */
  #with<T>(
    work: GateWork<T>,
    signal: AbortSignal | undefined,
  ): T | PromiseLike<T> {
    if (!signal && this.chain.length === 1) return work(this.signal);
    const sources = this.chain.map((gate) => gate.signal);
    if (signal) sources.push(signal);
    return underEither(work, sources);
  }

  /** A run that is not noted, in all gates; what it ends with. */
  #beginUnnoted(): readonly number[] {
    return this.chain.map((gate) => gate.unnoted.begin());
  }

  #endUnnoted(generations: readonly number[]): void {
    for (const [index, gate] of this.chain.entries()) {
      gate.unnoted.end(generations[index]!);
    }
  }
}
