/**
 * Traces of what runners do, by any tracer that looks like OpenTelemetry's: a span
 * for each tick, each start and each stop.
 *
 * @example A function within a span
 * ```ts
 * import { traced, type TracerLike } from "@golib/runner/tracing";
 * import { assertEquals } from "@std/assert";
 *
 * const ended: string[] = [];
 * const begin = (name: string) => ({
 *   spanContext: () => ({ traceId: "1", spanId: "2", traceFlags: 1 }),
 *   setAttribute() {},
 *   setStatus() {},
 *   recordException() {},
 *   end: () => void ended.push(name),
 * });
 * const tracer: TracerLike = {
 *   startSpan: begin,
 *   startActiveSpan: (name, _options, work) => work(begin(name)),
 * };
 * const load = traced(tracer, "load", (id: number) => Promise.resolve(id));
 * assertEquals(await load(7), 7);
 * assertEquals(ended, ["load"]);
 * ```
 *
 * @module
 */

export { instrument, type InstrumentOptions } from "./instrument.ts";
export { traced } from "./traced.ts";
export type {
  SpanContextLike,
  SpanLike,
  SpanOptionsLike,
  TracerLike,
} from "./tracer.ts";
