/** What time it is, for whoever subtracts one time from another. */

// The last answer: to read a function's text costs more than all the rest.
let asked: unknown;
let isNative = false;

/**
 * Milliseconds that only ever grow, to be subtracted from one another. Fake
 * clocks move `Date` with the timers, but not all of them move `performance`.
 */
export function now(): number {
  if (Date.now !== asked) {
    asked = Date.now;
    isNative = /native code/.test(String(asked));
  }
  return (isNative ? performance : Date).now();
}
