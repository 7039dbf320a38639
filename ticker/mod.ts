/**
 * {@linkcode Ticker}: periodic work that never overlaps and never drifts.
 *
 * @example Usage
 * ```ts
 * import { Ticker } from "@golib/runner/ticker";
 * import { assertEquals } from "@std/assert";
 *
 * await using ticker = new Ticker(60_000, () => {}, { name: "clean-up" });
 * await ticker.start();
 * assertEquals(ticker.state, "running");
 * ```
 *
 * @module
 */

export type { Lifecycle } from "../_internal/lifecycle.ts";
export type * from "../runner.ts";
export type {
  LastRun,
  RetryOptions,
  TickControl,
  TickerOptions,
  TickFunction,
  TickGate,
  TickOptions,
  Ticks,
} from "./spec.ts";
export { Ticker } from "./ticker.ts";
