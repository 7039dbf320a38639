/**
 * A tick that nobody looks at: what it takes is read for several together. It makes
 * no object where it is not async.
 */

import type { Thrown } from "../_internal/run.ts";
import { EPSILON } from "../_internal/timer.ts";
import { RUNG, TICKING } from "./phase.ts";
import { follow } from "./attempt.ts";
import type { Ticking } from "./ticking.ts";

/** Ticks, by the latest reading; whether `settle` is to follow. */
export function ringPlainly(run: Ticking): boolean {
  const { latest } = run.clock;
  const next = run.passed + 1;
  // One that is late by whole points has something to tell.
  if (latest - run.origin + EPSILON >= (next + 1) * run.interval) {
    run.ringAlone();
    return false;
  }
  run.passed = next;
  run.missed = 0;
  run.startedAt = latest;
  run.phase = TICKING;
  run.outcome = undefined;
  let thrown: Thrown | undefined;
  try {
    const result = run.call() as PromiseLike<unknown> | undefined;
    if (typeof result?.then === "function") {
      run.isAlone = true;
      void follow(run, result);
      run.clock.now();
      return false;
    }
  } catch (error) {
    thrown = { error };
  }
  // Who begins to watch in a tick is told of it.
  run.seeWatched();
  if (thrown || run.outcome || run.phase !== TICKING || run.isAlone) {
    run.isAlone ||= thrown !== undefined;
    run.ended(thrown);
    return false;
  }
  run.count++;
  run.phase = RUNG;
  return true;
}

/** Goes on after a tick, by the time that has been read for several. */
export function settlePlainly(run: Ticking): void {
  if (run.phase !== RUNG) return;
  const { latest } = run.clock;
  // Something has blocked: it is not known what, so that from now on it is.
  const next = run.origin + (run.passed + 1) * run.interval;
  if (next <= latest) run.isAlone = true;
  run.arm();
}
