import { Program } from "./_program.ts";
import {
  type MainOptions,
  type MainRunner,
  settingsOf,
} from "./main_options.ts";

/**
 * Runs a program: starts the runner, keeps the process alive while it runs, stops
 * it when the process is asked to stop, and sets the exit code.
 *
 * What has to be done after that goes into `after`: code that follows
 * `await main()` is not waited for. Where something keeps the process alive after
 * a program that was asked to stop, the process is ended a second later
 * (`forceExit`).
 *
 * | what happened                              | exit code                       |
 * | ------------------------------------------ | ------------------------------- |
 * | the runner ended cleanly, or was stopped   | 0                               |
 * | it failed, or did not end in time          | 1                               |
 * | a second signal came, which ends it at once | 128 + the number of the signal |
 *
 * An exit code that the program itself has set is kept.
 *
 * Several runners are started in order, each when the one before is up, and
 * stopped in reverse. When one fails, the others are stopped, and the code is 1;
 * it ends when all have ended. Nothing is restarted: that is for a `Supervisor`.
 *
 * Where there is no process it starts the runner and waits for its end all the
 * same.
 *
 * @example Usage
 * ```ts
 * import { main } from "@golib/runner/shutdown";
 * import { StartStop } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const job = new StartStop(() => {}, undefined, { name: "job" });
 * const code = await main(job, { forceExit: Infinity });
 *
 * assertEquals(code, 0);
 * ```
 *
 * @example A program that ends itself
 * ```ts
 * import { main } from "@golib/runner/shutdown";
 * import { StartStop, untilAborted } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const end = new AbortController();
 * const service = new StartStop((signal) => untilAborted(signal));
 * const code = await main(service, {
 *   signal: end.signal,
 *   onReady: () => end.abort(),
 *   forceExit: Infinity, // For this is a part of a test.
 * });
 *
 * assertEquals(code, 0);
 * ```
 *
 * @param runner What the program consists of: a runner, or a list of them.
 * @param options What stops it, and how.
 * @returns a promise of 0 or 1 as in the table, once the runner has come to rest or
 * was given up, and `after` has settled. It rejects with a `TypeError` or
 * `RangeError` for bad input, and with an `Error` where systemd waits for signs of
 * life that cannot be given; nothing is started then.
 */
export async function main(
  runner: MainRunner | readonly MainRunner[],
  options?: MainOptions,
): Promise<number> {
  return await new Program(settingsOf(runner, options)).run();
}
