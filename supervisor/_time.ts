/** What time it is, for whoever subtracts one time from another. */

/**
 * Milliseconds that only ever grow, to be subtracted from one another. Fake
 * clocks move `Date` with the timers, but not all of them move `performance`.
 */
export function now(): number {
  return (/native code/.test(String(Date.now)) ? performance : Date).now();
}
