/** Follows runners that are none of this library's, by what they tell. */

import type { Hook } from "../_internal/hook.ts";
import type { ErrorPhase, RunnerState, RunnerTickEvent } from "../runner.ts";
import type { Told, Watched } from "./_tree.ts";

interface Any extends Told {
  readonly to?: RunnerState;
  readonly from?: RunnerState;
  readonly phase?: ErrorPhase;
  readonly error?: Error;
}

const SKIPPED = Symbol("skipped");

/** Calls a hook by the events of a runner; returns the way to leave. */
export function observed(runner: Watched, hook: Hook): () => void {
  try {
    return runner.observe?.((event: Any) => {
      const { type, to, from, phase, error } = event;
      if (type === "state" && to && from) hook.state?.(to, from, undefined);
      if (type === "error" && phase && error) hook.error?.(phase, error);
      if (type !== "tick") return;
      const { scheduledAt, startedAt, duration, missed, skipped } = event as
        & Told
        & RunnerTickEvent;
      hook.tick?.(
        performance.now(),
        duration,
        startedAt - scheduledAt,
        missed,
        skipped ? SKIPPED : error,
      );
    }) ?? (() => {});
  } catch {
    // It takes no observer: what it says of itself is all there is.
    return () => {};
  }
}
