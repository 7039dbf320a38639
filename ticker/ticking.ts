/** What the parts of a run of a ticker need of it. */

import type { Alarm, Clock } from "../_internal/clock.ts";
import type { Context } from "../_internal/context.ts";
import type { TickFacts } from "../_internal/hook.ts";
import type { Machine } from "../_internal/machine.ts";
import type { Run, Thrown } from "../_internal/run.ts";
import type { Body } from "./body.ts";
import type { Calendar, Times } from "./calendar.ts";
import type { Extras } from "./extras.ts";
import type { Limit } from "./limit.ts";
import type { SKIPPED } from "./phase.ts";

export interface Ticking extends Run, Alarm, TickFacts {
  readonly machine: Machine;
  readonly body: Body;
  readonly clock: Clock;
  readonly context: Context | undefined;
  readonly extras: Extras | undefined;
  /** One of the numbers of `phase.ts`. */
  phase: number;
  /** Whether the time is read for it alone, and not for a group. */
  isAlone: boolean;
  /** When it is to be rung, or was for the tick in flight. */
  due: number;

  // The grid: point k lies at origin + k × interval.
  readonly origin: number;
  readonly interval: number;
  /**
   * The last point of the grid that had passed when the last tick began; with a
   * schedule how many runs have passed since then.
   */
  passed: number;
  missed: number;
  /** What it goes by instead of the grid. */
  readonly calendar: Calendar | undefined;

  // The tick in flight, or the last.
  startedAt: number;
  /** Where they are those of the wall clock. */
  readonly times: Times | undefined;
  limit: Limit | undefined;
  /** What came of it, where that is no plain success. */
  outcome: Error | typeof SKIPPED | undefined;
  /** How many ticks have ended that are not yet in the body. */
  count: number;
  /** When it was due, on the scale of its ticker. */
  readonly scheduledAt: number;
  /** Whether a host may have it tick now. */
  readonly isFree: boolean;

  /** The first tick, or the wait for it. */
  first(): void;
  ring(): boolean;
  /** Rings with a reading of its own. */
  ringAlone(): void;
  tick(times?: Times): void;
  /** Calls the user's function, with what it takes. */
  call(): unknown;
  /** Has the tick in flight tried, for the first time or again. */
  attempt(): void;
  /** The tick in flight has ended; given up, it is not tried again. */
  ended(thrown: Thrown | undefined, isGivenUp?: boolean): void;
  /** Looks whether somebody has begun to watch it. */
  seeWatched(): void;
  /** Goes on after a tick. */
  rest(now?: number, refused?: Thrown): void;
  /** Waits for the next point, or the next run. */
  arm(now?: number, least?: number): void;
  /** The run is over. */
  end(refused?: Thrown): void;
}
