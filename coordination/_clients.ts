/** What stores that take a user's client have in common. */

import { peek, reasonOf } from "../_internal/errors.ts";
import { says } from "../_internal/validate.ts";

/** Whether a client has a method. */
export function has(client: object, method: string): boolean {
  return typeof peek(client, method) === "function";
}

/** Calls a method of a client, whose types are not known here. */
export function invoke(
  client: object,
  method: string,
  ...values: unknown[]
): unknown {
  const own = Reflect.get(client, method) as (...values: unknown[]) => unknown;
  return Reflect.apply(own, client, values);
}

/** A client that has one of these methods. */
export function checkedClient(
  what: string,
  client: object,
  methods: readonly string[],
  need: string,
): object {
  const isObject = typeof client === "object" || typeof client === "function";
  if (isObject && client && methods.some((each) => has(client, each))) {
    return client;
  }
  throw new TypeError(says(what, "client", need, client));
}

/**
 * Waits no longer than until the signal aborts: some clients wait for good on a
 * connection that was lost.
 */
export function until<T>(
  signal: AbortSignal,
  work: T | PromiseLike<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(reasonOf(signal));
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted, { once: true });
    Promise.resolve(work).then(resolve, reject).finally(() =>
      signal.removeEventListener("abort", aborted)
    );
  });
}

/** Hints as they come, until something goes wrong. */
export class Hints {
  readonly #keys: (string | undefined)[] = [];
  #wake: () => void = () => {};
  #failure: { readonly error: unknown } | undefined;

  push(key: string | undefined): void {
    this.#keys.push(key);
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  async *each(
    signal: AbortSignal,
  ): AsyncGenerator<string | undefined, never, undefined> {
    for (;;) {
      yield* this.#keys.splice(0);
      if (this.#failure) throw this.#failure.error;
      if (this.#keys.length > 0) continue;
      await until(signal, new Promise<void>((wake) => this.#wake = wake));
    }
  }
}
