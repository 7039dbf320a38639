/** Calls of a tracer, which may throw: the work is done all the same. */

import { peek } from "../../_internal/errors.ts";
import { recoveryCaller } from "../../tools.ts";
import { says } from "../../_internal/validate.ts";
import type { SpanLike, SpanOptionsLike, TracerLike } from "./tracer.ts";

/** Those of which it was said that they are broken. */
const broken = new WeakSet<object>();

/** A tracer that never breaks anything, and says once that it is broken. */
export class Guarded {
  readonly #tracer: TracerLike;

  constructor(what: string, tracer: TracerLike) {
    for (const key of ["startSpan", "startActiveSpan"]) {
      if (typeof peek(tracer, key) !== "function") {
        throw new TypeError(says(what, "tracer", "a tracer", tracer));
      }
    }
    this.#tracer = tracer;
  }

  /** Calls a function once, within a span where the tracer can make one. */
  around<T>(
    name: string,
    options: SpanOptionsLike,
    work: (span: SpanLike | undefined) => T,
  ): T {
    let done: { value?: T; error?: unknown; hasThrown: boolean } | undefined;
    const once = (span: SpanLike | undefined) => {
      if (done) return undefined;
      // Set first, for a tracer that calls again from within.
      done = { hasThrown: false };
      try {
        return done.value = work(span);
      } catch (error) {
        done = { error, hasThrown: true };
        throw error;
      }
    };
    try {
      this.#tracer.startActiveSpan(name, options, once);
    } catch (error) {
      if (!done?.hasThrown || done.error !== error) this.#say(error);
    }
    if (!done) {
      try {
        once(undefined);
      } catch {
        // Thrown below.
      }
    }
    if (done!.hasThrown) throw done!.error;
    return done!.value as T;
  }

  /** Begins a span; `undefined` where the tracer cannot. */
  begin(name: string, options: SpanOptionsLike): SpanLike | undefined {
    return this.safe(() => this.#tracer.startSpan(name, options));
  }

  /** Ends a span, with what it failed with. */
  end(span: SpanLike | undefined, error?: Error): void {
    if (!span) return;
    this.safe(() => {
      if (error) {
        span.recordException(error);
        span.setStatus({ code: 2 });
      }
    });
    this.safe(() => span.end());
  }

  /** Does something with a span. */
  safe<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#say(error);
      return undefined;
    }
  }

  #say(error: unknown): void {
    if (broken.has(this.#tracer)) return;
    broken.add(this.#tracer);
    recoveryCaller("tracer", error, "the work goes on without a trace");
  }
}
