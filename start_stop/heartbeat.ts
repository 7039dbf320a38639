/** How alive a service says it is, for health checks of this library. */

import { Lifecycle, machineOf } from "../_internal/lifecycle.ts";

/** What `control.beat()` and `staleAfter` say of a service that is running. */
export interface Heartbeat {
  /** Milliseconds since the last beat or, before the first, since it runs. */
  readonly age: number;
  /** From which age on it is stalled, in milliseconds. */
  readonly staleAfter: number;
}

/** The heartbeat of a runner; `undefined` where none is expected of it now. */
export function heartbeatOf(runner: unknown): Heartbeat | undefined {
  if (!(runner instanceof Lifecycle)) return undefined;
  const { settings, state } = machineOf(runner);
  const { staleAfter = Infinity } = settings;
  if (state.name !== "running" || staleAfter === Infinity) return undefined;
  const { lastBeat = 0 } = state.run as { lastBeat?: number };
  const age = performance.now() - Math.max(lastBeat, state.since);
  return { age, staleAfter };
}
