/** The one owner of timers and of the question what time it is. */

import { timeoutError, toError } from "../_internal/errors.ts";
import { Timer } from "../_internal/timer.ts";

/**
 * Milliseconds that only ever grow, to be subtracted from one another. Fake
 * clocks move `Date` with the timers, but not all of them move `performance`.
 */
export function now(): number {
  return (/native code/.test(String(Date.now)) ? performance : Date).now();
}

/** Does something, and resolves with what it fails with, as an error. */
export async function failureOf(
  work: () => unknown,
): Promise<Error | undefined> {
  try {
    await work();
  } catch (error) {
    return toError(error);
  }
  return undefined;
}

/** The same within a time; what comes after that counts no more. */
export function within(
  ms: number | undefined,
  failure: string,
  work: () => unknown,
): Promise<Error | undefined> {
  const call = failureOf(work);
  if (ms === undefined || ms === Infinity) return call;
  return new Promise((resolve) => {
    const timer = new Timer();
    const late = () => resolve(timeoutError(`it ${failure} within ${ms} ms`));
    // Later than a limit of its own, which has more to say.
    timer.arm(ms, late);
    void call.then((error) => {
      timer.disarm();
      resolve(error);
    });
  });
}
