/**
 * Who may work now: {@linkcode Gate} lets in what matters first, as much as there
 * is room for, and refuses what has become pointless.
 *
 * @example A gate for a database, a report that gives way
 * ```ts
 * import { Gate } from "@golib/runner/admission";
 * import { Ticker } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const gate = new Gate({ concurrency: 4, maxWait: 500, reserve: { 10: 1 } });
 * const health = await gate.run(() => "ok", { priority: 10 });
 * const report = new Ticker(60_000, (signal) =>
 *   gate.run(() => {}, { priority: -1, signal }));
 * await report.start();
 * await report.stop();
 * await gate.close();
 * assertEquals(health, "ok");
 * ```
 *
 * @module
 */

export type { Lifecycle } from "../_internal/lifecycle.ts";
export type * from "../runner.ts";
export type { StartStop } from "../start_stop/mod.ts";
export { Gate } from "./gate.ts";
export { GateError, type GateRefusal } from "./gate_error.ts";
export type {
  AdaptiveOptions,
  GateAdmissionEvent,
  GateEvent,
  GateLoad,
  GateObserver,
  GateOptions,
  GateRunOptions,
  GateWork,
  LimitReader,
  ParentGate,
  PressureReader,
  ResourceLoad,
  WaitLoad,
} from "./options.ts";
export {
  heapUse,
  type HeapUseOptions,
  highest,
  loopLag,
  type LoopLagOptions,
} from "./pressure.ts";
