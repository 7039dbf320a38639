/** The user's function is called, once or again, and followed to its end. */

import type { Thrown } from "../_internal/run.ts";
import { EPSILON } from "../_internal/timer.ts";
import { Limit } from "./limit.ts";
import type { Ticking } from "./ticking.ts";

export function attempt(run: Ticking): void {
  const { settings } = run.body;
  if (run.extras) run.extras.attempts++;
  let pending: PromiseLike<unknown> | undefined;
  let thrown: Thrown | undefined;
  try {
    // A host has brought its limit. A platform may refuse one of our own.
    if (settings.tickTimeout < Infinity) run.limit ??= new Limit();
    const { hook } = run.machine;
    const result = (hook?.around
      ? hook.around(run, () => run.call())
      : run.call()) as PromiseLike<unknown> | null | undefined;
    if (typeof result?.then === "function") {
      pending = result;
    }
  } catch (error) {
    thrown = { error };
  }
  if (!pending) return run.ended(thrown);
  void follow(run, pending);
  // Read also for the next to ring, as the tick may have blocked.
  armLimit(run, run.clock.now() - run.startedAt);
}

/** Limits the tick in flight, where the platform does not refuse the timer. */
export function armLimit(run: Ticking, spent: number): void {
  const { tickTimeout } = run.body.settings;
  try {
    run.limit?.arm(tickTimeout - spent, () => expire(run));
  } catch (error) {
    fail(run, run.machine.record(error, "tick"));
  }
}

/** An async tick is awaited, which trusts no method of what it returned. */
export async function follow(run: Ticking, pending: unknown): Promise<void> {
  let thrown: Thrown | undefined;
  try {
    await pending;
  } catch (error) {
    thrown = { error };
  }
  run.ended(thrown);
  // A point that is reached at this very moment does not go by a timer, which
  // could only come later.
  if (run.isFree && run.due - run.clock.now() <= EPSILON) {
    run.clock.disarm(run);
    run.ring();
  }
}

/** The tick in flight has taken too long. */
export function expire(run: Ticking): void {
  const { machine } = run;
  const controller = run.limit?.controller;
  // Once only.
  if (!controller || controller.signal.aborted) return;
  const why = `the tick did not end within ${run.body.settings.tickTimeout} ms`;
  machine.enter();
  const error = machine.record(
    new DOMException(machine.cannot("tick", why), "TimeoutError"),
    "tick",
  );
  fail(run, error);
  controller.abort(error);
  machine.exit();
}

/** The first error of a tick is what it failed with, even if it was skipped. */
export function fail(run: Ticking, error: Error): void {
  if (typeof run.outcome !== "object") run.outcome = error;
}
