import { bag, finite, says, timeout } from "../_internal/validate.ts";

/**
 * A fake clock that goes on by so many milliseconds when it is told: a function,
 * or what has one under the name that test runners give it.
 */
export type SteppedClock =
  | ((ms: number) => unknown)
  | { tick(ms: number): unknown }
  | { advanceTimersByTime(ms: number): unknown };

/** Options of {@linkcode advance}. */
export interface AdvanceOptions {
  /**
   * Milliseconds that the clock goes on at once. Timers within one step are called
   * together: let it be less than the shortest interval.
   *
   * @default 1
   */
  readonly step?: number | undefined;
}

// So many promises one after the other are more than a tick of any test has.
const TURNS = 20;

function stepOf(what: string, clock: SteppedClock): (ms: number) => unknown {
  if (typeof clock === "function") return clock;
  const named = Object(clock) as Record<string, unknown>;
  for (const name of ["tick", "advanceTimersByTime"]) {
    const step = named[name];
    if (typeof step === "function") return (ms) => step.call(clock, ms);
  }
  const expected = "a function, or have 'tick' or 'advanceTimersByTime'";
  throw new TypeError(says(what, "clock", expected, clock));
}

/**
 * Has a fake clock go on, step by step, and lets promises settle after each.
 *
 * Some fake clocks set the time on at once and only then call what became due, as
 * that of `node:test`: a ticker sees one late tick then, and many that were missed.
 * Others call one timer after the other, but let no promise settle between, as
 * that of `bun:test`: ticks that wait are one long tick then. Stepped by this, both
 * do as real time would.
 *
 * @example With node:test
 * ```ts ignore
 * import { advance } from "@golib/runner/testing";
 * import { mock } from "node:test";
 *
 * mock.timers.enable({ apis: ["setTimeout", "Date"] });
 * await ticker.start();
 * await advance(3_600_000, mock.timers, { step: 500 });
 * ```
 *
 * @example Usage
 * ```ts
 * import { advance } from "@golib/runner/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const steps: number[] = [];
 * await advance(1_200, (ms) => steps.push(ms), { step: 500 });
 * assertEquals(steps, [500, 500, 200]);
 * ```
 *
 * @param ms How far, in milliseconds.
 * @param clock What goes on.
 * @param options `step`, how far at once.
 * @returns a promise that resolves when the clock has gone so far. It rejects with
 * what the clock throws, and with a `TypeError` or `RangeError` for bad input.
 */
export async function advance(
  ms: number,
  clock: SteppedClock,
  options?: AdvanceOptions,
): Promise<void> {
  const what = "advance a clock";
  timeout(what, "ms", ms);
  finite(what, "ms", ms);
  const go = stepOf(what, clock);
  const { step = 1 } = bag(what, options);
  finite(what, "step", step, 0);
  for (let left = ms; left > 0; left -= step) {
    await go(Math.min(step, left));
    for (let turn = 0; turn < TURNS; turn++) await undefined;
  }
}
