/** One run that waits at a gate. There may be a hundred thousand of these. */

import { reasonOf } from "../_internal/errors.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import { Timer } from "../_internal/timer.ts";
import type { Entry } from "./_heap.ts";
import { type Lane, type WaitEnd, type Waiter, withdraw } from "./_lanes.ts";
import type { GateWork } from "./options.ts";

/** The place of a wait in the order turned round, for one that has to make way. */
export interface Exit extends Entry {
  readonly waiting: Waiting;
}

/** A wait, which ends once. */
export class Waiting implements Waiter, AbortListener {
  readonly key: number;
  readonly turn: number;
  place = 0;
  readonly lane: Lane;
  readonly since: number;
  readonly priority: number;
  readonly signal: AbortSignal | undefined;
  /** Where it stands among those that would make way; the last comes first. */
  exit: Exit | undefined;
  /** What is called after the wait. */
  readonly work: GateWork<unknown>;
  /** What a wait in vain rejects with. */
  refusal: { readonly reason: unknown } | undefined;
  #timer: Timer | undefined;
  #resolve: ((waiting: Waiting) => void) | undefined;

  constructor(
    lane: Lane,
    priority: number,
    turn: number,
    signal: AbortSignal | undefined,
    work: GateWork<unknown>,
  ) {
    const { aging, host } = lane;
    this.since = host.now();
    // Who waits rises by one priority each `aging`: the order of two never changes.
    this.key = aging > 0 ? this.since - priority * aging : -priority;
    this.turn = turn;
    this.priority = priority;
    this.lane = lane;
    this.signal = signal;
    this.work = work;
  }

  /** Resolves with itself once the wait has ended, in vain or not. */
  begin(maxWait: number): Promise<Waiting> {
    if (maxWait < Infinity) this.#limit(maxWait);
    if (this.signal) join(this.signal, this);
    return new Promise((resolve) => this.#resolve = resolve);
  }

  admit(): void {
    this.#end("admitted");
  }

  aborted(signal: AbortSignal): void {
    this.leave(reasonOf(signal), "abandoned");
  }

  /** Ends the wait in vain; it has left its lane. */
  refuse(reason: unknown, end: WaitEnd): void {
    this.refusal = { reason };
    this.#end(end);
  }

  /** Waits no longer than this where it is still in doubt then. */
  doubt(patience: number, maxWait: number, isDoubtful: () => boolean): void {
    const timer = this.#timer ??= new Timer();
    timer.arm(patience, () => {
      if (isDoubtful()) this.#late(patience, true);
      else if (maxWait < Infinity) this.#limit(maxWait, patience);
    });
  }

  #limit(maxWait: number, passed = 0): void {
    const timer = this.#timer ??= new Timer();
    timer.arm(maxWait - passed, () => this.#late(maxWait, false));
  }

  #late(waited: number, isDoubtful: boolean): void {
    const { host } = this.lane;
    this.leave(host.refusal("late", undefined, waited, isDoubtful), "late");
  }

  /** Leaves its lane, in vain. */
  leave(reason: unknown, end: WaitEnd): void {
    // Others are let in, and observers told: nothing else may end it meanwhile.
    this.detach();
    withdraw(this);
    this.refuse(reason, end);
  }

  /** Has neither its signal nor its time end it any more. */
  detach(): void {
    this.#timer?.disarm();
    if (this.signal) leave(this.signal, this);
  }

  #end(end: WaitEnd): void {
    this.detach();
    this.lane.host.ended(this, end);
    this.#resolve!(this);
  }
}
