/** The wait for a place in a gate, before a tick. */

import { contextHere, outside, within } from "../_internal/context.ts";
import { toError } from "../_internal/errors.ts";
import { pointAt } from "./grid.ts";
import { ASKING, LAST, QUEUED } from "./phase.ts";
import type { Ticking } from "./ticking.ts";

/** Calls `enter` when there is a place for a tick. */
export function queue(run: Ticking, enter: () => void, phase = QUEUED): void {
  const { place } = run.extras ?? {};
  if (!place) return enter();
  // Who leaves a gate calls those that wait for it, in a context of its own.
  const here = run.context === outside ? outside : contextHere();
  run.phase = phase;
  place.take(() => {
    run.clock.now();
    within(here, enter);
    // For the next to ring, as the tick may have blocked.
    run.clock.now();
  }, (error) => refuse(run, error));
}

/** There is no place for what is due, which is missed. */
export function refuse(run: Ticking, error: unknown): void {
  const limit = run.limit;
  const isLast = run.phase === LAST;
  run.limit = undefined;
  // A host is told of it.
  if (limit) limit.end({ error });
  else tell(run, error);
  if (isLast) return run.end();
  const now = run.clock.now();
  if (!run.calendar) {
    return run.arm(undefined, pointAt(run, now) + 1);
  }
  const moment = Date.now();
  run.phase = ASKING;
  run.calendar.pass(moment, moment);
  run.arm(moment);
}

/** Tells observers of an error that is not recorded. */
export function tell(run: Ticking, value: unknown): void {
  const { machine } = run;
  if (!machine.isObserved) return;
  const error = toError(value);
  machine.enter();
  machine.emit({
    type: "error",
    runner: machine.runner,
    error,
    phase: "tick",
  });
  machine.exit();
}
