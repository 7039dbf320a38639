/**
 * What is to be done at the next turn of the event loop, unless it has become
 * needless before: most starts and stops are over by then, and one timer for all
 * of them costs less than one for each.
 */

import { isShared } from "./engine_timers.ts";
import { Timer } from "./timer.ts";

/** Something that wants to know of the next turn. */
export interface Waiting {
  /** Called once, unless it has left before. */
  turned(): void;
}

// How many microtasks the timer is kept for when nobody waits: a program that
// starts and stops in a row needs it again.
const HOPS = 8;

const waiting = /* @__PURE__ */ new Set<Waiting>();
let timer: Timer | undefined;
let isEmptying = false;

function turn(): void {
  timer = undefined;
  const those = [...waiting];
  waiting.clear();
  for (const each of those) each.turned();
}

/** Leaves no timer where nobody waits. */
async function empty(): Promise<void> {
  for (let hop = 0; hop < HOPS && waiting.size === 0; hop++) await undefined;
  isEmptying = false;
  if (waiting.size > 0) return;
  timer?.disarm();
  timer = undefined;
}

/**
 * Has something called when a `setTimeout(0)` has fired, which keeps the process
 * alive. Returns false, and does nothing, where timers are faked or belong to a
 * request: there each has a timer of its own.
 */
export function atNextTurn(work: Waiting): boolean {
  if (!isShared()) return false;
  if (!timer) {
    // A new one, as each keeps the clock that is in force.
    timer = new Timer();
    timer.arm(0, turn);
  }
  waiting.add(work);
  return true;
}

/** Undoes {@linkcode atNextTurn}. */
export function leaveTurn(work: Waiting): void {
  if (!waiting.delete(work) || waiting.size > 0 || isEmptying) return;
  isEmptying = true;
  void empty();
}
