/**
 * What is to be done at the next turn of the event loop, unless it has become
 * needless before: most starts and stops are over by then, and one timer for all
 * of them costs less than one for each.
 */

import { isShared } from "./clock.ts";

/** Something that wants to know of the next turn. */
export interface Waiting {
  /** Called once, unless it has left before. */
  turned(): void;
}

const waiting = /* @__PURE__ */ new Set<Waiting>();
let isArmed = false;

function turn(): void {
  isArmed = false;
  const those = [...waiting];
  waiting.clear();
  for (const each of those) each.turned();
}

/**
 * Has something called when a `setTimeout(0)` has fired, which keeps the process
 * alive. Returns false, and does nothing, where timers are faked or belong to a
 * request: there each has a timer of its own.
 */
export function atNextTurn(work: Waiting): boolean {
  if (!isShared()) return false;
  if (!isArmed) {
    setTimeout(turn, 0);
    isArmed = true;
  }
  waiting.add(work);
  return true;
}

/** Undoes {@linkcode atNextTurn}. */
export function leaveTurn(work: Waiting): void {
  waiting.delete(work);
}
