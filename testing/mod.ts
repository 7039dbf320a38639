/**
 * What tests of runners need beside a fake clock: {@linkcode advance}, for clocks
 * that have to be stepped by hand.
 *
 * @example Usage
 * ```ts
 * import { advance } from "@golib/runner/testing";
 * import { Ticker } from "@golib/runner";
 * import { FakeTime } from "@std/testing/time";
 * import { assertEquals } from "@std/assert";
 *
 * const time = new FakeTime();
 * let ticks = 0;
 * const ticker = new Ticker(250, () => {
 *   ticks++;
 * });
 * await ticker.start();
 * await advance(1_000, time, { step: 50 });
 * await ticker.stop();
 * time.restore();
 *
 * assertEquals(ticks, 4);
 * ```
 *
 * @module
 */

export { advance, type AdvanceOptions, type SteppedClock } from "./advance.ts";
