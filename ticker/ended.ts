/** A tick has ended: what came of it is recorded, counted and told. */

import { isCleanAbort } from "../_internal/errors.ts";
import type { Thrown } from "../_internal/run.ts";
import { EPSILON } from "../_internal/timer.ts";
import { SKIPPED } from "./phase.ts";
import { expire, fail } from "./attempt.ts";
import { triesAgain } from "./retry.ts";
import { save } from "./saves.ts";
import type { Ticking } from "./ticking.ts";

export function ended(
  run: Ticking,
  thrown: Thrown | undefined,
  isGivenUp = false,
): void {
  const { machine } = run;
  const startedAt = run.startedAt;
  const { tickTimeout } = run.body.settings;
  const duration = run.clock.now() - startedAt;
  // A tick that blocked has kept its limit's timer from coming. Timers and coarse
  // clocks know whole milliseconds; 0 lets microtasks end.
  if (duration > Math.ceil(tickTimeout) + EPSILON && tickTimeout > 0) {
    expire(run);
  }
  if (
    thrown && !isCleanAbort(thrown.error, run.signals) &&
    !isCleanAbort(thrown.error, run.limit?.controller.signal)
  ) {
    if (!isGivenUp && triesAgain(run, thrown)) return;
    fail(run, machine.record(thrown.error, "tick"));
    // To print it took time.
    run.clock.now();
  }
  count(run);
  const saved = thrown ? NaN : toSave(run);
  machine.hook?.tick?.(run, run.outcome);
  if (!machine.isObserved) return leave(run, saved);
  machine.enter();
  const { special, attempts } = run.extras ?? {};
  machine.emit({
    type: "tick",
    runner: machine.runner,
    scheduledAt: run.scheduledAt,
    startedAt: run.times?.startedAt ?? startedAt,
    duration: run.clock.latest - startedAt,
    missed: run.missed,
    ...(special?.retry && { attempts: attempts! }),
    ...(run.outcome === SKIPPED && { skipped: true }),
    ...(typeof run.outcome === "object" && { error: run.outcome }),
  });
  leave(run, saved);
  machine.exit();
  // For the next to ring: observers take time too.
  run.clock.now();
}

export function count(run: Ticking): void {
  const body = run.body;
  const outcome = run.outcome;
  run.count++;
  if (!body.facts && !outcome && !run.missed) return;
  const facts = body.keep();
  facts.missed += run.missed;
  facts.ended(
    outcome === SKIPPED ? "skip" : outcome ? "failure" : "success",
    run.startedAt,
    run.clock.latest,
  );
}

/** What is to be saved of the tick in flight, where that ends well. */
export function toSave(run: Ticking): number {
  const lastRun = run.extras?.special.lastRun;
  if (!lastRun || !run.times?.isRun || lastRun.when === "before") {
    return NaN;
  }
  return typeof run.outcome === "object" ? NaN : run.times.scheduledAt;
}

export function leave(run: Ticking, saved: number): void {
  if (saved !== saved) return run.rest();
  const { special, place } = run.extras!;
  place?.leave();
  save(run, special.lastRun!, saved, () => run.rest());
}
