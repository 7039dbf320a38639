/**
 * The end of a process: {@linkcode shutdownSignal} listens for it, and
 * {@linkcode main} runs a whole program by it.
 *
 * This is the one module that touches the process, on Deno, Node and Bun alike.
 *
 * @example A program
 * ```ts no-eval
 * import { main } from "@golib/runner/shutdown";
 * import { StartStop, untilAborted } from "@golib/runner";
 *
 * const service = new StartStop((signal) => untilAborted(signal));
 * await main(service, { drainDelay: 5_000 });
 * ```
 *
 * @module
 */

export type * from "../runner.ts";
export { main, type MainOptions, type MainRunner } from "./main.ts";
export {
  type ShutdownReason,
  type ShutdownSignal,
  shutdownSignal,
  type ShutdownSignalOptions,
  type SignalName,
} from "./shutdown_signal.ts";
