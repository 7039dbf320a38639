import { peek } from "../../_internal/errors.ts";
import { says } from "../../_internal/validate.ts";
import { momentOf } from "./_family.ts";
import { insideOf, type Metrics } from "./metrics.ts";

/** What an observable instrument of OpenTelemetry gives a callback. */
export interface ObserverLike {
  /** Says a value, and of what. */
  observe(value: number, attributes?: Record<string, string>): void;
}

/** An observable instrument of OpenTelemetry. */
export interface InstrumentLike {
  /** Has a function called at each collection. */
  addCallback(callback: (result: ObserverLike) => void): void;
  /** Undoes `addCallback`. */
  removeCallback(callback: (result: ObserverLike) => void): void;
}

/** A meter of OpenTelemetry, by its shape. */
export interface MeterLike {
  /** Makes a counter that is read. */
  createObservableCounter(
    name: string,
    options?: { description?: string; unit?: string },
  ): InstrumentLike;
  /** Makes a gauge that is read. */
  createObservableGauge(
    name: string,
    options?: { description?: string; unit?: string },
  ): InstrumentLike;
}

/**
 * Gives the numbers to OpenTelemetry, by instruments that are read when they are
 * collected: nothing is done for a tick.
 *
 * The names are those of the text, with dots and without `_total`, as is the custom
 * there; of the durations there are the sum and the count. The attribute is
 * `runner`. The number of runners stays within `maxRunners`.
 *
 * @example Usage
 * ```ts
 * import { meter, Metrics } from "@golib/runner/metrics";
 * import type { MeterLike } from "@golib/runner/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * const made: string[] = [];
 * const instrument = { addCallback() {}, removeCallback() {} };
 * const create = (name: string) => (made.push(name), instrument);
 * const otelMeter: MeterLike = {
 *   createObservableCounter: create,
 *   createObservableGauge: create,
 * };
 * meter(new Metrics(), otelMeter);
 * assertEquals(made[0], "golib_runner.ticks");
 * ```
 *
 * @param metrics What counts.
 * @param otelMeter A meter of OpenTelemetry's API.
 * @returns the way to leave.
 * @throws {TypeError} if it is no meter.
 */
export function meter(metrics: Metrics, otelMeter: MeterLike): () => void {
  for (const key of ["createObservableCounter", "createObservableGauge"]) {
    if (typeof peek(otelMeter, key) !== "function") {
      const what = "give metrics to OpenTelemetry";
      throw new TypeError(says(what, "otelMeter", "a meter", otelMeter));
    }
  }
  const { prefix, families, rows } = insideOf(metrics);
  const undo: (() => void)[] = [];
  for (const { name, type, help, read } of families) {
    const suffixes = type === "histogram" ? ["_sum", "_count"] : [""];
    for (const suffix of suffixes) {
      const full = `${prefix}.${name}${suffix}`;
      const instrument = type === "gauge"
        ? otelMeter.createObservableGauge(full, { description: help })
        : otelMeter.createObservableCounter(full, { description: help });
      const callback = (result: ObserverLike) => {
        const moment = momentOf();
        for (const row of rows()) {
          read(row, (value, part) => {
            if (part.suffix !== suffix) return;
            const attributes: Record<string, string> = { runner: row.path };
            for (const [, key, text] of part.labels.matchAll(LABEL)) {
              attributes[key!] = JSON.parse(text!) as string;
            }
            result.observe(value, attributes);
          }, moment);
        }
      };
      instrument.addCallback(callback);
      undo.push(() => instrument.removeCallback(callback));
    }
  }
  return () => undo.forEach((each) => each());
}

const LABEL = /(\w+)=("(?:[^"\\]|\\.)*")/g;
