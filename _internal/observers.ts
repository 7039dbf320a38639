/** Tells observers what happens: in order, one event to all before the next. */

import type { Observer, RunnerEvent } from "../runner.ts";
import { recoveryCaller } from "./recovery.ts";

interface Entry {
  readonly observer: Observer;
  /** How many events there were before it joined. */
  readonly since: number;
}

/** The observers of one runner, and the events they have still to be told. */
export class Observers {
  readonly #name: string;
  readonly #entries = new Set<Entry>();
  readonly #events: RunnerEvent[] = [];
  #told = 0;
  #telling = false;

  constructor(name: string) {
    this.#name = name;
  }

  get isWanted(): boolean {
    return this.#entries.size > 0;
  }

  join(observer: Observer): () => void {
    const entry = { observer, since: this.#told + this.#events.length };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  add(event: RunnerEvent): void {
    this.#events.push(event);
  }

  /** Tells what there is; an observer that causes more finds it told after. */
  tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    let event;
    while ((event = this.#events.shift()) !== undefined) {
      const index = this.#told++;
      for (const { observer, since } of this.#entries) {
        if (since <= index) this.#call(observer, event);
      }
    }
    this.#telling = false;
  }

  #call(observer: Observer, event: RunnerEvent): void {
    const caught = (error: unknown) =>
      recoveryCaller(`observer of ${this.#name}`, error);
    try {
      const result: unknown = observer(event);
      // An async observer rejects where no one awaits it.
      if (typeof result === "object" && result !== null) {
        Promise.resolve(result).then(undefined, caught);
      }
    } catch (error) {
      caught(error);
    }
  }
}
