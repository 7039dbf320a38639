/**
 * {@linkcode Supervisor}: runs several runners as one, in the order of their
 * dependencies, and restarts those that fail.
 *
 * @example A job that fails once
 * ```ts
 * import { Supervisor } from "@golib/runner/supervisor";
 * import { StartStop } from "@golib/runner/start-stop";
 * import { untilAborted } from "@golib/runner/tools";
 * import { assertEquals } from "@std/assert";
 *
 * let attempts = 0;
 * const worker = new StartStop(async (signal) => {
 *   if (++attempts === 1) throw new Error("connection lost");
 *   await untilAborted(signal);
 * }, undefined, { name: "worker", printErrors: false });
 *
 * const app = new Supervisor([{ runner: worker }], {
 *   backoff: { initial: 1 },
 *   printErrors: false,
 * });
 * const again = new Promise<void>((resolve) => {
 *   app.observe((event) => {
 *     if (event.type === "child" && event.to === "running" && attempts === 2) {
 *       resolve();
 *     }
 *   });
 * });
 * await app.start();
 * await again;
 * assertEquals(app.status().restarts, 1);
 * await app.stop();
 * ```
 *
 * @module
 */

export type * from "../runner.ts";
export type {
  ChildState,
  ChildStatus,
  CircuitState,
  DeepObserver,
  ObserveOptions,
  SupervisorChildEvent,
  SupervisorChildrenEvent,
  SupervisorCircuitEvent,
  SupervisorEvent,
  SupervisorObserver,
  SupervisorRestartEvent,
  SupervisorStatus,
  TickStatus,
} from "./events.ts";
export type {
  Backoff,
  Child,
  Intensity,
  Strategy,
  SupervisedRunner,
  SupervisorOptions,
} from "./options.ts";
export { Supervisor } from "./supervisor.ts";
export { type Pictured, toDot, toTree } from "./picture.ts";
export type { RestartType } from "./restart_type.ts";
