/**
 * Counters of what runners do, as Prometheus, OpenMetrics and OpenTelemetry read
 * them.
 *
 * @example A scrape of a runner
 * ```ts
 * import { Metrics } from "@golib/runner/metrics";
 * import { Ticker } from "@golib/runner";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const metrics = new Metrics();
 * const report = new Ticker(60_000, () => {}, { name: "report" });
 * const leave = metrics.watch(report);
 * await report.tick();
 *
 * assertStringIncludes(
 *   metrics.text(),
 *   'golib_runner_ticks_total{runner="report",outcome="success"} 1\n',
 * );
 * leave();
 * ```
 *
 * @module
 */

export {
  type InstrumentLike,
  meter,
  type MeterLike,
  type ObserverLike,
} from "./meter.ts";
export { Metrics } from "./metrics.ts";
export type { MetricsOptions, MetricsTextOptions } from "./options.ts";
export type { RunnerMetrics, TickDurations } from "./reading.ts";
export type { MetricsFormat } from "./format.ts";
export type { RecentTick } from "./recent.ts";
