/** Why a gate refuses a run. */
export type GateRefusal = "full" | "late" | "closed";

/**
 * A gate has refused a run, whose work was not called.
 *
 * @example Usage
 * ```ts
 * import { Gate, GateError } from "@golib/runner/admission";
 * import { assertEquals } from "@std/assert";
 *
 * const gate = new Gate({ concurrency: 1, maxWaiting: 0 });
 * const first = gate.run(() => "done");
 * const second = await gate.run(() => "never").catch((error) => error);
 *
 * assertEquals(second instanceof GateError && second.why, "full");
 * assertEquals(await first, "done");
 * ```
 */
export class GateError extends Error {
  /** The name of the class. */
  override readonly name = "GateError";
  /**
   * `full`: as many wait as may wait, and all come before it. `late`: `maxWait` has passed. `closed`: the
   * gate is closed.
   */
  readonly why: GateRefusal;
  /**
   * After how many milliseconds another try may do better, by the pace of the
   * last runs; `undefined` where the gate is closed or has no pace yet.
   */
  readonly retryAfter: number | undefined;

  /**
   * Makes an error.
   *
   * @param message What was refused, and why, in words.
   * @param why Why, for programs.
   * @param retryAfter In milliseconds.
   */
  constructor(message: string, why: GateRefusal, retryAfter?: number) {
    super(message);
    this.why = why;
    this.retryAfter = retryAfter;
  }
}
