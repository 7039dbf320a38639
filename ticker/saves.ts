/** What the option `lastRun` has a run wait for. */

import { loadLastRun, saveLastRun } from "./last_run.ts";
import { ENDING, HALTED, QUEUED, SAVING } from "./phase.ts";
import type { LastRun } from "./spec.ts";
import type { Ticking } from "./ticking.ts";

/** Asks for the last run, before anything ticks. */
export function load(run: Ticking, lastRun: LastRun): void {
  run.phase = QUEUED;
  loadLastRun(run.machine, run.extras!.patience, lastRun, (moment) => {
    if (moment !== undefined) run.body.lastRun = moment;
    run.clock.now();
    // An observer of an error may have told it to end.
    if (run.phase === QUEUED) run.first();
  });
}

/** Saves when it ran, and then goes on. */
export function save(
  run: Ticking,
  lastRun: LastRun,
  moment: number,
  then: (isSaved: boolean) => void,
): void {
  run.phase = run.phase === ENDING ? HALTED : SAVING;
  // Known here, whatever becomes of it there.
  if (lastRun.when !== "before") run.body.lastRun = moment;
  const { patience } = run.extras!;
  saveLastRun(run.machine, patience, lastRun, moment, (isSaved) => {
    if (isSaved) run.body.lastRun = moment;
    run.clock.now();
    then(isSaved);
  });
}
