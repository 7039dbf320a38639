/** When a ticker ran last, as its user keeps it. */

import { text } from "../_internal/errors.ts";
import type { Machine } from "../_internal/machine.ts";
import { timeOf } from "../_internal/schedules.ts";
import { says } from "../_internal/validate.ts";
import type { Thrown } from "../_internal/run.ts";
import type { Patience } from "./patience.ts";
import type { LastRun } from "./spec.ts";

/** Asks for it; what goes wrong is recorded, and then it is not known. */
export function loadLastRun(
  machine: Machine,
  patience: Patience,
  { load }: LastRun,
  settle: (run: number | undefined) => void,
): void {
  const what = `load the last run of "${machine.settings.name}"`;
  patience.ask(what, load, (answer, thrown) => {
    const time = typeof answer === "number" ? answer : timeOf(answer);
    if (thrown) machine.record(thrown.error, "start");
    else if (time <= Date.now()) return settle(time);
    else if (answer !== undefined) {
      const expected = "undefined or a date that has passed";
      const why = says(what, "load()", expected, text(answer));
      machine.record(new RangeError(why), "start");
    }
    settle(undefined);
  });
}

/** Saves a run; what goes wrong is recorded. */
export function saveLastRun(
  machine: Machine,
  patience: Patience,
  { save }: LastRun,
  run: number,
  settle: (refused: Thrown | undefined) => void,
): void {
  const what = `save the last run of "${machine.settings.name}"`;
  patience.ask(what, () => save(new Date(run)), (_answer, thrown) => {
    if (thrown) machine.record(thrown.error, "tick");
    settle(thrown);
  });
}
