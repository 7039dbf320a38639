/** What a supervisor tells and keeps: its events in order, and its errors. */

import type { ErrorPhase, Runner } from "../runner.ts";
import { recoveryCaller } from "../tools.ts";
import type { Settings } from "./_settings.ts";
import type { SupervisorEvent, SupervisorObserver } from "./events.ts";

/** An event as its maker gives it, without the supervisor. */
type Told<T = SupervisorEvent> = T extends unknown ? Omit<T, "runner"> : never;

/** The observers and the errors of one supervisor. */
export class Journal {
  /** Set once it exists. */
  runner!: Runner;
  errors: Error[] = [];
  total = 0;
  readonly settings: Settings;
  // An object each: an observer may join twice.
  readonly #entries = new Set<{ readonly observer: SupervisorObserver }>();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  forget(): void {
    this.errors = [];
    this.total = 0;
  }

  join(observer: SupervisorObserver): () => void {
    const entry = { observer };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  record(error: Error, phase: ErrorPhase): void {
    const { name, maxErrors, printErrors } = this.settings;
    this.total++;
    this.errors.push(error);
    if (this.errors.length > maxErrors) this.errors.shift();
    this.emit({ type: "error", error, phase });
    if (printErrors) recoveryCaller(name, error, `phase: ${phase}`);
  }

  /**
   * Tells of an event in a microtask, when whatever it is part of is complete, and
   * those who had joined when it happened.
   */
  emit(event: Told): void {
    const { runner } = this;
    for (const entry of this.#entries) {
      void Promise.resolve().then(() => {
        if (!this.#entries.has(entry)) return undefined;
        return entry.observer({ ...event, runner } as SupervisorEvent);
      }).catch((error) => {
        recoveryCaller(`observer of ${this.settings.name}`, error);
      });
    }
  }
}
