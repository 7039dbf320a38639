/** What a runner tells: its errors and its events. */

import type {
  ErrorPhase,
  Observer,
  Runner,
  RunnerEvent,
  RunnerState,
} from "../runner.ts";
import { ErrorLog, toError } from "./errors.ts";
import { Observers } from "./observers.ts";
import { recoveryCaller } from "./recovery.ts";
import type { Settings } from "./settings.ts";

/** The journal of one runner. */
export class Journal {
  readonly runner: Runner;
  readonly settings: Settings;
  #log: ErrorLog | undefined;
  #observers: Observers | undefined;
  // How many transitions are under way; events wait until there is none.
  #depth = 0;

  constructor(runner: Runner, settings: Settings) {
    this.runner = runner;
    this.settings = settings;
  }

  /** The errors since the last launch, if there were any. */
  get log(): ErrorLog | undefined {
    return this.#log;
  }

  /** Whether anyone wants events; where not, none is to be made. */
  get isObserved(): boolean {
    return this.#observers?.isWanted === true;
  }

  observe(observer: Observer): () => void {
    this.#observers ??= new Observers(this.settings.name);
    return this.#observers.join(observer);
  }

  emit(event: RunnerEvent): void {
    this.#observers?.add(event);
  }

  /** Tells of a change of state. */
  changed(from: RunnerState, to: RunnerState): void {
    const { runner } = this;
    if (this.isObserved) this.emit({ type: "state", runner, from, to });
  }

  /** Keeps, tells and prints what a function of the runner has caused. */
  record(value: unknown, phase: ErrorPhase): Error {
    const { runner, settings } = this;
    const error = toError(value);
    this.enter();
    (this.#log ??= new ErrorLog(settings.maxErrors)).add(error);
    if (this.isObserved) this.emit({ type: "error", runner, error, phase });
    if (settings.printErrors) {
      recoveryCaller(settings.name, error, `phase: ${phase}`);
    }
    this.exit();
    return error;
  }

  /** Forgets the errors of earlier runs. */
  clear(): void {
    this.#log = undefined;
  }

  /** Holds events back until the matching {@linkcode exit}. */
  enter(): void {
    this.#depth++;
  }

  exit(): void {
    if (--this.#depth === 0) this.#observers?.tell();
  }
}
