/** The two signals of a run: the first says "begin to end", the second "now". */

/** Whose runs are asked to end. */
export interface Reasoned {
  /** What each of its runs is asked to end with, where nobody says why. */
  readonly stopReason: unknown;
}

// How far the run is: going on, asked to end, given up by all that waited.
const GOING = 0;
const ASKED = 1;
const GIVEN_UP = 2;

/** The signals of one run, made when they are first asked for: many end without. */
export class RunSignals {
  readonly #owner: Reasoned;
  #stage = GOING;
  #reason: unknown;
  #controller: AbortController | undefined;
  // Kept, as to ask the controller is slow on some engines.
  #signal: AbortSignal | undefined;
  #force: AbortController | undefined;

  constructor(owner: Reasoned) {
    this.#owner = owner;
  }

  /** Aborts when the run is asked to end. */
  get signal(): AbortSignal {
    return this.#signal ??= (this.#controller = this.#make(ASKED)).signal;
  }

  /** Aborts when nobody waits for the run's end any more. */
  get force(): AbortSignal {
    return (this.#force ??= this.#make(GIVEN_UP)).signal;
  }

  /** Whether the run was asked to end; as if it were the signal. */
  get aborted(): boolean {
    return this.#stage !== GOING;
  }

  /** What the run was asked to end with. */
  get reason(): unknown {
    if (this.#reason === undefined) this.#reason = this.#owner.stopReason;
    return this.#reason;
  }

  /** Asks the run to end. */
  abort(reason: unknown): void {
    this.#stage = ASKED;
    this.#reason = reason;
    this.#controller?.abort(this.reason);
  }

  /** Nobody waits any more. */
  giveUp(): void {
    this.#stage = GIVEN_UP;
    this.#force?.abort(this.reason);
  }

  #make(stage: number): AbortController {
    const controller = new AbortController();
    if (this.#stage >= stage) controller.abort(this.reason);
    return controller;
  }
}
