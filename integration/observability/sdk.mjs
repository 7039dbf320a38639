// A tracer and a meter of an SDK, which send what they have to a receiver. The
// packages are given, as each version of the SDK has its own beside its setup.mjs.

import process from "node:process";

/** What the programs need of an SDK. */
export function sdkOf({
  context,
  trace,
  AsyncLocalStorageContextManager,
  OTLPTraceExporter,
  Protobuf,
  MeterProvider,
  MetricReader,
  BatchSpanProcessor,
  TracerProvider,
}) {
  /** Sends to a URL; `flush` resolves once all is sent. */
  function setUp(url) {
    context.setGlobalContextManager(
      new AsyncLocalStorageContextManager().enable(),
    );
    const isBinary =
      process.env["OTEL_EXPORTER_OTLP_PROTOCOL"] === "http/protobuf";
    const Exporter = isBinary ? Protobuf : OTLPTraceExporter;
    const exporter = new Exporter({ url: `${url}/v1/traces` });
    const processor = new BatchSpanProcessor({ exporter });
    const provider = new TracerProvider({ spanProcessors: [processor] });
    trace.setGlobalTracerProvider(provider);
    return {
      tracer: trace.getTracer("runners"),
      flush: () => provider.forceFlush(),
    };
  }

  /** The identity of the span that is active, to cross over to a worker. */
  function carry() {
    const active = trace.getSpanContext(context.active());
    if (!active) return undefined;
    const { traceId, spanId, traceFlags } = active;
    return { traceId, spanId, traceFlags };
  }

  /** Does something below a span of another process. */
  function receive(carried, work) {
    const remote = { ...carried, isRemote: true };
    return context.with(trace.setSpanContext(context.active(), remote), work);
  }

  class Reader extends MetricReader {
    onShutdown() {}
    onForceFlush() {}
  }

  /** A meter, and what it has collected by the name of the metric. */
  function meterOf() {
    const reader = new Reader();
    const provider = new MeterProvider({ readers: [reader] });
    return {
      meter: provider.getMeter("runners"),
      async collect() {
        const { resourceMetrics, errors } = await reader.collect();
        if (errors.length > 0) throw errors[0];
        return Object.fromEntries(
          resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).map((
            { descriptor, dataPoints },
          ) => [
            descriptor.name,
            dataPoints.map(({ attributes, value }) => ({ attributes, value })),
          ]),
        );
      },
    };
  }

  return { setUp, carry, receive, meterOf };
}
