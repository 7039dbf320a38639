/** What the option `lastRun` has a run wait for. */

import { loadLastRun, saveLastRun } from "./last_run.ts";
import { ENDING, HALTED, QUEUED, SAVING, SAVING_LAST } from "./phase.ts";
import type { Thrown } from "../_internal/run.ts";
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

/** Saves when it ran, after the tick, and then goes on. */
export function save(
  run: Ticking,
  lastRun: LastRun,
  moment: number,
  then: () => void,
): void {
  run.phase = run.phase === ENDING ? HALTED : SAVING;
  // Known here, whatever becomes of it there.
  run.body.lastRun = moment;
  saved(run, lastRun, moment, then);
}

/**
 * Saves the run before its tick; `refused` is why it may not tick then. What is not
 * known to be saved does not tick, as no run is to tick twice.
 */
export function saveBefore(
  run: Ticking,
  lastRun: LastRun,
  moment: number,
  then: (refused: Thrown | undefined) => void,
): void {
  const isLast = run.phase === ENDING;
  run.phase = isLast ? SAVING_LAST : SAVING;
  saved(run, lastRun, moment, (refused) => {
    const signals = run.limit?.controller.signal ?? run.signals;
    refused ??= run.phase === HALTED || signals.aborted
      ? { error: signals.reason }
      : undefined;
    if (isLast) run.phase = refused ? HALTED : ENDING;
    then(refused);
  });
}

function saved(
  run: Ticking,
  lastRun: LastRun,
  moment: number,
  then: (refused: Thrown | undefined) => void,
): void {
  const { patience } = run.extras!;
  saveLastRun(run.machine, patience, lastRun, moment, (refused) => {
    if (!refused) run.body.lastRun = moment;
    run.clock.now();
    then(refused);
  });
}
