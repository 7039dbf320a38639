/** Waits, each with one timer and one place on a signal. */

import { type AbortListener, join, leave } from "../_internal/signals.ts";
import { Timer } from "../_internal/timer.ts";

/** A wait that ends by time, by a signal, or because somebody ends it. */
export class Wait extends Timer implements AbortListener {
  readonly over: Promise<void>;
  readonly #signals: readonly AbortSignal[];
  #resolve!: () => void;

  constructor(ms: number, ...signals: AbortSignal[]) {
    super();
    this.over = new Promise((resolve) => this.#resolve = resolve);
    this.#signals = signals;
    for (const each of signals) join(each, this);
    if (signals.some((each) => each.aborted)) this.end();
    else this.arm(ms, () => this.end());
  }

  aborted(): void {
    this.end();
  }

  end(): void {
    this.disarm();
    for (const each of this.#signals) leave(each, this);
    this.#resolve();
  }
}

/** Waits so many milliseconds, or until a signal aborts. */
export function pause(ms: number, ...signals: AbortSignal[]): Promise<void> {
  return new Wait(ms, ...signals).over;
}

/** A random time below a bound that doubles with each failure in a row. */
export function backoff(failures: number, most: number): number {
  const bound = Math.min(
    100 * 2 ** Math.min(failures, 20),
    Math.max(most, 100),
  );
  return Math.random() * bound;
}

/** Tells many that something has happened. */
export class Bell {
  readonly #listeners = new Set<(value?: string) => void>();

  ring(value?: string): void {
    for (const each of [...this.#listeners]) each(value);
  }

  /** @returns the way to leave. */
  listen(listener: (value?: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
