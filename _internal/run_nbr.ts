import { nothing } from "./settings.ts";
import { bag, typed, whole } from "./validate.ts";

/** Options of {@linkcode runNbr}. */
export interface RunNbrOptions {
  /** How often to check and run at most: a whole number from 0. */
  readonly max: number;
  /**
   * Called after each check that was not true.
   *
   * @default nothing is called
   */
  readonly run?: (() => unknown) | undefined;
}

/**
 * Checks, and runs something to help, up to a number of times.
 *
 * Up to `max` times: `check`, which ends it when true, else `run`. Then one last
 * `check` decides. Both may be async; what they throw passes through.
 *
 * @example Usage
 * ```ts
 * import { runNbr } from "@golib/runner/tools";
 * import { assertEquals } from "@std/assert";
 *
 * let level = 0;
 * const full = await runNbr(() => level >= 3, { max: 5, run: () => level++ });
 *
 * assertEquals([full, level], [true, 3]);
 * ```
 *
 * @param check Whether it is done.
 * @param options How often, and what to run in between.
 * @returns a promise of what the last check said. It rejects with what `check` or
 * `run` throws, and with a `TypeError` or `RangeError` for bad input.
 */
export async function runNbr(
  check: () => boolean | Promise<boolean>,
  options: RunNbrOptions,
): Promise<boolean> {
  const what = "runNbr";
  typed(what, "check", check, "function");
  const { max, run = nothing } = bag(what, options);
  const times = whole(what, "max", max as number, 0);
  typed(what, "run", run, "function");
  for (let count = 0; count < times; count++) {
    if (await check()) return true;
    await run();
  }
  return !!(await check());
}
