/** The identity of a span. */
export interface SpanContextLike {
  /** Names the trace. */
  readonly traceId: string;
  /** Names the span within it. */
  readonly spanId: string;
  /** Whether it is recorded, among others. */
  readonly traceFlags: number;
}

/** What a span is begun with. */
export interface SpanOptionsLike {
  /** Whether it begins a trace, whatever is active. */
  root?: boolean;
  /** Spans that it follows from, beside its parent. */
  links?: { context: SpanContextLike }[];
  /** What is known of it. */
  attributes?: Record<string, string | number | boolean>;
}

/** A span, by its shape. */
export interface SpanLike {
  /** Its identity. */
  spanContext(): SpanContextLike;
  /** Adds what has become known of it. */
  setAttribute(key: string, value: string | number | boolean): unknown;
  /** Says how it ended: 1 is well, 2 is an error. */
  setStatus(status: { code: number }): unknown;
  /** Keeps what it failed with. */
  recordException(error: Error): void;
  /** Ends it. */
  end(): void;
}

/** A tracer, by its shape: those of OpenTelemetry and of Deno are. */
export interface TracerLike {
  /** Begins a span. */
  startSpan(name: string, options?: SpanOptionsLike): SpanLike;
  /** Begins a span that is active while a function is called, and what follows. */
  startActiveSpan(
    name: string,
    options: SpanOptionsLike,
    work: (span: SpanLike) => unknown,
  ): unknown;
}
