/** The one owner of timers and of the question what time it is. */

// One more and a bare `setTimeout` fires at once.
const LONGEST = 2 ** 31 - 1;

const RealDate = Date;
const realNow = Date.now;

/**
 * Milliseconds that only ever grow, to be subtracted from one another. Fake
 * clocks move `Date` with the timers, but not all of them move `performance`.
 */
export function now(): number {
  return Date === RealDate && Date.now === realNow
    ? performance.now()
    : Date.now();
}

/** Calls once, after some milliseconds; returns the way to call it off. */
export function after(ms: number, ring: () => void): () => void {
  // Whoever set a timer clears it: a fake clock may be gone by then.
  const { setTimeout, clearTimeout } = globalThis;
  let left = ms;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = () => {
    const part = Math.min(Math.ceil(left), LONGEST);
    left -= part;
    timer = setTimeout(() => left > 0 ? arm() : ring(), part);
  };
  if (ms < Infinity) arm();
  return () => {
    try {
      clearTimeout(timer);
    } catch {
      // That clock is gone, and its timers are gone with it.
    }
  };
}

/** A value as an error, wrapped where it is none. */
function toError(value: unknown): Error {
  try {
    const { name, message } = value as Error;
    if (typeof name === typeof message && message !== undefined) {
      return value as Error;
    }
  } catch {
    // It has no properties, or refuses to show them.
  }
  return new Error(`${typeof value} thrown`, { cause: value });
}

/** Does something, and resolves with what it fails with. */
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
