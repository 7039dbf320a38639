/** The one owner of timers and of the question what time it is. */

// One more and a bare `setTimeout` fires at once.
const LONGEST = 2 ** 31 - 1;

const realNow = Date.now;

/**
 * Milliseconds that only ever grow, to be subtracted from one another. Fake
 * clocks move `Date` with the timers, but not all of them move `performance`.
 */
export function now(): number {
  return (Date.now === realNow ? performance : Date).now();
}

/** Calls once, after some milliseconds; returns the way to call it off. */
export function after(ms: number, ring: () => void): () => void {
  // Whoever set a timer clears it: a fake clock may be gone by then.
  const { setTimeout, clearTimeout } = globalThis;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = (left: number) => {
    const part = Math.min(left, LONGEST);
    timer = setTimeout(() => left > part ? arm(left - part) : ring(), part);
  };
  if (ms < Infinity) arm(ms);
  return () => {
    try {
      clearTimeout(timer);
    } catch {
      // That clock is gone, and its timers are gone with it.
    }
  };
}

/** Does something, and resolves with what it fails with, as an error. */
export async function failureOf(
  work: () => unknown,
): Promise<Error | undefined> {
  try {
    await work();
  } catch (error) {
    try {
      if (typeof (error as Error).message === "string") return error as Error;
    } catch {
      // It has no properties, or refuses to show them.
    }
    return new Error(`${typeof error} thrown`, { cause: error });
  }
  return undefined;
}

/** The same within a time; what comes after that counts no more. */
export function within(
  ms: number,
  failure: string,
  work: () => unknown,
): Promise<Error | undefined> {
  const call = failureOf(work);
  if (ms === Infinity) return call;
  return new Promise((resolve) => {
    // Later than a limit of its own, which has more to say.
    const cancel = after(ms, () => {
      const message = `it ${failure} within ${ms} ms`;
      resolve(new DOMException(message, "TimeoutError"));
    });
    void call.then(resolve).then(cancel);
  });
}
