/** Follows runners: those of this library by a hook, others by what they tell. */

import type { Hook } from "../_internal/hook.ts";
import type { ErrorPhase, RunnerState, RunnerTickEvent } from "../runner.ts";
import { addHook, hooksOn, removeHook } from "./_hook.ts";
import type { Told, Watched } from "./_tree.ts";

interface Any extends Told {
  readonly to?: RunnerState;
  readonly from?: RunnerState;
  readonly phase?: ErrorPhase;
  readonly error?: Error;
}

const SKIPPED = Symbol("skipped");

/** Calls a hook by the events of a runner; returns the way to leave. */
function observed(runner: Watched, hook: Hook): () => void {
  try {
    return runner.observe?.((event: Any) => {
      const { type, to, from, phase, error } = event;
      if (type === "state" && to && from) hook.state?.(to, from, undefined);
      if (type === "error" && phase && error) hook.error?.(phase, error);
      if (type !== "tick") return;
      const { scheduledAt, startedAt, duration, missed, skipped } = event as
        & Told
        & RunnerTickEvent;
      const lateness = startedAt - scheduledAt;
      const endedAt = performance.now();
      hook.tick?.(
        { endedAt, duration, lateness, missed, distance: 0 },
        skipped ? SKIPPED : error,
      );
    }) ?? (() => {});
  } catch {
    // It takes no observer: what it says of itself is all there is.
    return () => {};
  }
}

/** The ways to leave those that are followed by what they tell. */
const leaves = new WeakMap<Watched, Map<Hook, () => void>>();

/** Has a hook called for a runner. */
export function follow(runner: Watched, hook: Hook): void {
  if (addHook(runner, hook)) return;
  const all = leaves.get(runner) ?? new Map<Hook, () => void>();
  leaves.set(runner, all.set(hook, observed(runner, hook)));
}

/** Undoes `follow`. */
export function unfollow(runner: Watched, hook: Hook): void {
  const all = leaves.get(runner);
  all?.get(hook)?.();
  all?.delete(hook);
  removeHook(runner, hook);
}

/** The hooks that are called for a runner. */
export function followersOf(runner: Watched): readonly Hook[] {
  return [...hooksOn(runner), ...leaves.get(runner)?.keys() ?? []];
}
