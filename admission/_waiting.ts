/** One run that waits at a gate. */

import { reasonOf } from "../_internal/errors.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import { Timer } from "../_internal/timer.ts";
import { type Lane, type Waiter, withdraw } from "./_lanes.ts";

/** How a wait ends: admitted, refused, or by its signal. */
export type WaitEnd = "admitted" | "late" | "closed" | "abandoned";

/** A wait, which ends once. */
export class Waiting implements Waiter, AbortListener {
  readonly key: number;
  readonly turn: number;
  place = 0;
  readonly lane: Lane;
  readonly since: number;
  readonly priority: number;
  readonly #signal: AbortSignal | undefined;
  #timer: Timer | undefined;
  /** Told once; where the wait was not in vain, before the place is used. */
  readonly #ended: (waiting: Waiting, end: WaitEnd) => void;
  #resolve!: () => void;
  #reject!: (reason: unknown) => void;

  constructor(
    lane: Lane,
    priority: number,
    turn: number,
    signal: AbortSignal | undefined,
    ended: (waiting: Waiting, end: WaitEnd) => void,
  ) {
    const { aging, now } = lane;
    this.since = now();
    // Who waits rises by one priority each `aging`: the order of two never changes.
    this.key = aging > 0 ? this.since - priority * aging : -priority;
    this.turn = turn;
    this.priority = priority;
    this.lane = lane;
    this.#signal = signal;
    this.#ended = ended;
  }

  /** Waits from now on; `late` makes the error for a wait of `maxWait`. */
  begin(maxWait: number, late: () => Error): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (maxWait < Infinity) {
      this.#timer = new Timer();
      this.#timer.arm(maxWait, () => this.refuse(late(), "late"));
    }
    join(this.#signal, this);
    return promise;
  }

  admit(): void {
    this.#end("admitted");
    this.#resolve();
  }

  aborted(signal: AbortSignal): void {
    this.refuse(reasonOf(signal), "abandoned");
  }

  /** Ends the wait in vain. */
  refuse(reason: unknown, end: WaitEnd): void {
    withdraw(this);
    this.#end(end);
    this.#reject(reason);
  }

  #end(end: WaitEnd): void {
    this.#timer?.disarm();
    leave(this.#signal, this);
    this.#ended(this, end);
  }
}
