import { peek } from "../../_internal/errors.ts";
import { typed } from "../../_internal/validate.ts";
import { Guarded } from "./_guarded.ts";
import type { SpanLike, TracerLike } from "./tracer.ts";

/**
 * A function that does what another does, each call within a span, below the one
 * that is active.
 *
 * What it returns is what the other returns; the span ends when that has settled.
 * What it throws is recorded, but for an `AbortError`. A tracer that throws leaves
 * the function called once, without a span.
 *
 * @example Usage
 * ```ts
 * import { traced } from "@golib/runner/tracing";
 * import { assertEquals } from "@std/assert";
 *
 * const broken = {
 *   startSpan(): never {
 *     throw new Error("no tracer");
 *   },
 *   startActiveSpan(): never {
 *     throw new Error("no tracer");
 *   },
 * };
 * const double = traced(broken, "double", (value: number) => 2 * value);
 * assertEquals(double(21), 42);
 * ```
 *
 * @param tracer A tracer of OpenTelemetry, or Deno's own.
 * @param name The name of the spans; it holds nothing that differs from call to call.
 * @param fn The function.
 * @throws {TypeError} if an argument is not of its type.
 */
export function traced<Values extends unknown[], Result>(
  tracer: TracerLike,
  name: string,
  fn: (...values: Values) => Result,
): (...values: Values) => Result {
  const what = "trace a function";
  const guarded = new Guarded(what, tracer);
  typed(what, "name", name, "string");
  typed(what, "fn", fn, "function");
  const end = (span: SpanLike | undefined, error?: unknown) => {
    const isClean = error === undefined || peek(error, "name") === "AbortError";
    guarded.end(span, isClean ? undefined : error as Error);
  };
  return (...values) =>
    guarded.around(name, {}, (span) => {
      let result: Result;
      try {
        result = fn(...values);
      } catch (error) {
        end(span, error);
        throw error;
      }
      if (typeof peek(result, "then") !== "function") {
        end(span);
        return result;
      }
      // Asked once only: some begin to work when they are asked.
      const promise = result instanceof Promise
        ? result
        : Promise.resolve(result);
      promise.then(() => end(span), (error) => end(span, error));
      return promise as Result;
    });
}
