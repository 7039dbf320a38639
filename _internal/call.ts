/** A call that waits: for its turn, for readiness, or for the end of a run. */

import { Timeout } from "./clock.ts";
import { reasonOf } from "./errors.ts";
import type { Machine } from "./machine.ts";
import { type AbortListener, join, leave } from "./signals.ts";

/** What made it; an implied stop has no caller that waits for a promise. */
export type CallKind = "start" | "restart" | "stop" | "implied stop" | "finish";

const NO_PROMISE = Promise.resolve();

function ignore(): void {}

/** One call of a machine, with its timer and its place on a signal. */
export class Call implements AbortListener {
  readonly kind: CallKind;
  /** How long it waits for the end of a run, in milliseconds. */
  readonly grace: number;
  /** How long it waits for readiness, in milliseconds. */
  readonly readyTimeout: number;
  readonly promise: Promise<void> = NO_PROMISE;
  readonly #machine: Machine;
  #isOpen = true;
  #signal: AbortSignal | undefined;
  #timeout: Timeout | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(
    machine: Machine,
    kind: CallKind,
    grace: number,
    readyTimeout = Infinity,
  ) {
    this.#machine = machine;
    this.kind = kind;
    this.grace = grace;
    this.readyTimeout = readyTimeout;
    if (kind === "implied stop") return;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever does not wait for a call is told by what the runner records.
    this.promise.catch(ignore);
  }

  /** Whether it has not been settled. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get signal(): AbortSignal | undefined {
    return this.#signal;
  }

  /** For messages: what the caller wanted. */
  get verb(): string {
    return this.kind === "implied stop" ? "stop" : this.kind;
  }

  /** Takes the caller's signal; aborted already, it rejects the call. */
  heed(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    if (signal.aborted) return this.reject(reasonOf(signal));
    join(signal, this);
    this.#signal = signal;
  }

  /** A restart without a signal takes that of the run which it replaces. */
  inherit(signal: AbortSignal | undefined): void {
    if (this.kind !== "restart" || this.#signal !== undefined) return;
    try {
      this.heed(signal);
    } catch (error) {
      // A look-alike may refuse one more listener.
      this.reject(error);
    }
  }

  /** Rejects if the signal has aborted and its listener is still to be called. */
  recheck(): void {
    if (this.#signal?.aborted) this.reject(reasonOf(this.#signal));
  }

  /** Lets the grace run from now on. */
  armGrace(): void {
    try {
      this.#arm(this.grace, () => this.#machine.graceExpired(this));
    } catch {
      // Edge platforms refuse timers outside a request. The run has to be told to
      // end all the same, and is waited for without a limit.
    }
  }

  /** Lets the time for readiness run from now on. */
  armReady(): void {
    this.#arm(this.readyTimeout, () => this.#machine.readyExpired(this));
  }

  /** Ends the timer, not the call. */
  disarm(): void {
    this.#timeout?.cancel();
    this.#timeout = undefined;
  }

  /** Lets go of the signal. */
  detach(): void {
    if (this.#signal !== undefined) leave(this.#signal, this);
  }

  resolve(): void {
    this.#close();
    this.#resolve?.();
  }

  reject(reason: unknown): void {
    this.#close();
    this.#reject?.(reason);
  }

  aborted(signal: AbortSignal): void {
    this.#machine.cutShort(this, reasonOf(signal));
  }

  #close(): void {
    this.#isOpen = false;
    this.disarm();
    this.detach();
  }

  #arm(ms: number, expired: () => void): void {
    this.disarm();
    if (ms < Infinity) this.#timeout = new Timeout(ms, expired);
  }
}
