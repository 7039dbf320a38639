/** One run: its signals, and what keeps it from being over. */

import { reasonOf } from "./errors.ts";
import type { Machine } from "./machine.ts";
import { type AbortListener, join, leave } from "./signals.ts";

/** What the two kinds of run have in common; they differ in what they do. */
export abstract class Run implements AbortListener {
  readonly machine: Machine;
  /** The signal that the run lives on, given by the caller. */
  readonly source: AbortSignal | undefined;
  readonly signal: AbortSignal;
  /** What `finished` rejects with. */
  failure: Error | undefined;
  /** How many of the run's functions have yet to settle. */
  pending = 1;
  /** Whether a grace has passed, which is recorded once a run. */
  isOverdue = false;
  /** Whether an observer has joined since the launch or before. */
  isObserved: boolean;
  readonly #controller = new AbortController();
  #force: AbortController | undefined;
  #isForsaken = false;

  constructor(machine: Machine, source: AbortSignal | undefined) {
    this.machine = machine;
    this.source = source;
    this.signal = this.#controller.signal;
    this.isObserved = machine.isObserved;
    if (source !== undefined) join(source, this);
  }

  /** Begins to work; what goes wrong is told to the machine, never thrown. */
  abstract begin(): void | Promise<void>;

  /** Called once, when the run's signal has just aborted. */
  protected abstract halted(): void | Promise<void>;

  /** Whether a run that is told to end now ends within microtasks. */
  get isIdle(): boolean {
    return false;
  }

  /** Tells the run to end. */
  halt(reason: unknown): void {
    this.#controller.abort(reason);
    void this.halted();
  }

  /** The signal that aborts when nobody waits for the run's end any more. */
  get force(): AbortSignal {
    if (this.#force === undefined) {
      this.#force = new AbortController();
      if (this.#isForsaken) this.#force.abort(this.signal.reason);
    }
    return this.#force.signal;
  }

  /** Nobody waits any more. */
  forsake(): void {
    this.#isForsaken = true;
    this.#force?.abort(this.signal.reason);
  }

  /** Lets go of the caller's signal. */
  detach(): void {
    if (this.source !== undefined) leave(this.source, this);
  }

  aborted(source: AbortSignal): void {
    this.machine.sourceAborted(this, reasonOf(source));
  }
}
