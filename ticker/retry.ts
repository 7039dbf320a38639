/** A tick that has failed is tried again within its own point of the grid. */

import { contextHere, outside, within } from "../_internal/context.ts";
import type { Thrown } from "../_internal/run.ts";
import { unref } from "../_internal/runtime.ts";
import { EPSILON } from "../_internal/timer.ts";
import type { Extras } from "./extras.ts";
import { pointAt } from "./grid.ts";
import { ENDING } from "./phase.ts";
import { armLimit } from "./attempt.ts";
import { refuse, tell } from "./queue.ts";
import type { Ticking } from "./ticking.ts";

/** Has a failed tick tried again later, where that is allowed. */
export function triesAgain(run: Ticking, thrown: Thrown): boolean {
  const extras = run.extras;
  const { aborted } = run.limit?.controller.signal ?? run.signals;
  if (!extras || run.outcome || aborted) return false;
  const { wait } = extras;
  if (wait >= timeLeft(run)) return false;
  const start = run.clock.latest + wait;
  extras.failed = thrown;
  extras.place?.leave();
  tell(run, thrown.error);
  // An observer may have told it to end.
  if (!extras.failed) return true;
  if (run.limit) {
    run.limit.whenAborted = () => giveUp(run);
    armLimit(run, run.clock.now() - run.startedAt);
  }
  pause(run, extras, start - run.clock.now(), () => tryAgain(run, extras));
  return true;
}

export function pause(
  run: Ticking,
  extras: Extras,
  ms: number,
  passed: () => void,
): void {
  extras.pause.arm(ms, passed);
  if (!run.body.settings.persistent) unref(extras.pause.armed?.id);
}

/** The next attempt of the tick in flight, unless it has become too late. */
export function tryAgain(run: Ticking, extras: Extras): void {
  const left = timeLeft(run);
  if (left <= 0) return giveUp(run);
  const begin = () => {
    extras.pause.disarm();
    extras.failed = undefined;
    run.clock.now();
    run.attempt();
    // For the next to ring, as the tick may have blocked.
    run.clock.now();
  };
  if (!extras.place) return begin();
  const here = run.context === outside ? outside : contextHere();
  if (left < Infinity) pause(run, extras, left, () => giveUp(run));
  extras.place.take(() => within(here, begin), () => giveUp(run));
}

/** How long until the next point, or the end of the tick's time, from now on. */
export function timeLeft(run: Ticking): number {
  const left = run.body.settings.tickTimeout + run.startedAt -
    run.clock.now();
  // A host's only tick has no next.
  if (run.phase === ENDING) return left;
  if (run.calendar) {
    const now = Date.now();
    run.calendar.isDue(now);
    return Math.min(left, run.calendar.next - now);
  }
  const next = Math.max(pointAt(run, run.startedAt), 0) + 1;
  const point = run.origin + next * run.interval - EPSILON;
  return Math.min(left, point - run.clock.latest);
}

/** What is waited for beside a tick is not waited for any more. */
export function giveUp(run: Ticking): void {
  const { place, pause, failed } = run.extras!;
  const { reason } = run.limit?.controller.signal ?? run.signals;
  if (run.isIdle) {
    place?.leave(reason);
    return refuse(run, reason);
  }
  if (!failed) return;
  pause.disarm();
  place?.leave(reason);
  run.extras!.failed = undefined;
  void Promise.resolve().then(() => run.ended(failed, true));
}
