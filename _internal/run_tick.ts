import { clockOf } from "./clock.ts";
import { isCleanAbort } from "./errors.ts";
import { recoveryCaller } from "./recovery.ts";
import { nothing } from "./settings.ts";
import { join, leave } from "./signals.ts";
import { EPSILON } from "./timer.ts";
import {
  bag,
  finite,
  signalLike,
  timeout as timeoutOf,
  typed,
} from "./validate.ts";

/** Options of {@linkcode runTick}. */
export interface RunTickOptions {
  /** Milliseconds from one check to the next: finite and above 0. */
  readonly interval: number;
  /**
   * Milliseconds after which one last check decides. `Infinity` means no limit;
   * with 0 there is one check.
   */
  readonly timeout: number;
  /**
   * Called after each check that was not true.
   *
   * @default nothing is called
   */
  readonly run?: (() => unknown) | undefined;
  /** Ends it at once, with `false`, when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks now and then on a fixed grid until it is true or time is up.
 *
 * `check` is called at once and then every `interval` milliseconds, never twice at
 * once; after each that was not true comes `run`. Once `timeout` milliseconds have
 * passed one last check decides; one that is in flight then is the last. Both
 * functions may be async; what they throw passes through.
 *
 * @example Usage
 * ```ts
 * import { runTick } from "@golib/runner/tools";
 * import { assertEquals } from "@std/assert";
 *
 * const startedAt = performance.now();
 * const ready = await runTick(() => performance.now() - startedAt > 20, {
 *   interval: 5,
 *   timeout: 5_000,
 * });
 *
 * assertEquals(ready, true);
 * ```
 *
 * @param check Whether it is done.
 * @param options How often, for how long, and what to run in between.
 * @returns a promise of what the last check said, or of `false` as soon as
 * `signal` aborts; no timer is left behind. It rejects with what `check` or `run`
 * throws, and with a `TypeError` or `RangeError` for bad input. What they throw
 * after the abort has no one to go to, and is printed.
 */
export async function runTick(
  check: () => boolean | Promise<boolean>,
  options: RunTickOptions,
): Promise<boolean> {
  const what = "runTick";
  typed(what, "check", check, "function");
  const { interval, timeout, run = nothing, signal } = bag(what, options);
  const step = finite(what, "interval", interval as number, 0);
  const limit = timeoutOf(what, "timeout", timeout as number);
  typed(what, "run", run, "function");
  signalLike(what, signal);
  if (signal?.aborted) return false;

  const clock = clockOf(true);
  const start = clock.now();
  const alarm = { due: 0, index: 0, ring: nothing };
  const isOver = () => clock.now() - start >= limit - EPSILON;
  async function poll(): Promise<boolean> {
    while (!signal?.aborted) {
      const isLast = isOver();
      if (await check()) return !signal?.aborted;
      if (isLast || isOver() || signal?.aborted) return false;
      await run();
      const passed = clock.now() - start;
      const point = Math.floor((passed + EPSILON) / step) + 1;
      const wait = Math.min(point * step, limit);
      if (wait <= passed || signal?.aborted) continue;
      await new Promise<void>((resolve) => {
        alarm.due = start + wait;
        alarm.ring = resolve;
        clock.arm(alarm);
      });
    }
    return false;
  }
  return await new Promise((resolve, reject) => {
    let isUnheard = false;
    const listener = {
      aborted() {
        isUnheard = true;
        resolve(false);
        clock.disarm(alarm);
      },
    };
    // First, as a look-alike may refuse.
    join(signal, listener);
    void poll().then(resolve, (error) => {
      reject(error);
      if (isUnheard && !isCleanAbort(error, signal)) {
        recoveryCaller(what, error);
      }
    }).then(() => leave(signal, listener));
  });
}
