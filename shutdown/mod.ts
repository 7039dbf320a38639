/**
 * The end of a process: {@linkcode shutdownSignal} listens for it, and
 * {@linkcode main} runs a whole program by it.
 *
 * This is the one module that touches the process, on Deno, Node and Bun alike.
 *
 * @example A program that runs until it is asked to stop
 * ```ts
 * import { main } from "@golib/runner/shutdown";
 * import { StartStop, untilAborted } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const service = new StartStop((signal) => untilAborted(signal));
 * setTimeout(() => service.stop(), 20); // Or Ctrl-C, or SIGTERM.
 * const code = await main(service, { forceExit: Infinity });
 *
 * assertEquals(code, 0);
 * ```
 *
 * @module
 */

export type * from "../runner.ts";
export { main } from "./main.ts";
export type { MainOptions, MainRunner, SecondSignal } from "./main_options.ts";
export {
  type ShutdownReason,
  type ShutdownSignal,
  shutdownSignal,
  type ShutdownSignalOptions,
  type SignalName,
} from "./shutdown_signal.ts";
