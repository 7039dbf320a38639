import { join } from "./signals.ts";
import { signalLike } from "./validate.ts";

const promises = new WeakMap<AbortSignal, Promise<void>>();

/**
 * Waits until a signal aborts.
 *
 * However often it is asked for one signal, it costs that signal one listener.
 *
 * @example Usage
 * ```ts
 * import { untilAborted } from "@golib/runner/tools";
 * import { assert } from "@std/assert";
 *
 * const life = new AbortController();
 * const ended = untilAborted(life.signal);
 * life.abort();
 * await ended;
 *
 * assert(life.signal.aborted);
 * ```
 *
 * @param signal The signal to wait for.
 * @returns a promise that resolves when the signal aborts, at once if it already
 * has, and never rejects but with a `TypeError` if that is no signal.
 */
export function untilAborted(signal: AbortSignal): Promise<void> {
  try {
    signalLike("wait for an abort", signal ?? null);
    if (signal.aborted) return Promise.resolve();
    const promise = promises.get(signal) ??
      new Promise((aborted) => join(signal, { aborted: () => aborted() }));
    promises.set(signal, promise);
    return promise;
  } catch (error) {
    return Promise.reject(error);
  }
}
