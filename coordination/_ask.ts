/** One request to a store, within a time. */

import { reasonOf, toError } from "../_internal/errors.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import { Timer } from "../_internal/timer.ts";
import { StoreError } from "./errors.ts";

class Request extends Timer implements AbortListener {
  readonly controller = new AbortController();
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    super();
    this.#signal = signal;
    join(signal, this);
  }

  aborted(signal: AbortSignal): void {
    this.controller.abort(reasonOf(signal));
  }

  close(): void {
    this.disarm();
    leave(this.#signal, this);
  }
}

/**
 * Does a request within a time. It ends then also where the store goes on, as
 * some clients wait for good on a connection that was lost.
 *
 * @param what Says in a message what was asked.
 */
export async function ask<T>(
  what: string,
  limit: number,
  signal: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw reasonOf(signal);
  const request = new Request(signal);
  const { controller } = request;
  try {
    return await new Promise<T>((resolve, reject) => {
      const own = controller.signal;
      own.addEventListener("abort", () => reject(reasonOf(own)), {
        once: true,
      });
      request.arm(limit, () => {
        const why = `Cannot ${what}: no answer within ${limit} ms`;
        controller.abort(new StoreError("unavailable", why));
      });
      call(own).then(resolve, reject);
    });
  } catch (thrown) {
    if (signal?.aborted) throw reasonOf(signal);
    const error = toError(thrown);
    if (error.name === "StoreError" || error.name === "StoreResetError") {
      throw error;
    }
    throw new StoreError("unknown", `Cannot ${what}: ${error.message}`, {
      cause: error,
    });
  } finally {
    request.close();
  }
}
