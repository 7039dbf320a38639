/**
 * What the tests use of `@std/async`.
 *
 * @module
 */

/** Options of {@linkcode delay}. */
export interface DelayOptions {
  signal?: AbortSignal;
  persistent?: boolean;
}

/** Options of {@linkcode deadline}. */
export interface DeadlineOptions {
  signal?: AbortSignal;
}

/** Resolves after `ms` milliseconds of whatever clock is installed. */
export function delay(
  ms: number,
  { signal, persistent = true }: DelayOptions = {},
): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer: ReturnType<typeof setTimeout> = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
    if (!persistent) (timer as unknown as { unref?(): void }).unref?.();
  });
}

/** Rejects with a `TimeoutError` if `promise` has not settled after `ms`. */
export function deadline<T>(
  promise: Promise<T>,
  ms: number,
  { signal }: DeadlineOptions = {},
): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => settle(() => reject(signal?.reason));
    const timer = setTimeout(
      () =>
        settle(() =>
          reject(new DOMException("Signal timed out.", "TimeoutError"))
        ),
      Math.min(ms, 2 ** 31 - 1),
    );
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      finish();
    };
    signal?.addEventListener("abort", abort, { once: true });
    promise.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
  });
}
