/** A call that waits: for its turn, for readiness, or for the end of a run. */

import { reasonOf } from "./errors.ts";
import type { Machine } from "./machine.ts";
import { nothing } from "./settings.ts";
import { type AbortListener, join, leave } from "./signals.ts";
import { Timer } from "./timer.ts";

/** What a call wants, as messages say it. */
export type Verb = "start" | "restart" | "stop" | "wait for";

/** One call of a machine, with its timer and its place on a signal. */
export class Call extends Timer implements AbortListener {
  readonly verb: Verb;
  /** How long it may wait, in milliseconds, where the caller has said so. */
  readonly timeout: number | undefined;
  readonly promise: Promise<void>;
  signal: AbortSignal | undefined;
  readonly #machine: Machine;
  #resolve!: () => void;
  #reject!: (reason: unknown) => void;

  constructor(machine: Machine, verb: Verb, timeout?: number) {
    super();
    this.#machine = machine;
    this.verb = verb;
    this.timeout = timeout;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** How long it waits for the end of a run, in milliseconds. */
  get grace(): number {
    const { stopTimeout } = this.#machine.settings;
    // That of a start is for readiness.
    return this.verb === "start" ? stopTimeout : this.timeout ?? stopTimeout;
  }

  get isStart(): boolean {
    return this.verb.includes("start");
  }

  /** Goes by a signal, and rejects when that aborts; false where it has. */
  heed(signal: AbortSignal | undefined): boolean {
    if (signal?.aborted) {
      this.reject(reasonOf(signal));
      return false;
    }
    this.signal = signal;
    join(signal, this);
    return true;
  }

  aborted(signal: AbortSignal): void {
    this.#machine.cutShort(this, reasonOf(signal));
  }

  /** Lets the grace run from now on. */
  armGrace(): void {
    try {
      this.arm(this.grace, () => this.#machine.expired(this));
    } catch {
      // Edge platforms refuse timers outside a request. The run has to be told to
      // end all the same, and is waited for without a limit.
    }
  }

  /** Leaves the line, and lets go of the signal. */
  detach(): void {
    this.#machine.calls.delete(this);
    leave(this.signal, this);
  }

  resolve(): void {
    this.#close();
    this.#resolve();
  }

  reject(reason: unknown): void {
    this.#close();
    // Whoever does not wait for a call is told by what the runner records.
    this.promise.catch(nothing);
    this.#reject(reason);
  }

  #close(): void {
    this.disarm();
    this.detach();
  }
}
