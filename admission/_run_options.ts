/** The options of one run, checked, with their defaults. */

import { bag, signalLike, timeout, typed } from "../_internal/validate.ts";
import type { GateRunOptions, GateWork } from "./options.ts";

export interface RunSettings {
  readonly priority: number;
  readonly weight: number;
  readonly maxWait: number;
  readonly signal: AbortSignal | undefined;
}

/** What is asked for, but for `uses`, of which the limits know the names. */
export function runSettings(
  what: string,
  work: GateWork<unknown>,
  options: GateRunOptions,
  usual: number,
): RunSettings {
  typed(what, "work", work, "function");
  const { priority = 0, weight = 1, maxWait = usual, signal, uses } = bag<
    GateRunOptions
  >(what, options);
  signalLike(what, signal);
  typed(
    what,
    "priority",
    priority,
    "number",
    "a finite number",
    Number.isFinite,
  );
  typed(
    what,
    "weight",
    weight,
    "number",
    "a number above 0",
    (it) => it > 0 && it < Infinity,
  );
  timeout(what, "maxWait", maxWait);
  if (uses !== undefined) typed(what, "uses", uses, "object", "an object");
  return { priority, weight, maxWait, signal };
}
