/** The one owner of the question how much time has passed. */

// A longer stretch is measured in parts, so that a wall clock that was set back in
// one part does not hide in another that the machine slept.
const STRETCH = 1_000;

let sinceMonotonic = NaN;
let sinceWall = NaN;
let before = 0;
let latest = 0;

/**
 * Milliseconds that only ever grow, to be subtracted from one another: the larger
 * of what the monotonic and the wall clock say. The first stands still while a
 * machine sleeps, the second does not; a wall clock that is set forward costs a
 * lease that was good, one that is set back costs nothing.
 */
export function now(): number {
  const monotonic = performance.now();
  const wall = Date.now();
  const passed = Math.max(monotonic - sinceMonotonic, wall - sinceWall);
  if (passed >= 0) latest = Math.max(latest, before + passed);
  // NaN at first, and below zero where a fake clock has come or gone.
  if (!(passed >= 0 && passed < STRETCH)) {
    sinceMonotonic = monotonic;
    sinceWall = wall;
    before = latest;
  }
  return latest;
}
