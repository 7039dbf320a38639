/** One run: its signals, and what keeps it from being over. */

import { reasonOf } from "./errors.ts";
import type { Machine } from "./machine.ts";
import type { AbortListener } from "./signals.ts";

/** What a function has thrown, which may be `undefined`. */
export interface Thrown {
  readonly error: unknown;
}

/** What the two kinds of run have in common; they differ in what they do. */
export abstract class Run implements AbortListener {
  readonly machine: Machine;
  /** The signal that the run lives on, given by the caller. */
  readonly source: AbortSignal | undefined;
  /** What `finished` rejects with. */
  failure: Error | undefined;
  /** How many of the run's functions have yet to settle; 0 where all are about to. */
  pending = 1;
  /** Whether a grace has passed, which is recorded once a run. */
  isOverdue = false;
  // Made when they are first asked for: many runs end without.
  #controller: AbortController | undefined;
  // Kept, as to ask the controller is slow on some engines.
  #signal: AbortSignal | undefined;
  #force: AbortController | undefined;
  // 1 once it was told to end, 2 once nobody waits for that any more.
  #told = 0;
  #reason: unknown;

  constructor(machine: Machine, source: AbortSignal | undefined) {
    this.machine = machine;
    this.source = source;
  }

  /** Begins to work; what goes wrong is told to the machine, never thrown. */
  abstract begin(): void | Promise<void>;

  /** Called once, when the run's signal has just aborted. */
  protected abstract halted(): void | Promise<void>;

  /** Whether a run that is told to end now ends within microtasks. */
  get isIdle(): boolean {
    return false;
  }

  /** Aborts when the run is told to end. */
  get signal(): AbortSignal {
    return this.#signal ??= (this.#controller = this.#make(1)).signal;
  }

  /** Aborts when nobody waits for the run's end any more. */
  get force(): AbortSignal {
    return (this.#force ??= this.#make(2)).signal;
  }

  /** What it was told to end with. */
  get reason(): unknown {
    if (this.#reason === undefined) {
      const { name } = this.machine.settings;
      this.#reason = new DOMException(
        `"${name}" was told to stop`,
        "AbortError",
      );
    }
    return this.#reason;
  }

  /** Tells the run to end. */
  halt(reason: unknown): void {
    this.#told = 1;
    this.#reason = reason;
    this.#controller?.abort(this.reason);
    void this.halted();
  }

  /** Nobody waits any more. */
  forsake(): void {
    this.#told = 2;
    this.#force?.abort(this.reason);
  }

  aborted(source: AbortSignal): void {
    this.machine.end(this, reasonOf(source));
  }

  #make(told: number): AbortController {
    const controller = new AbortController();
    if (this.#told >= told) controller.abort(this.reason);
    return controller;
  }
}
