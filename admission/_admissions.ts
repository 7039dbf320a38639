/** Who is let in at one gate, who waits, and who is refused. */

import { reasonOf } from "../_internal/errors.ts";
import { clockOf } from "../_internal/clock.ts";
import type { Adaptive } from "./_adaptive.ts";
import { underEither } from "./_either.ts";
import { Heap, isBefore } from "./_heap.ts";
import {
  clear,
  enter,
  giveBack,
  type Host,
  type Lane,
  offer,
  pump,
  type Resource,
  shortOf,
  take,
  type WaitEnd,
  type Waiter,
} from "./_lanes.ts";
import { Limits } from "./_limits.ts";
import { loadOf, type Tally, tally } from "./_load.ts";
import { type Hold, isWithin, within } from "./_nesting.ts";
import { Recheck } from "./_recheck.ts";
import { Refusals } from "./_refusals.ts";
import { runSettings } from "./_run_options.ts";
import type { Settings } from "./_settings.ts";
import { Unnoted } from "./_unnoted.ts";
import { type Exit, Waiting } from "./_waiting.ts";
import type { GateError, GateRefusal } from "./gate_error.ts";
import type {
  GateAdmissionEvent,
  GateLoad,
  GateRunOptions,
  GateWork,
} from "./options.ts";

/** What the admissions need of their gate. */
export interface Owner {
  /** Records what a reader has thrown. */
  report(error: unknown): void;
  /** Tells observers of a wait that has ended, or a refusal. */
  tell(
    outcome: GateAdmissionEvent["outcome"],
    priority: number,
    waited: number,
  ): void;
}

// How long a run waits that may be inside one that it waits for, in ms.
const DOUBT = 10_000;

/** The admissions of one gate. */
export class Admissions implements Host {
  readonly #name: string;
  readonly #owner: Owner;
  readonly #refusals: Refusals;
  readonly #recheck: Recheck | undefined;
  readonly #unnoted = new Unnoted();
  readonly #limits: Limits;
  /** This one, and those of all gates that its gate is a part of. */
  readonly #chain: readonly Admissions[];
  readonly #maxWait: number;
  readonly #maxWaiting: number;
  readonly #adaptive: Adaptive | undefined;
  /** Whether a run was refused for lack of a place since the last end. */
  #hasMissed = false;
  /** Those of the chain whose concurrency is found. */
  readonly #adapting: readonly Admissions[];
  /** Whether a run without options may go in by the short way. */
  readonly #isPlain: boolean;
  readonly #tally: Tally = tally();
  /** The lanes in which runs wait for this gate, also those of its parts. */
  readonly #lanes = new Set<Lane>();
  /** How many of its own wait. */
  #waiting = 0;
  /** Those that wait, the last first, where no more than so many may. */
  readonly #exits: Heap<Exit> | undefined;
  #door: "open" | "closed" = "open";
  #running = 0;
  /** How many runs its parts have. */
  #below = 0;
  #turn = 0;
  /** Aborts when the grace of a stop has passed; made when asked for. */
  #force: AbortController | undefined;
  #drained: (() => void) | undefined;
  /** The time while an end lets others in. */
  #time: number | undefined;
  #clock: ReturnType<typeof clockOf> | undefined;
  /** The time in milliseconds, also under a fake clock. */
  now(): number {
    return (this.#clock ??= clockOf(false)).now();
  }

  constructor(
    name: string,
    { what, limits, maxWait, maxWaiting, adaptive }: Settings,
    parent: Admissions | undefined,
    owner: Owner,
  ) {
    this.#name = name;
    this.#owner = owner;
    this.#refusals = new Refusals(name);
    this.#chain = [this, ...(parent ? parent.#chain : [])];
    this.#limits = new Limits(
      what,
      limits,
      parent && parent.#limits,
      this,
    );
    this.#maxWait = maxWait;
    this.#maxWaiting = maxWaiting;
    if (maxWaiting < Infinity) this.#exits = new Heap();
    this.#adaptive = adaptive;
    this.#adapting = this.#chain.filter((gate) => gate.#adaptive);
    if (this.#limits.isRead) {
      // Where nothing of this gate's runs, nothing else would look.
      const isWanted = () => this.#running === 0 && this.#waiting > 0;
      this.#recheck = new Recheck(isWanted, () => this.wake());
    }
    this.#isPlain = !adaptive && this.#limits.isPlain;
  }

  get isOpen(): boolean {
    return this.#door === "open";
  }

  run<T>(work: GateWork<T>, options?: GateRunOptions): Promise<T> {
    const { places } = this.#limits;
    if (
      options === undefined && this.#isPlain && this.#door === "open" &&
      places.used + 1 + places.largest <= places.limit &&
      places.blocked.length === 0 && typeof work === "function"
    ) {
      places.used++;
      this.#running++;
      this.#tally.admitted++;
      return this.#short(work);
    }
    try {
      return this.#ask(work, options ?? {});
    } catch (error) {
      return Promise.reject(error);
    }
  }

  wake(): void {
    if (!this.#limits.isRead) return;
    this.#read();
    pump(this.#limits.all);
  }

  load(): GateLoad {
    const lanes = [...this.#lanes].filter(({ host }) => host === this);
    return loadOf(this.#limits, this.#running, lanes, this.#tally);
  }

  open(): void {
    this.#door = "open";
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

  close(): void {
    this.#door = "closed";
    const lanes = [...this.#lanes];
    const waiters = lanes.flatMap(clear) as Waiting[];
    // All are out before the first observer is told.
    for (const each of waiters) each.detach();
    for (const each of waiters) {
      each.refuse(each.lane.host.refusal("closed"), "closed");
    }
    // What they have held back goes to other gates.
    pump(lanes.flatMap(({ resources }) => resources));
  }

  /** Aborts when the grace of a stop has passed. */
  get #signal(): AbortSignal {
    return (this.#force ??= new AbortController()).signal;
  }

  /** The short way: one place, no options. */
  async #short<T>(work: GateWork<T>): Promise<T> {
    const generation = this.#unnoted.begin();
    try {
      return await work(this.#signal);
    } finally {
      const { places } = this.#limits;
      this.#unnoted.end(generation);
      places.used--;
      if (places.blocked.length > 0) {
        this.#refusals.ended(this.now());
        pump([places]);
      }
      this.#ended();
    }
  }

  #ask<T>(work: GateWork<T>, options: GateRunOptions): Promise<T> {
    const what = `run "${this.#name}"`;
    const { priority, weight, maxWait, signal } = runSettings(
      what,
      work,
      options,
      this.#maxWait,
    );
    if (signal?.aborted) return Promise.reject(reasonOf(signal));
    if (isWithin(this)) return this.#within(work, signal);
    // A parent whose place it has already need not be asked again.
    const above = this.#chain.find(isWithin);
    // A run of weight 1 never wants more than any before.
    const known = weight > 1 ? this.#limits.largest : Infinity;
    const lane = this.#limits.laneFor(what, options, above && above.#limits);
    if (this.#limits.largest > known) {
      for (const gate of this.#chain) gate.#unnoted.learn();
    }
    const gates = above
      ? this.#chain.slice(0, this.#chain.indexOf(above))
      : this.#chain;
    if (this.#limits.isRead) this.#read();
    this.#checkOpen(gates, priority);
    const waiting = new Waiting(lane, priority, this.#turn++, signal, work);
    const short = shortOf(lane, waiting);
    if (!short) {
      take(lane);
      this.#begun();
      return this.#carry(work, lane, signal);
    }
    if (maxWait === 0) {
      for (const gate of this.#adapting) gate.#miss(short);
      throw this.refusal("late", priority);
    }
    if (this.#waiting >= this.#maxWaiting) {
      while (this.#waiting >= this.#maxWaiting) this.#makeWay(waiting);
      // An observer was told.
      this.#checkOpen(gates, priority);
    }
    const wait = waiting.begin(maxWait);
    const isDoubtful = () => gates.some((gate) => gate.#unnoted.isDoubtful);
    if (weight > 1 && maxWait > DOUBT && isDoubtful()) {
      waiting.doubt(DOUBT, maxWait, isDoubtful);
    }
    for (const gate of gates) gate.#lanes.add(lane);
    this.#waiting++;
    if (this.#exits) {
      const { key, turn } = waiting;
      waiting.exit = { key: -key, turn: -turn, place: 0, waiting };
      this.#exits.add(waiting.exit);
    }
    enter(waiting);
    this.#recheck?.watch();
    // By a promise, which keeps the caller's async context.
    return wait.then(this.#admitted) as Promise<T>;
  }

  #checkOpen(gates: readonly Admissions[], priority: number): void {
    if (gates.every(({ isOpen }) => isOpen)) return;
    throw this.refusal("closed", priority);
  }

  /** Refuses the last of those that wait, or the newcomer if that is the last. */
  #makeWay(newcomer: Waiting): void {
    const last = this.#exits?.first?.waiting;
    if (!last || !isBefore(newcomer, last)) {
      throw this.refusal("full", newcomer.priority);
    }
    last.leave(this.refusal("full"), "full");
  }

  /** A wait has ended. */
  ended(waiting: Waiter, end: WaitEnd): void {
    const { lane, since, priority } = waiting;
    const { exit } = waiting as Waiting;
    this.#waiting--;
    if (exit) this.#exits!.remove(exit);
    if (lane.queue.size === 0) {
      for (const gate of this.#chain) gate.#lanes.delete(lane);
    }
    const waited = (this.#time ?? this.now()) - since;
    if (end === "admitted") {
      this.#begun();
      this.#tally.waits.add(waited);
    } else if (end === "abandoned") this.#tally.abandoned++;
    // Others are counted where they are refused.
    this.#recheck?.watch();
    this.#owner.tell(end, priority, waited);
  }

  /** Goes on after a wait; one function for all, as many may wait. */
  readonly #admitted = (
    { refusal, lane, signal, work }: Waiting,
  ): Promise<unknown> => {
    if (refusal) throw refusal.reason;
    if (!signal?.aborted) return this.#carry(work, lane, signal);
    this.#giveBack(lane);
    throw reasonOf(signal);
  };

  /** Calls the work, in a hold of the gate, and gives back what it had. */
  #carry<T>(
    work: GateWork<T>,
    lane: Lane,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    // Only where what it runs inside might have to wait, as contexts cost.
    const isTight = this.#limits.isMixed || this.#adapting.length > 0 ||
      lane.resources.some(({ used, limit, largest }) => used + largest > limit);
    return isTight
      ? within(this.#chain, (hold) => this.#call(work, lane, signal, hold))
      : this.#call(work, lane, signal, undefined);
  }

  async #call<T>(
    work: GateWork<T>,
    lane: Lane,
    signal: AbortSignal | undefined,
    hold: Hold | undefined,
  ): Promise<T> {
    const adapting = this.#adapting;
    const began = adapting.length > 0 ? this.now() : 0;
    const unnoted = hold ? undefined : this.#beginUnnoted();
    let hasFailed = true;
    try {
      const isAlone = !signal && this.#chain.length === 1;
      const result =
        await (isAlone ? work(this.#signal) : this.#within(work, signal));
      hasFailed = false;
      return result;
    } finally {
      if (hold) hold.isHeld = false;
      else this.#endUnnoted(unnoted!);
      for (const gate of adapting) {
        // A run inside another has its place by that one.
        if (!lane.resources.includes(gate.#limits.places)) continue;
        gate.#adapt(began, hasFailed);
      }
      this.#giveBack(lane);
    }
  }

  /** Calls the work with a signal that aborts with the caller's or the gates'. */
  async #within<T>(
    work: GateWork<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (!signal && this.#chain.length === 1) return await work(this.#signal);
    const sources = this.#chain.map((gate) => gate.#signal);
    if (signal) sources.push(signal);
    return await underEither(work, sources);
  }

  /** A run that is not noted, in all gates; what it ends with. */
  #beginUnnoted(): readonly number[] {
    return this.#chain.map((gate) => gate.#unnoted.begin());
  }

  #endUnnoted(generations: readonly number[]): void {
    for (const [index, gate] of this.#chain.entries()) {
      gate.#unnoted.end(generations[index]!);
    }
  }

  #giveBack(lane: Lane): void {
    // Read once for all that it lets in.
    if (this.#waiting > 0) this.#time = this.#refusals.ended(this.now());
    giveBack(lane);
    this.#time = undefined;
    if (this.#limits.isRead) this.wake();
    else offer(lane);
    this.#ended();
  }

  /** A run has its place. */
  #begun(): void {
    this.#running++;
    this.#tally.admitted++;
    for (const gate of this.#chain) if (gate !== this) gate.#below++;
  }

  /** A run has ended. */
  #ended(): void {
    this.#running--;
    this.#recheck?.watch();
    this.#rest();
    for (const gate of this.#chain) {
      if (gate === this) continue;
      gate.#below--;
      gate.#rest();
    }
  }

  /** Tells one that waits for it where nothing runs any more. */
  #rest(): void {
    if (this.#running + this.#below === 0) this.#drained?.();
  }

  /** A run was refused at once, for lack of something. */
  #miss(short: Resource): void {
    if (this.#limits.isPlaces(short)) this.#hasMissed = true;
  }

  /** A run that had a place of this gate's has ended. */
  #adapt(began: number, hasFailed: boolean): void {
    const adaptive = this.#adaptive!;
    const limits = this.#limits;
    const isShort = this.#hasMissed || limits.isShort;
    this.#hasMissed = false;
    const duration = this.now() - began;
    const { places } = limits;
    if (!adaptive.add(duration, places.used, isShort, hasFailed)) return;
    places.limit = adaptive.limit;
    limits.resize();
    pump(limits.all);
  }

  #read(): void {
    this.#limits.read(this.#owner.report);
  }

  /** Counts a refusal, and makes its error. */
  refusal(
    why: GateRefusal,
    priority?: number,
    maxWait = 0,
    isDoubtful = false,
  ): GateError {
    this.#tally.refused[why]++;
    if (priority !== undefined) this.#owner.tell(why, priority, 0);
    return this.#refusals.error(why, this.#waiting, maxWait, isDoubtful);
  }
}
