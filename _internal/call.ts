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
  /** How long it waits for the end of a run, in milliseconds. */
  readonly grace: number;
  /** How long it waits for readiness, in milliseconds. */
  readonly readyTimeout: number | undefined;
  readonly promise: Promise<void>;
  signal: AbortSignal | undefined;
  readonly #machine: Machine;
  #resolve!: () => void;
  #reject!: (reason: unknown) => void;

  constructor(machine: Machine, verb: Verb, timeout?: number) {
    super();
    const { stopTimeout, startTimeout } = machine.settings;
    const isStart = verb === "start";
    this.#machine = machine;
    this.verb = verb;
    this.grace = (isStart ? undefined : timeout) ?? stopTimeout;
    this.readyTimeout = (isStart ? timeout : undefined) ?? startTimeout;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
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

  /** Lets its time run from now on, in milliseconds. */
  allow(ms: number): void {
    this.arm(ms, () => this.#machine.expired(this, ms));
  }

  /** Lets the grace run from now on. */
  armGrace(): void {
    try {
      this.allow(this.grace);
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
