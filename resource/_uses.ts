/** Who uses what a resource has opened, and who waits for it. */

import { reasonOf } from "../_internal/errors.ts";
import type { Machine } from "../_internal/machine.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import { untilAborted } from "../_internal/until_aborted.ts";

/** Something done with what is open. */
export type Work<T, R> = (
  value: T,
  signal: AbortSignal,
) => R | PromiseLike<R>;

/** One that waits for what is to be opened. */
interface Waiter extends AbortListener {
  open(): void;
  fail(reason: unknown): void;
}

export class Uses<T> {
  readonly #machine: Machine;
  #value!: T;
  /** Whether a supervisor starts it whenever it is down. */
  #isKept = false;
  readonly #waiters = new Set<Waiter>();
  readonly #works = new Set<Promise<unknown>>();

  constructor(machine: Machine) {
    this.#machine = machine;
    machine.observe(() => this.#look());
  }

  get value(): T {
    if (this.#isOpen) return this.#value;
    throw this.#error();
  }

  set value(value: T) {
    this.#value = value;
  }

  /** Waits for all works, but no longer than the grace of the stop. */
  async ended(force: AbortSignal): Promise<void> {
    await Promise.race([
      Promise.allSettled(this.#works),
      untilAborted(force),
    ]);
  }

  keep(isKept: boolean): void {
    this.#isKept = isKept;
    this.#look();
  }

  /** Does something with the value, as soon as there is one. */
  use<R>(signal: AbortSignal | undefined, work: Work<T, R>): Promise<R> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw reasonOf(signal);
      const done = () => {
        this.#waiters.delete(waiter);
        leave(signal, waiter);
      };
      const waiter: Waiter = {
        open: () => {
          done();
          resolve(this.#work(signal, work));
        },
        fail: (reason) => {
          done();
          reject(reason);
        },
        aborted: (signal) => waiter.fail(reasonOf(signal)),
      };
      this.#waiters.add(waiter);
      join(signal, waiter);
      this.#look();
    });
  }

  async #work<R>(
    signal: AbortSignal | undefined,
    work: Work<T, R>,
  ): Promise<R> {
    const life = this.#machine.state.run!.signals.signal;
    const controller = new AbortController();
    const scope: AbortListener = {
      aborted: (source) => controller.abort(reasonOf(source)),
    };
    join(life, scope);
    join(signal, scope);
    const result = (async () => await work(this.#value, controller.signal))();
    this.#works.add(result);
    try {
      return await result;
    } finally {
      this.#works.delete(result);
      leave(life, scope);
      leave(signal, scope);
    }
  }

  get #isOpen(): boolean {
    return this.#machine.state.name === "running";
  }

  /** Ends the waits that are over. */
  #look(): void {
    for (const each of this.#waiters) {
      // The one before may have stopped it.
      const { state, calls } = this.#machine;
      if (this.#isOpen) each.open();
      else if (
        state.name !== "starting" && !this.#isKept &&
        !(state.run && [...calls].some(({ isStart }) => isStart))
      ) each.fail(this.#error());
    }
  }

  #error(): Error {
    const machine = this.#machine;
    const { name } = machine.state;
    const isDown = name === "stopped" && !this.#isKept;
    const why = `it is ${name}${
      isDown ? ", and nobody is going to start it" : ""
    }`;
    return new Error(machine.cannot("use", why), {
      cause: machine.errors?.at(-1)?.error,
    });
  }
}
