/**
 * {@linkcode StartStop}: a long-running service with a start, a graceful stop and
 * restarts.
 *
 * @example Usage
 * ```ts
 * import { StartStop } from "@golib/runner/start-stop";
 * import { untilAborted } from "@golib/runner/tools";
 * import { assertEquals } from "@std/assert";
 *
 * await using service = new StartStop((signal) => untilAborted(signal));
 * await service.start();
 * assertEquals(service.state, "running");
 * ```
 *
 * @module
 */

export type { Lifecycle } from "../_internal/lifecycle.ts";
export type * from "../runner.ts";
export {
  type StartControl,
  type StartFunction,
  StartStop,
  type StartStopOptions,
  type StopFunction,
} from "./start_stop.ts";
