/** Who is let in at one gate, who waits, and who is refused. */

import { reasonOf } from "../_internal/errors.ts";
import { clockOf } from "../_internal/clock.ts";
import { Adapting } from "./_adapting.ts";
import { Heap, isBefore } from "./_heap.ts";
import {
  clear,
  enter,
  giveBack,
  type Host,
  type Lane,
  offer,
  pump,
  shortOf,
  take,
  type WaitEnd,
  type Waiter,
} from "./_lanes.ts";
import { Limits } from "./_limits.ts";
import { loadOf, type Tally, tally } from "./_load.ts";
import { isWithin } from "./_nesting.ts";
import { Recheck } from "./_recheck.ts";
import { Refusals } from "./_refusals.ts";
import { runSettings } from "./_run_options.ts";
import { Running, type RunningOwner } from "./_running.ts";
import type { Settings } from "./_settings.ts";
import { type Exit, Waiting } from "./_waiting.ts";
import { Wants } from "./_wants.ts";
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
  /**
   * Tells observers of a wait that has ended, or a refusal.
   *
   * @returns whether there was one.
   */
  tell(
    outcome: GateAdmissionEvent["outcome"],
    priority: number,
    waited: number,
  ): boolean;
}

// How long a run waits that may be inside one that it waits for, in ms.
const DOUBT = 10_000;

/** The admissions of one gate. */
export class Admissions implements Host, RunningOwner {
  readonly #name: string;
  readonly #owner: Owner;
  readonly #refusals: Refusals;
  readonly #recheck: Recheck | undefined;
  readonly #limits: Limits;
  readonly #wants: Wants;
  /** This one, and those of all gates that its gate is a part of. */
  readonly #chain: readonly Admissions[];
  readonly #maxWait: number;
  readonly #maxWaiting: number;
  /** What its concurrency is found by. */
  readonly #adapting: Adapting | undefined;
  /** What runs; the gate's runner stops it. */
  readonly running: Running;
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
  #turn = 0;
  /** The time while an end lets others in. */
  #time: number | undefined;
  #clock: ReturnType<typeof clockOf> | undefined;
  /** The time in milliseconds, also under a fake clock. */
  now(): number {
    return (this.#clock ??= clockOf(false)).now();
  }

  constructor(
    name: string,
    { what, limits, aging, maxWait, maxWaiting, adaptive }: Settings,
    parent: Admissions | undefined,
    owner: Owner,
  ) {
    this.#name = name;
    this.#owner = owner;
    this.#refusals = new Refusals(name);
    this.#chain = [this, ...(parent ? parent.#chain : [])];
    this.#limits = new Limits(what, limits, parent && parent.#limits);
    this.#wants = new Wants(this.#limits, aging, this);
    this.#maxWait = maxWait;
    this.#maxWaiting = maxWaiting;
    if (maxWaiting < Infinity) this.#exits = new Heap();
    this.#adapting = adaptive && new Adapting(adaptive, this.#limits);
    this.running = new Running(
      this.#limits,
      parent && parent.running,
      this.#chain.flatMap((gate) => gate.#adapting ?? []),
      this,
    );
    if (this.#limits.isRead) {
      // Where nothing of this gate's runs, nothing else would look.
      const isWanted = () => this.running.count === 0 && this.#waiting > 0;
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
      this.running.count++;
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
    return loadOf(this.#limits, this.running.count, lanes, this.#tally);
  }

  open(): void {
    this.#door = "open";
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

  /** The short way: one place, no options. */
  async #short<T>(work: GateWork<T>): Promise<T> {
    const { unnoted } = this.running;
    const generation = unnoted.begin();
    try {
      // A platform may refuse the signal.
      return await work(this.running.signal);
    } finally {
      const { places } = this.#limits;
      unnoted.end(generation);
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
    if (isWithin(this.running)) return this.running.within(work, signal);
    // A parent whose place it has already need not be asked again.
    const above = this.#chain.find(({ running }) => isWithin(running));
    // A run of weight 1 never wants more than any before.
    const known = weight > 1 ? this.#limits.largest : Infinity;
    const lane = this.#wants.laneFor(what, options, above && above.#limits);
    if (this.#limits.largest > known) {
      for (const gate of this.#chain) gate.running.unnoted.learn();
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
      return this.running.carry(work, lane, signal);
    }
    for (const gate of gates) gate.#adapting?.missed(short, weight);
    if (maxWait === 0) throw this.refusal("late", priority);
    if (this.#waiting >= this.#maxWaiting) {
      while (this.#waiting >= this.#maxWaiting) this.#makeWay(waiting);
      // An observer was told.
      this.#checkOpen(gates, priority);
    }
    const wait = waiting.begin(maxWait);
    const isDoubtful = () =>
      gates.some(({ running }) => running.unnoted.isDoubtful);
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
    const isTold = this.#owner.tell(end, priority, waited);
    // An observer may take its time, and come with more.
    if (isTold) this.#time = undefined;
  }

  /** Goes on after a wait; one function for all, as many may wait. */
  readonly #admitted = (
    { refusal, lane, signal, work }: Waiting,
  ): Promise<unknown> => {
    if (refusal) throw refusal.reason;
    if (!signal?.aborted) return this.running.carry(work, lane, signal);
    this.giveBack(lane);
    throw reasonOf(signal);
  };

  giveBack(lane: Lane): void {
    const now = this.#waiting > 0
      ? this.#refusals.ended(this.now())
      : undefined;
    giveBack(lane);
    if (this.#limits.isRead) this.wake();
    else {
      // Read once for all that it lets in.
      this.#time = now;
      offer(lane);
      this.#time = undefined;
    }
    this.#ended();
  }

  /** A run has its place. */
  #begun(): void {
    this.running.begun();
    this.#tally.admitted++;
  }

  /** A run has ended. */
  #ended(): void {
    this.running.ended();
    this.#recheck?.watch();
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
