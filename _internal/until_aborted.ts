import { outside, within } from "./context.ts";
import { peek, reasonOf } from "./errors.ts";
import { type AbortListener, join, leave } from "./signals.ts";
import { says, signalLike } from "./validate.ts";

const promises = new WeakMap<AbortSignal, Promise<void>>();

/** A promise and a signal, of which the first to settle decides. */
class Race<T> implements AbortListener {
  readonly promise: Promise<T>;
  readonly #signal: AbortSignal;
  // Absent once it is decided: the work may never settle, and is to hold nothing.
  #decide: {
    resolve(value: T): void;
    reject(reason: unknown): void;
  } | undefined;

  constructor(signal: AbortSignal, work: PromiseLike<T>) {
    this.#signal = signal;
    this.promise = new Promise((resolve, reject) => {
      this.#decide = { resolve, reject };
    });
    Promise.resolve(work).then(
      (value) => this.#end()?.resolve(value),
      (error) => this.#end()?.reject(error),
    );
    if (signal.aborted) this.aborted(signal);
    else join(signal, this);
  }

  aborted(source: AbortSignal): void {
    this.#end()?.reject(reasonOf(source));
  }

  #end() {
    const decide = this.#decide;
    this.#decide = undefined;
    if (decide) leave(this.#signal, this);
    return decide;
  }
}

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
export function untilAborted(signal: AbortSignal): Promise<void>;
/**
 * Waits for a promise, but no longer than until a signal aborts.
 *
 * It is `Promise.race` for loops: whichever comes first, nothing of the wait stays
 * on the signal or on the promise, so that a signal may live through any number of
 * waits. Where the signal comes first, the work goes on, and what it rejects with
 * later is left to whoever else has that promise.
 *
 * @example The next message, or the end
 * ```ts
 * import { untilAborted } from "@golib/runner/tools";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const life = new AbortController();
 * const message = await untilAborted(life.signal, Promise.resolve("hello"));
 * assertEquals(message, "hello");
 *
 * const never = new Promise<string>(() => {});
 * const waiting = untilAborted(life.signal, never);
 * life.abort(new Error("closing time"));
 * await assertRejects(() => waiting, Error, "closing time");
 * ```
 *
 * @param signal The signal that ends the wait.
 * @param work The promise to wait for.
 * @returns a promise of what `work` resolves to. It rejects with what `work`
 * rejects with, with the reason of the signal if that aborts first or has aborted
 * already, and with a `TypeError` for bad input.
 */
export function untilAborted<T>(
  signal: AbortSignal,
  work: PromiseLike<T>,
): Promise<T>;
export function untilAborted<T>(
  signal: AbortSignal,
  work?: PromiseLike<T>,
): Promise<T | void> {
  const what = "wait for an abort";
  try {
    signalLike(what, signal ?? null);
    // As a run's own function, `new StartStop(untilAborted)`, it is given a control.
    if (work !== undefined && !("force" in Object(work))) {
      if (typeof peek(work, "then") !== "function") {
        throw new TypeError(says(what, "work", "a promise", work));
      }
      return new Race(signal, work).promise;
    }
    if (signal.aborted) return Promise.resolve();
    // Many wait for it, and it lives with the signal: it is to be in no one's context.
    const promise = promises.get(signal) ??
      within(
        outside,
        () =>
          new Promise<void>((aborted) =>
            join(signal, { aborted: () => aborted() })
          ),
      );
    promises.set(signal, promise);
    return promise;
  } catch (error) {
    return Promise.reject(error);
  }
}
