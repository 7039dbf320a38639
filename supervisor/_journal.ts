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
  // One for each time that an observer has joined.
  readonly #observers = new Set<(event: SupervisorEvent) => Promise<void>>();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  forget(): void {
    this.errors = [];
    this.total = 0;
  }

  join(observer: SupervisorObserver): () => void {
    const observers = this.#observers;
    const tell = async (event: SupervisorEvent): Promise<void> => {
      // Until whatever it is part of is complete.
      await undefined;
      try {
        if (observers.has(tell)) await (observer(event) as unknown);
      } catch (error) {
        recoveryCaller(`observer of ${this.settings.name}`, error);
      }
    };
    observers.add(tell);
    return () => void observers.delete(tell);
  }

  record(error: Error, phase: ErrorPhase): void {
    const { settings, errors } = this;
    if (errors.push(error) > settings.maxErrors) errors.shift();
    this.total++;
    this.emit({ type: "error", error, phase });
    if (settings.printErrors) {
      recoveryCaller(settings.name, error, `phase: ${phase}`);
    }
  }

  /** Tells of an event those who had joined when it happened. */
  emit(event: Told): void {
    const { runner } = this;
    for (const tell of this.#observers) {
      void tell({ ...event, runner } as SupervisorEvent);
    }
  }
}
