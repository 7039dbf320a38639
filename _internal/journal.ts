/** What a runner tells: its errors, and its events in order. */

import type { ErrorPhase, Observer, Runner, RunnerEvent } from "../runner.ts";
import { toError } from "./errors.ts";
import type { Hook } from "./hook.ts";
import { recoveryCaller } from "./recovery.ts";
import type { Settings } from "./settings.ts";

type Teller = (event: RunnerEvent) => Promise<void>;

/** A recorded error. */
export interface Entry {
  readonly error: Error;
  readonly phase: ErrorPhase;
  /** When, in epoch milliseconds: a date is made only for those who ask. */
  readonly at: number;
}

/** The journal of one runner. */
export class Journal {
  readonly runner: Runner;
  readonly settings: Settings;
  /** The newest errors since the last launch, oldest first; absent without any. */
  errors: Entry[] | undefined;
  /** How many errors there were since then. */
  total = 0;
  /** What counts or traces, where there is something that does. */
  hook: Hook | undefined;
  // One for each time that an observer has joined.
  #observers: Set<Teller> | undefined;
  // Each once for every observer who had joined when it happened.
  #events: [RunnerEvent, Teller][] | undefined;
  // How many transitions are under way; events wait until there is none.
  #depth = 0;

  constructor(runner: Runner, settings: Settings) {
    this.runner = runner;
    this.settings = settings;
  }

  /** The message of an error that says why something failed. */
  cannot(verb: string, why: string): string {
    return `Cannot ${verb} "${this.settings.name}": ${why}`;
  }

  /** Whether anyone wants events; where not, none is to be made. */
  get isObserved(): boolean {
    return !!this.#observers?.size;
  }

  observe(observer: Observer): () => void {
    // Async, so that what is thrown and what rejects later come out at one place.
    const tell = async (event: RunnerEvent): Promise<void> => {
      try {
        await (observer(event) as unknown);
      } catch (error) {
        recoveryCaller(`observer of ${this.settings.name}`, error);
      }
    };
    const observers = this.#observers ??= new Set();
    observers.add(tell);
    return () => void observers.delete(tell);
  }

  emit(event: RunnerEvent): void {
    this.#events ??= [];
    for (const tell of this.#observers!) this.#events.push([event, tell]);
  }

  /** Keeps, tells and prints what a function of the runner has caused. */
  record(value: unknown, phase: ErrorPhase): Error {
    const { runner, settings } = this;
    const error = toError(value);
    this.enter();
    const errors = this.errors ??= [];
    const entry = { error, phase, at: Date.now() };
    if (errors.push(entry) > settings.maxErrors) errors.shift();
    this.total++;
    this.hook?.error?.(phase, error);
    if (this.isObserved) this.emit({ type: "error", runner, error, phase });
    if (settings.printErrors) {
      recoveryCaller(settings.name, error, `phase: ${phase}`);
    }
    this.exit();
    return error;
  }

  /** Holds events back until the matching {@linkcode exit}. */
  enter(): void {
    this.#depth++;
  }

  /** Tells what there is; an observer that causes more finds it told after. */
  exit(): void {
    if (this.#depth === 1 && this.#events) {
      for (const [event, tell] of this.#events) {
        if (this.#observers!.has(tell)) void tell(event);
      }
      this.#events = undefined;
    }
    this.#depth--;
  }
}
