import { unref } from "../_internal/runtime.ts";
import { Timer } from "../_internal/timer.ts";
import { bag, finite, typed } from "../_internal/validate.ts";
import { heapShare } from "./_runtime.ts";
import type { PressureReader } from "./options.ts";

/** Options of {@linkcode loopLag}. */
export interface LoopLagOptions {
  /**
   * The lag that means a pressure of 1, in milliseconds.
   *
   * @default 200
   */
  readonly max?: number | undefined;
}

/** Options of {@linkcode heapUse}. */
export interface HeapUseOptions {
  /**
   * The share of the heap's limit from which pressure begins, from 0 to 1; at the
   * limit it is 1.
   *
   * @default 0.5
   */
  readonly from?: number | undefined;
}

// A probe each so many milliseconds, while somebody reads.
const PROBE = 20;
// A lag that is not seen again is halved in so many milliseconds.
const HALF = 250;

/**
 * Pressure by how late the event loop is: a timer of 20 ms is compared with the
 * clock. It measures only while it is read, and keeps no process alive.
 *
 * @example Usage
 * ```ts
 * import { Gate, loopLag } from "@golib/runner/admission";
 * import { assertEquals } from "@std/assert";
 *
 * const gate = new Gate({ concurrency: 8, pressure: loopLag({ max: 100 }) });
 * assertEquals(await gate.run(() => "done"), "done");
 * ```
 *
 * @param options What lag is too much.
 * @returns a reader for the option `pressure` of a gate.
 * @throws {RangeError} if `max` makes no sense.
 */
export function loopLag(options?: LoopLagOptions): PressureReader {
  const what = "measure the lag of the loop";
  const { max = 200 } = bag<LoopLagOptions>(what, options);
  finite(what, "max", max, 0);
  let lag = 0;
  let seen = 0;
  let due = 0;
  let timer: Timer | undefined;
  const fade = (now: number) => {
    lag *= 0.5 ** ((now - seen) / HALF);
    seen = now;
  };
  return () => {
    const now = performance.now();
    fade(now);
    timer ??= new Timer();
    if (timer.armed) {
      // It may be late already, and has not come because of what reads.
      lag = Math.max(lag, now - due);
    } else {
      due = now + PROBE;
      timer.arm(PROBE, () => {
        const rung = performance.now();
        fade(rung);
        lag = Math.max(lag, rung - due);
      });
      unref(timer.armed!.id);
    }
    return Math.min(1, Math.max(0, lag / max));
  };
}

/**
 * Pressure by how full the heap is, on Node, Bun, Deno and Chromium; elsewhere it
 * is 0. It is read at most once in 50 ms.
 *
 * @example Usage
 * ```ts
 * import { heapUse } from "@golib/runner/admission";
 * import { assert } from "@std/assert";
 *
 * const pressure = heapUse({ from: 0.8 })();
 * assert(pressure >= 0 && pressure <= 1);
 * ```
 *
 * @param options From where on it counts.
 * @returns a reader for the option `pressure` of a gate.
 * @throws {RangeError} if `from` makes no sense.
 */
export function heapUse(options?: HeapUseOptions): PressureReader {
  const what = "measure the heap";
  const { from = 0.5 } = bag<HeapUseOptions>(what, options);
  typed(
    what,
    "from",
    from,
    "number",
    "a number from 0 to below 1",
    (it) => it >= 0 && it < 1,
  );
  let last = -Infinity;
  let pressure = 0;
  return () => {
    const now = performance.now();
    if (now - last >= 50 || now < last) {
      last = now;
      const share = heapShare() ?? 0;
      pressure = Math.min(1, Math.max(0, (share - from) / (1 - from)));
    }
    return pressure;
  };
}

/**
 * The highest of several pressures.
 *
 * @example Usage
 * ```ts
 * import { highest } from "@golib/runner/admission";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(highest(() => 0.2, () => 0.7)(), 0.7);
 * ```
 *
 * @param readers Each read in turn.
 * @returns a reader for the option `pressure` of a gate.
 */
export function highest(...readers: readonly PressureReader[]): PressureReader {
  for (const each of readers) {
    typed("join pressures", "reader", each, "function");
  }
  return () => Math.max(0, ...readers.map((read) => read()));
}
