/**
 * {@linkcode Reloadable}: a runner whose work is handed over from one generation
 * to the next, without a gap.
 *
 * @example A configuration that is read anew
 * ```ts
 * import { Reloadable } from "@golib/runner/reload";
 * import { Ticker } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * let interval = 1_000;
 * const intervals: number[] = [];
 * await using app = new Reloadable(() => {
 *   intervals.push(interval);
 *   return new Ticker(interval, () => {});
 * });
 * await app.start();
 * interval = 250;
 * await app.reload();
 *
 * assertEquals(intervals, [1_000, 250]);
 * ```
 *
 * @module
 */

export type * from "../start_stop/mod.ts";
export type { GenerationRunner } from "./generation_runner.ts";
export {
  type GenerationFactory,
  Reloadable,
  type ReloadableOptions,
} from "./reloadable.ts";
