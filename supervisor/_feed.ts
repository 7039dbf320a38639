/** What a supervisor tells and keeps: its events in order, and its errors. */

import type { ErrorPhase, Runner } from "../runner.ts";
import { recoveryCaller } from "../tools.ts";
import type { SupervisorEvent, SupervisorObserver } from "./events.ts";

/** An event as its maker gives it, without the supervisor. */
type Told<T = SupervisorEvent> = T extends unknown ? Omit<T, "runner"> : never;

/** The observers and the errors of one supervisor. */
export class Feed {
  /** Set once it exists. */
  runner!: Runner;
  errors: Error[] = [];
  total = 0;
  readonly #name: string;
  readonly #max: number;
  readonly #print: boolean;
  // An object each: an observer may join twice.
  readonly #entries = new Set<{ readonly observer: SupervisorObserver }>();
  /** Each with those who had joined when it happened. */
  #events: [SupervisorEvent, { readonly observer: SupervisorObserver }[]][] =
    [];
  #telling = false;

  constructor(name: string, max: number, print: boolean) {
    this.#name = name;
    this.#max = max;
    this.#print = print;
  }

  forget(): void {
    this.errors = [];
    this.total = 0;
  }

  record(error: Error, phase: ErrorPhase): void {
    this.total++;
    this.errors.push(error);
    if (this.errors.length > this.#max) this.errors.shift();
    this.emit({ type: "error", error, phase });
    if (this.#print) recoveryCaller(this.#name, error, `phase: ${phase}`);
  }

  join(observer: SupervisorObserver): () => void {
    const entry = { observer };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /**
   * Adds an event. It is told in a microtask, when whatever it is part of is
   * complete, or before, with the next that has to be told at once.
   */
  emit(event: Told): void {
    if (this.#entries.size === 0) return;
    const told = { ...event, runner: this.runner } as SupervisorEvent;
    const first = this.#events.push([told, [...this.#entries]]);
    if (first === 1) void Promise.resolve().then(() => this.tell());
  }

  tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    for (const [event, entries] of this.#events) {
      for (const entry of entries) {
        if (this.#entries.has(entry)) void this.#call(entry.observer, event);
      }
    }
    this.#events = [];
    this.#telling = false;
  }

  async #call(
    observer: SupervisorObserver,
    event: SupervisorEvent,
  ): Promise<void> {
    try {
      await observer(event);
    } catch (error) {
      recoveryCaller(`observer of ${this.#name}`, error);
    }
  }
}
