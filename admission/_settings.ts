/** The options of a gate, checked, with their defaults. */

import { checkUnknown } from "../_internal/unknown_options.ts";
import { bag, timeout, typed, whole } from "../_internal/validate.ts";
import type { StartStopOptions } from "../start_stop/mod.ts";
import { Adaptive } from "./_adaptive.ts";
import type { GateOptions, ParentGate } from "./options.ts";

/** What the admissions of a gate go by. */
export interface Settings {
  /** What is being made, as messages say it. */
  readonly what: string;
  readonly limits: GateOptions;
  readonly aging: number;
  readonly maxWait: number;
  readonly maxWaiting: number;
  readonly adaptive: Adaptive | undefined;
}

const KNOWN = [
  "adaptive",
  "aging",
  "concurrency",
  "limits",
  "maxErrors",
  "maxWait",
  "maxWaiting",
  "maxWeight",
  "name",
  "observer",
  "parent",
  "pressure",
  "printErrors",
  "reserve",
  "stopTimeout",
];

/** Checks the options; what is left of them is every runner's. */
export function settingsOf(what: string, options: GateOptions | undefined): {
  own: { readonly parent: ParentGate | undefined };
  rest: StartStopOptions;
  settings: Settings;
} {
  const {
    concurrency,
    limits,
    reserve,
    aging = 10_000,
    pressure,
    adaptive,
    maxWait = Infinity,
    maxWaiting = Infinity,
    maxWeight,
    parent,
    name = "gate",
    maxErrors,
    observer,
    printErrors,
    stopTimeout,
  } = bag<GateOptions>(what, options);
  checkUnknown(what, "Gate", options, KNOWN);
  const expected = "a number of milliseconds of at least 0";
  typed(
    what,
    "aging",
    aging,
    "number",
    expected,
    (ms) => ms >= 0 && ms < Infinity,
  );
  timeout(what, "maxWait", maxWait);
  whole(what, "maxWaiting", maxWaiting, 0, Infinity);
  if (maxWeight !== undefined) {
    typed(
      what,
      "maxWeight",
      maxWeight,
      "number",
      "a number of at least 1",
      (it) => it >= 1 && it < Infinity,
    );
  }
  if (pressure !== undefined) typed(what, "pressure", pressure, "function");
  for (const [key, value] of Object.entries({ limits, reserve, adaptive })) {
    if (value !== undefined) typed(what, key, value, "object", "an object");
  }
  if (adaptive && concurrency !== undefined) {
    throw new TypeError(
      `Cannot ${what}: 'adaptive' finds what 'concurrency' says; give one of them`,
    );
  }
  let found: Adaptive | undefined;
  if (adaptive) {
    const { min, max } = adaptive;
    whole(what, "adaptive.min", min, 1);
    whole(what, "adaptive.max", max, min);
    found = new Adaptive(min, max);
  }
  return {
    own: { parent },
    rest: { maxErrors, name, observer, printErrors, stopTimeout },
    settings: {
      what,
      limits: {
        concurrency: found?.limit ?? concurrency,
        limits,
        reserve,
        maxWeight,
        pressure,
      },
      aging,
      maxWait,
      maxWaiting,
      adaptive: found,
    },
  };
}
