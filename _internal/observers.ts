/** Who wants to know what happens to a runner, and what they have yet to hear. */

import type { Observer, RunnerEvent } from "../runner.ts";
import { type Context, within } from "./context.ts";
import { recoveryCaller } from "./recovery.ts";

/** One time that an observer has joined; it may join more than once. */
interface Seat {
  readonly observer: Observer;
}

/** What is told to whom, and in which context. */
type Message = [event: RunnerEvent, seat: Seat, context: Context | undefined];

/** What a runner below has told, to be passed on in its turn. */
type Passed = () => void;

/** The observers of one runner. */
export class Observers {
  /** The runner's. */
  readonly #name: string;
  readonly #seats = new Set<Seat>();
  // Each event once for every observer who had joined when it happened.
  #messages: (Message | Passed)[] | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get size(): number {
    return this.#seats.size;
  }

  join(observer: Observer): () => void {
    const seat: Seat = { observer };
    this.#seats.add(seat);
    return () => void this.#seats.delete(seat);
  }

  /** Has an event told, in a context, else in that of whoever tells it. */
  add(event: RunnerEvent, context: Context | undefined): void {
    this.#messages ??= [];
    for (const seat of this.#seats) {
      this.#messages.push([event, seat, context]);
    }
  }

  /** Has something passed on after all that happened before; it never throws. */
  pass(work: Passed): void {
    this.#messages ??= [];
    this.#messages.push(work);
  }

  /** Tells what there is, also what comes while it tells. */
  tell(): void {
    if (!this.#messages) return;
    for (const message of this.#messages) {
      if (typeof message === "function") {
        message();
        continue;
      }
      const [event, seat, context] = message;
      if (!this.#seats.has(seat)) continue;
      if (context) within(context, () => this.#call(seat, event));
      else this.#call(seat, event);
    }
    this.#messages = undefined;
  }

  #call({ observer }: Seat, event: RunnerEvent): void {
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
    recoveryCaller(`observer of ${this.#name}`, error);
  }
}
