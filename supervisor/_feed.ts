/** What a supervisor tells and keeps: its events in order, and its errors. */

import type { ErrorPhase, Runner } from "../runner.ts";
import { recoveryCaller } from "../tools.ts";
import type { SupervisorEvent, SupervisorObserver } from "./events.ts";

interface Entry {
  readonly observer: SupervisorObserver;
  /** How many events there were before it joined. */
  readonly since: number;
}

/** An event as its maker gives it, without the supervisor. */
type Told<T = SupervisorEvent> = T extends unknown ? Omit<T, "runner"> : never;

/** A value as an error, wrapped where it is none. */
export function toError(value: unknown): Error {
  try {
    const error = value as Error | null | undefined;
    return typeof error?.message === "string" && typeof error.name === "string"
      ? error
      : new Error(String(value), { cause: value });
  } catch {
    return new Error("a value without a text", { cause: value });
  }
}

/** The observers and the errors of one supervisor. */
export class Feed {
  /** Set once it exists. */
  runner!: Runner;
  readonly #name: string;
  readonly #max: number;
  readonly #print: boolean;
  readonly #entries = new Set<Entry>();
  readonly #events: SupervisorEvent[] = [];
  #emitted = 0;
  #told = 0;
  #telling = false;
  #errors: Error[] = [];
  #total = 0;

  constructor(name: string, max: number, print: boolean) {
    this.#name = name;
    this.#max = max;
    this.#print = print;
  }

  get total(): number {
    return this.#total;
  }

  get last(): Error | undefined {
    return this.#errors[(this.#total - 1) % this.#max];
  }

  list(): Error[] {
    const oldest = this.#total > this.#max ? this.#total % this.#max : 0;
    return [...this.#errors.slice(oldest), ...this.#errors.slice(0, oldest)];
  }

  forget(): void {
    this.#errors = [];
    this.#total = 0;
  }

  record(error: Error, phase: ErrorPhase): void {
    this.#errors[this.#total++ % this.#max] = error;
    this.emit({ type: "error", error, phase });
    if (this.#print) recoveryCaller(this.#name, error, `phase: ${phase}`);
  }

  join(observer: SupervisorObserver): () => void {
    const entry = { observer, since: this.#emitted };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /**
   * Adds an event. It is told in a microtask, when whatever it is part of is
   * complete, or before, with the next that has to be told at once.
   */
  emit(event: Told): void {
    if (this.#entries.size === 0) return;
    this.#events.push({ ...event, runner: this.runner } as SupervisorEvent);
    if (this.#emitted++ === this.#told) {
      Promise.resolve().then(() => this.tell());
    }
  }

  tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    for (const event of this.#events) {
      const index = this.#told++;
      for (const { observer, since } of this.#entries) {
        if (since <= index) this.#call(observer, event);
      }
    }
    this.#events.length = 0;
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
