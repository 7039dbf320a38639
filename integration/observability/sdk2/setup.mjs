// A tracer and a meter of this SDK, which send what they have to a receiver.

import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import process from "node:process";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as Protobuf } from "@opentelemetry/exporter-trace-otlp-proto";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** Sends to a URL; `flush` resolves once all is sent. */
export function setUp(url) {
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
export function carry() {
  const active = trace.getSpanContext(context.active());
  if (!active) return undefined;
  const { traceId, spanId, traceFlags } = active;
  return { traceId, spanId, traceFlags };
}

/** Does something below a span of another process. */
export function receive(carried, work) {
  const remote = { ...carried, isRemote: true };
  return context.with(trace.setSpanContext(context.active(), remote), work);
}

class Reader extends MetricReader {
  onShutdown() {}
  onForceFlush() {}
}

/** A meter, and what it has collected by the name of the metric. */
export function meterOf() {
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
