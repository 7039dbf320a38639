/** A call that waits: for its turn, for readiness, or for the end of a run. */

import { type Context, contextHere } from "./context.ts";
import { reasonOf } from "./errors.ts";
import { nothing } from "./settings.ts";
import { type AbortListener, join, leave } from "./signals.ts";
import { LONGEST, Timer } from "./timer.ts";
import { atNextTurn, leaveTurn, type Waiting } from "./turn.ts";

// A grace of so many milliseconds or less has a timer at once.
const SHORT = 50;

/** What a call wants, as messages say it. */
export type Verb = "start" | "restart" | "stop" | "wait for";

/** What a call needs of whoever has it wait. */
export interface CallOwner {
  /** The grace of a call has passed. */
  expired(call: Call): void;
  /** The caller's signal has aborted. */
  cutShort(call: Call, reason: unknown): void;
  /** The call does not stand in the queue any more. */
  left(call: Call): void;
}

/** One call, with its promise, its timer, and its place on the caller's signal. */
export class Call implements AbortListener, Waiting {
  readonly verb: Verb;
  readonly isStart: boolean;
  /** How long to wait for the end of a run in milliseconds, if there is a limit. */
  readonly grace: number | undefined;
  /** How long to wait for readiness in milliseconds, where the caller says so. */
  readonly readyTimeout: number | undefined;
  readonly promise: Promise<void>;
  /** The caller's. */
  signal: AbortSignal | undefined;
  /** In which the run that a start asks for works. */
  context: Context | undefined;
  readonly #owner: CallOwner;
  #timer: Timer | undefined;
  /** By `performance.now()`. */
  #graceFrom = 0;
  #resolve!: () => void;
  #reject!: (reason: unknown) => void;

  constructor(
    owner: CallOwner,
    verb: Verb,
    grace?: number,
    readyTimeout?: number,
  ) {
    this.#owner = owner;
    this.verb = verb;
    this.isStart = verb === "start" || verb === "restart";
    this.grace = grace;
    this.readyTimeout = readyTimeout;
    this.context = this.isStart ? contextHere() : undefined;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Goes by a signal, and rejects when that aborts; false where it has. */
  follow(signal: AbortSignal | undefined): boolean {
    if (signal?.aborted) {
      this.reject(reasonOf(signal));
      return false;
    }
    this.signal = signal;
    join(signal, this);
    return true;
  }

  aborted(signal: AbortSignal): void {
    this.#owner.cutShort(this, reasonOf(signal));
  }

  /** Waits so many milliseconds; without a limit it only keeps the process alive. */
  arm(ms: number, passed: () => void): void {
    this.#timer ??= new Timer();
    if (ms < Infinity) this.#timer.arm(ms, passed);
    else this.#timer.arm(LONGEST, () => this.arm(ms, passed));
  }

  /** Lets the grace run from now on. */
  armGrace(): void {
    if (this.grace === undefined) return;
    // The functions in force now, whatever comes until the next turn.
    this.#timer ??= new Timer();
    this.#graceFrom = performance.now();
    if (this.grace <= SHORT || !atNextTurn(this)) this.#armGrace(this.grace);
  }

  /** It has not ended within the turn, as most do. */
  turned(): void {
    this.#armGrace(this.grace! + this.#graceFrom - performance.now());
  }

  #armGrace(ms: number): void {
    try {
      this.arm(ms, () => this.#owner.expired(this));
    } catch {
      // Edge platforms refuse timers outside a request. The run has to be asked to
      // end all the same, and is waited for without a limit.
    }
  }

  /** Leaves the queue, and lets go of the signal. */
  detach(): void {
    this.#owner.left(this);
    leave(this.signal, this);
  }

  resolve(): void {
    this.#close();
    this.#resolve();
  }

  reject(reason: unknown): void {
    this.#close();
    // Whoever does not wait for a call learns of it by what the runner records.
    this.promise.catch(nothing);
    this.#reject(reason);
  }

  #close(): void {
    if (this.#timer) {
      this.#timer.disarm();
      leaveTurn(this);
    }
    this.context = undefined;
    this.detach();
  }
}
