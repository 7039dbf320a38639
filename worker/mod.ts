/**
 * A run that can be killed: {@linkcode WorkerRunner} runs a runner in a worker, a
 * thread or a process of its own, and {@linkcode expose} gives it to the program.
 *
 * @example A program and its worker
 * ```ts ignore
 * // In the program:
 * import { WorkerRunner } from "@golib/runner/worker";
 *
 * const url = new URL("./resize_worker.ts", import.meta.url);
 * const resize = new WorkerRunner(url, { name: "resize" });
 * await resize.start();
 *
 * // In resize_worker.ts:
 * import { expose } from "@golib/runner/worker";
 * import { StartStop, untilAborted } from "@golib/runner";
 *
 * expose(new StartStop((signal) => untilAborted(signal)));
 * ```
 *
 * @module
 */

export type { Lifecycle } from "../_internal/lifecycle.ts";
export type * from "../runner.ts";
export type { StartStop } from "../start_stop/mod.ts";
export {
  expose,
  type ExposeOptions,
  type WorkerCall,
  type WorkerCalls,
} from "./expose.ts";
export type {
  WorkerCallArguments,
  WorkerCallOptions,
  WorkerCallResult,
  WorkerCallValue,
  WorkerIsolation,
  WorkerRunnerOptions,
} from "./options.ts";
export { WorkerRunner } from "./worker_runner.ts";
