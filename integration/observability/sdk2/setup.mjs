// The packages of this SDK; what is done with them stands in ../sdk.mjs.

import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as Protobuf } from "@opentelemetry/exporter-trace-otlp-proto";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { sdkOf } from "../sdk.mjs";

export const { setUp, carry, receive, meterOf } = sdkOf({
  context,
  trace,
  AsyncLocalStorageContextManager,
  OTLPTraceExporter,
  Protobuf,
  MeterProvider,
  MetricReader,
  BatchSpanProcessor,
  TracerProvider,
});
