/**
 * Which gates a piece of work has passed already, where the engine has async
 * contexts: what is run inside has its place, and need not wait for another.
 */

import { contextStore } from "./_runtime.ts";

/** A place that is held. */
interface Hold {
  /** The gate and all that it is a part of. */
  readonly gates: readonly object[];
  readonly outer: Hold | undefined;
  /** Whether the run that holds it has yet to end. */
  isHeld: boolean;
}

let store: ReturnType<typeof contextStore<Hold>> | null;

/** Calls a function within a hold of gates; the promise it returns ends the hold. */
export function within<T>(
  gates: readonly object[],
  work: () => Promise<T>,
): Promise<T> {
  store ??= contextStore<Hold>() ?? null;
  if (!store) return work();
  const hold = { gates, outer: store.getStore(), isHeld: true };
  const end = () => {
    hold.isHeld = false;
  };
  const result = store.run(hold, work);
  result.then(end, end);
  return result;
}

/** Whether the code that asks is inside a run of a gate. */
export function isWithin(gate: object): boolean {
  for (let hold = store?.getStore(); hold; hold = hold.outer) {
    if (hold.isHeld && hold.gates.includes(gate)) return true;
  }
  return false;
}
