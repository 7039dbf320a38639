/**
 * Lifecycle management for long-running services and periodic tasks, on nothing
 * but `AbortSignal` and timers, for every JavaScript runtime.
 *
 * - {@linkcode StartStop} starts a service, stops it gracefully and restarts it.
 * - {@linkcode Ticker} does periodic work that never overlaps and never drifts.
 * - {@linkcode runNbr}, {@linkcode runTick}, {@linkcode recoveryCaller} and
 *   {@linkcode untilAborted} are the tools beside them.
 *
 * @example A worker and a heartbeat on one signal
 * ```ts
 * import { StartStop, Ticker, untilAborted } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const life = new AbortController();
 * const worker = new StartStop((signal) => untilAborted(signal));
 * const heartbeat = new Ticker(1_000, () => {});
 *
 * await worker.start({ signal: life.signal });
 * await heartbeat.start({ signal: life.signal });
 * assertEquals([worker.state, heartbeat.state], ["running", "running"]);
 *
 * life.abort();
 * await Promise.all([worker.finished(), heartbeat.finished()]);
 * assertEquals([worker.state, heartbeat.state], ["stopped", "stopped"]);
 * ```
 *
 * @module
 */

export type { Lifecycle } from "./_internal/lifecycle.ts";
export type {
  ChildEntry,
  ErrorPhase,
  ErrorRecord,
  Errors,
  FinishedOptions,
  Observer,
  Runner,
  RunnerErrorEvent,
  RunnerEvent,
  RunnerListeningEvent,
  RunnerNoticeEvent,
  RunnerOptions,
  RunnerState,
  RunnerStateEvent,
  RunnerTickEvent,
  Schedule,
  StartOptions,
  StopOptions,
} from "./runner.ts";
export {
  type StartControl,
  type StartFunction,
  StartStop,
  type StartStopOptions,
  type StopFunction,
} from "./start_stop/mod.ts";
export {
  type TickControl,
  Ticker,
  type TickerOptions,
  type TickFunction,
  type TickOptions,
} from "./ticker/mod.ts";
export {
  recoveryCaller,
  runNbr,
  type RunNbrOptions,
  runTick,
  type RunTickOptions,
  untilAborted,
} from "./tools.ts";
