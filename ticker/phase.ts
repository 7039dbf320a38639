/** Where a run of a ticker is. */

// Numbers, as a text would be one more thing for the garbage collector to look at.
export const WAITING = 0;
// For a place in a gate, or for what is known of the last run.
export const QUEUED = 1;
// Of the last run, before or after its tick.
export const SAVING = 2;
// A tick has ended; what time it is has yet to be read.
export const RUNG = 3;
export const TICKING = 4;
// A schedule is somebody's code: what it calls finds the run at work.
export const ASKING = 5;
// As QUEUED, of the only tick of a run that a host has asked for.
export const LAST = 6;
// As SAVING, before that tick.
export const SAVING_LAST = 7;
// Asked to end: with no tick in flight, and with one.
export const HALTED = 8;
export const ENDING = 9;

/** How a tick ends that has called `control.skip()`. */
export const SKIPPED: unique symbol = /* @__PURE__ */ Symbol("skipped");
