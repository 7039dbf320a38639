/**
 * Which gates a piece of work has passed already, where the engine has async
 * contexts: what is run inside has its place, and need not wait for another.
 */

import { contextStore } from "./_runtime.ts";

/** A place that is held. */
export interface Hold {
  /** The gate and all that it is a part of. */
  readonly gates: readonly object[];
  readonly outer: Hold | undefined;
  /** Whether the run that holds it has yet to end. */
  isHeld: boolean;
}

let store: ReturnType<typeof contextStore<Hold>> | null | undefined;

/** Calls a function within a hold of gates, where the engine has contexts. */
export function within<T>(
  gates: readonly object[],
  work: (hold: Hold | undefined) => T,
): T {
  if (store === undefined) store = contextStore<Hold>() ?? null;
  if (!store) return work(undefined);
  const hold = { gates, outer: store.getStore(), isHeld: true };
  return store.run(hold, work, hold);
}

/** Whether the code that asks is inside a run of a gate. */
export function isWithin(gate: object): boolean {
  for (let hold = store?.getStore(); hold; hold = hold.outer) {
    if (hold.isHeld && hold.gates.includes(gate)) return true;
  }
  return false;
}
