/** The one owner of the question how much time has passed. */

// A longer stretch is measured in parts, so that clocks that differ in rate do not
// add up to more than a thousandth.
const STRETCH = 1_000;

let sinceMonotonic = NaN;
let sinceWall = NaN;
let lastWall = NaN;
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
  // NaN at first, and below zero where a fake clock has come or gone. One that was
  // set back must not hide that the machine sleeps after that.
  if (!(passed >= 0 && passed < STRETCH) || wall < lastWall) {
    sinceMonotonic = monotonic;
    sinceWall = wall;
    before = latest;
  }
  lastWall = wall;
  return latest;
}
