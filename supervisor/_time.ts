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

/** Bounds a wait; what comes after it counts no more. */
export function within(
  work: Promise<unknown>,
  ms: number,
  message: string,
): Promise<unknown> {
  if (ms === Infinity) return work;
  return new Promise((resolve, reject) => {
    const cancel = after(
      ms,
      () => reject(new DOMException(`${message} ${ms} ms`, "TimeoutError")),
    );
    work.finally(cancel).then(resolve, reject);
  });
}
