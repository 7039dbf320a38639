import { peek } from "../_internal/errors.ts";
import { LONGEST, Timer } from "../_internal/timer.ts";
import { bag, says, timeout, typed } from "../_internal/validate.ts";
import type { FinishedOptions, Runner } from "../runner.ts";
import { recoveryCaller } from "../tools.ts";
import { holders, processOf, unrefTimeout } from "./_process.ts";
import {
  shutdownSignal,
  type ShutdownSignalOptions,
} from "./shutdown_signal.ts";

/** A runner whose end can be waited for: all of this library's are. */
export interface MainRunner extends Runner {
  /** For messages. */
  readonly name?: string | undefined;
  /** Settles when the runner has come to rest. */
  finished(options?: FinishedOptions): Promise<void>;
  /** How many errors it has recorded, and thereby told. */
  errorsTotal?(): number;
}

/** How many run: one may follow the other, or stand beside it. */
let programs = 0;
/** Whether one of them did not end in its time. */
let overdue = false;

/** Options of {@linkcode main}. */
export interface MainOptions extends ShutdownSignalOptions {
  /**
   * Called once, when the first signal has come: the moment to answer "not ready"
   * to a load balancer. What it throws is printed.
   *
   * @default nothing is called
   */
  readonly notReady?: ((reason: unknown) => unknown) | undefined;
  /**
   * Milliseconds from there until the runner is told to stop, for load balancers
   * to notice. A runner that is not running yet is stopped without it.
   *
   * @default 0
   */
  readonly drainDelay?: number | undefined;
  /**
   * Milliseconds that the process has to exit by itself when the runner has ended,
   * before what keeps it alive is named on standard error. If the runner did not
   * end in time, the process is ended then. `Infinity` means never.
   *
   * @default 1000
   */
  readonly watchdog?: number | undefined;
}

/**
 * Runs a program: starts the runner, keeps the process alive while it runs, stops
 * it when the process is told to end, and sets the exit code.
 *
 * | what happened                              | exit code                       |
 * | ------------------------------------------ | ------------------------------- |
 * | the runner ended cleanly, or was stopped   | 0                               |
 * | it failed, or did not end in time          | 1                               |
 * | a second signal came, which ends it at once | 128 + the number of the signal |
 *
 * The exit code is set, not forced: the process ends when nothing keeps it alive
 * any more. An exit code that the program itself has set is kept.
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
 * const code = await main(job, { watchdog: Infinity });
 *
 * assertEquals(code, 0);
 * ```
 *
 * @param runner What the program consists of.
 * @param options Which signals stop it, and how.
 * @returns a promise of 0 or 1 as in the table, once the runner has come to rest or
 * was given up. It rejects with a `TypeError` or `RangeError` for bad input only.
 */
export async function main(
  runner: MainRunner,
  options?: MainOptions,
): Promise<number> {
  const what = "run the program";
  const { signals, notReady, drainDelay = 0, watchdog = 1_000 } = bag(
    what,
    options,
  );
  if (typeof runner?.finished !== "function") {
    const expected = "a runner with 'finished'";
    throw new TypeError(says(what, "runner", expected, runner));
  }
  if (notReady !== undefined) typed(what, "notReady", notReady, "function");
  timeout(what, "drainDelay", drainDelay);
  timeout(what, "watchdog", watchdog);

  const told = shutdownSignal({ signals });
  programs++;
  const life = new AbortController();
  // A runner that only waits does not keep the process alive.
  const hold = setInterval(() => {}, LONGEST);
  const drain = new Timer();
  let late = false;
  const stop = async () => {
    try {
      await runner.stop();
    } catch (error) {
      late = overdue = true;
      throw error;
    }
  };

  const run = async () => {
    try {
      await runner.start({ signal: life.signal });
    } catch (error) {
      // Whoever calls a start off has ended the program, cleanly.
      if (!life.signal.aborted && peek(error, "name") !== "AbortError") {
        throw error;
      }
    }
    await runner.finished();
  };
  const cut = new Promise<never>((_resolve, reject) => {
    const end = () => {
      life.abort(told.reason);
      // The runner has been told; this is to learn when it takes too long.
      stop().catch(reject);
    };
    told.addEventListener("abort", () => {
      void call(notReady, told.reason);
      if (drainDelay > 0 && runner.isRunning()) {
        drain.arm(drainDelay, end);
      } else end();
    }, { once: true });
  });

  let code = 0;
  try {
    await Promise.race([run(), cut]);
  } catch (error) {
    code = 1;
    if (!late) await stop().catch(() => {});
    // What a runner has recorded it has printed, or was told not to.
    if (!runner.errorsTotal?.()) recoveryCaller("main", error);
  }
  programs--;
  clearInterval(hold);
  drain.disarm();
  told.dispose();

  const process = processOf();
  if (process === undefined) return code;
  process.exitCode ||= code;
  if (watchdog < Infinity) {
    unrefTimeout(() => {
      // Another one keeps it alive, rightly.
      if (programs) return;
      console.error(
        `The program has ended, but something keeps the process alive: ${
          holders(process)
        }`,
      );
      if (overdue) process.exit();
    }, Math.min(watchdog, LONGEST));
  }
  return code;
}

async function call(
  notReady: MainOptions["notReady"],
  reason: unknown,
): Promise<void> {
  try {
    await notReady?.(reason);
  } catch (error) {
    recoveryCaller("notReady", error);
  }
}
