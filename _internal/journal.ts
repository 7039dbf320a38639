/** What a runner says: its errors, and its events in order. */

import type { ErrorPhase, Observer, Runner, RunnerEvent } from "../runner.ts";
import { type Context, within } from "./context.ts";
import { printError } from "./printed.ts";
import { recoveryCaller } from "./recovery.ts";
import type { Settings } from "./settings.ts";

/** A recorded error. */
export interface Entry {
  readonly error: Error;
  readonly phase: ErrorPhase;
  /** When, in epoch milliseconds: a date is made only for those who ask. */
  readonly at: number;
}

/** One time that an observer has joined; it may join more than once. */
interface Seat {
  readonly observer: Observer;
}

/** What is told to whom, and in which context. */
type Message = [event: RunnerEvent, seat: Seat, context: Context | undefined];

/** The journal of one runner. */
export class Journal {
  readonly runner: Runner;
  readonly settings: Settings;
  /** The newest errors since the last launch, oldest first; absent without any. */
  errors: Entry[] | undefined;
  /** How many errors there were since then. */
  total = 0;
  /** That of the present run, of which most events are. */
  context: Context | undefined;
  #seats: Set<Seat> | undefined;
  // Each once for every observer who had joined when it happened.
  #messages: Message[] | undefined;
  // How many transitions are under way; events wait until there is none.
  #depth = 0;

  constructor(runner: Runner, settings: Settings) {
    this.runner = runner;
    this.settings = settings;
  }

  /** Whether anyone wants events; where not, none is to be made. */
  get isObserved(): boolean {
    return !!this.#seats?.size;
  }

  observe(observer: Observer): () => void {
    const seat: Seat = { observer };
    const seats = this.#seats ??= new Set();
    seats.add(seat);
    return () => void seats.delete(seat);
  }

  /** Has an event told, in a context, else in that of whoever tells it. */
  emit(event: RunnerEvent, context?: Context): void {
    this.#messages ??= [];
    for (const seat of this.#seats!) {
      this.#messages.push([event, seat, context]);
    }
  }

  /** Keeps, tells and prints what a function of the runner has caused. */
  record(
    error: Error,
    phase: ErrorPhase,
    isToPrint = this.settings.printErrors,
  ): Error {
    const { runner, settings } = this;
    this.enter();
    const errors = this.errors ??= [];
    const entry = { error, phase, at: Date.now() };
    if (errors.push(entry) > settings.maxErrors) errors.shift();
    this.total++;
    if (this.isObserved) {
      this.emit({ type: "error", runner, error, phase }, this.context);
    }
    if (isToPrint) printError(runner, settings.name, error, phase);
    this.exit();
    return error;
  }

  /** Begins anew with a run. */
  clear(context: Context | undefined): void {
    this.errors = undefined;
    this.total = 0;
    this.context = context;
  }

  /** Holds events back until the matching {@linkcode exit}. */
  enter(): void {
    this.#depth++;
  }

  /** Tells what there is; an observer that causes more finds it told after. */
  exit(): void {
    if (this.#depth === 1 && this.#messages) {
      for (const [event, seat, context] of this.#messages) {
        if (!this.#seats!.has(seat)) continue;
        if (context) within(context, () => this.#tell(seat, event));
        else this.#tell(seat, event);
      }
      this.#messages = undefined;
    }
    this.#depth--;
  }

  #tell({ observer }: Seat, event: RunnerEvent): void {
    try {
      const result = observer(event) as unknown as
        | PromiseLike<unknown>
        | undefined;
      if (typeof result?.then === "function") void this.#follow(result);
    } catch (error) {
      this.#caught(error);
    }
  }

  async #follow(result: PromiseLike<unknown>): Promise<void> {
    try {
      await result;
    } catch (error) {
      this.#caught(error);
    }
  }

  #caught(error: unknown): void {
    recoveryCaller(`observer of ${this.settings.name}`, error);
  }
}
