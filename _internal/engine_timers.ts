/** Whether the timers in force are the engine's own, and whose they are. */

import { isLongLived } from "./runtime.ts";

/** Whether a function, which may be the engine's own, answers to a fake clock. */
export function isMarked(set: unknown): boolean {
  return "clock" in (set as object);
}

/** The engine's own functions, unless a fake clock can be told by its look. */
function findEngine() {
  const { setTimeout: set, performance: { now }, Date: { now: dateNow } } =
    globalThis;
  return set.name === "setTimeout" && !isMarked(set)
    ? { set, now, dateNow }
    : undefined;
}

/** What the engine has, once it is known. */
export let engine = /* @__PURE__ */ findEngine();

/** Whether the timers in force are not the engine's own. */
export function isFaked(): boolean {
  engine ??= findEngine();
  const { setTimeout } = globalThis;
  return setTimeout !== engine?.set || isMarked(setTimeout);
}

/** Whether timers are the engine's own, and the program's rather than a request's. */
export function isShared(): boolean {
  return !isFaked() && isLongLived();
}
