/**
 * The tools beside the runners: checks that are repeated, what was caught printed,
 * an abort awaited.
 *
 * @example Wait until a server answers
 * ```ts
 * import { runTick } from "@golib/runner/tools";
 * import { assert } from "@std/assert";
 *
 * let asked = 0;
 * const up = await runTick(() => ++asked === 3, { interval: 5, timeout: 5_000 });
 *
 * assert(up);
 * ```
 *
 * @module
 */

export { recoveryCaller } from "./_internal/recovery.ts";
export { runNbr, type RunNbrOptions } from "./_internal/run_nbr.ts";
export { runTick, type RunTickOptions } from "./_internal/run_tick.ts";
export { untilAborted } from "./_internal/until_aborted.ts";
