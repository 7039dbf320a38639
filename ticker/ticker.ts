import { animate, Lifecycle } from "../_internal/lifecycle.ts";
import { type TickerOptions, type TickFunction, TickSpec } from "./spec.ts";

/**
 * Work that is done again and again, on a fixed grid.
 *
 * Tick k is due at start + k × interval on a monotonic clock; the lateness of one
 * never moves the next. There are never two ticks at once: one that outlasts its
 * interval makes those it covers `missed`, and the next comes at the next point of
 * the grid. The same holds after the program was held up. A tick that throws is
 * recorded and does not stop the ticker; a stop waits for a tick in flight.
 *
 * Constructing starts nothing. While it runs, a ticker keeps the process alive,
 * unless `persistent` is false.
 *
 * @example Usage
 * ```ts
 * import { Ticker } from "@golib/runner/ticker";
 * import { assertEquals } from "@std/assert";
 *
 * let beats = 0;
 * const heartbeat = new Ticker(5, (_signal, control) => {
 *   if (++beats === 3) control.stop();
 * }, { name: "heartbeat" });
 *
 * await heartbeat.start();
 * await heartbeat.finished();
 * assertEquals(beats, 3);
 * ```
 */
export class Ticker extends Lifecycle {
  /**
   * Makes a runner that is stopped; nothing is started.
   *
   * @param interval Milliseconds from one tick to the next; less than 1 means
   * 30 000.
   * @param tick The work; what it returns is awaited, what it throws is recorded.
   * @param options How the runner behaves.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense, as NaN and the infinities do
   * for the interval.
   */
  constructor(interval: number, tick: TickFunction, options?: TickerOptions) {
    super();
    animate(this, new TickSpec(interval, tick, options));
  }
}
