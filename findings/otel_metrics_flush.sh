#!/usr/bin/env bash
# Guess, before trying: `forceFlush()` of OpenTelemetry's metric reader rejects when the
# exporter answers that the export has failed, as `forceFlush()` of its batch processor
# of spans does; with delta temporality the counts of that export come with the next.
#
# Seen with sdk-metrics and sdk-trace-base: the spans' flush rejects, the metrics' flush
# resolves, and the counts of the failed export come no more. So a program that flushes
# its metrics at the end and waits is told of no loss.
#
# Exits with 1 if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  @opentelemetry/api@1.9.1 @opentelemetry/sdk-metrics@2.12.1 \
  @opentelemetry/sdk-trace-base@2.12.1
cat >look.mjs <<'EOT'
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

// An exporter as the interface asks for it; SUCCESS is 0, FAILED is 1.
let code = 1;
let last;
const answer = (data, callback) => {
  last = data;
  callback({ code, error: code ? new Error("collector down") : undefined });
};
const rest = { forceFlush: async () => {}, shutdown: async () => {} };
const ends = (promise) => promise.then(() => "resolves", () => "rejects");

const reader = new PeriodicExportingMetricReader({
  exporter: {
    ...rest,
    export: answer,
    selectAggregationTemporality: () => AggregationTemporality.DELTA,
  },
  exportIntervalMillis: 3_600_000,
});
const meters = new MeterProvider({ readers: [reader] });
const counter = meters.getMeter("look").createCounter("runs");
counter.add(5);
const metrics = await ends(reader.forceFlush());

const spans = new BatchSpanProcessor({ ...rest, export: answer });
const tracers = new BasicTracerProvider({ spanProcessors: [spans] });
tracers.getTracer("look").startSpan("run").end();
const traces = await ends(spans.forceFlush());

code = 0;
counter.add(2);
await reader.forceFlush();
const { value } = last.scopeMetrics[0].metrics[0].dataPoints[0];
console.log(`metrics: ${metrics}; spans: ${traces}; next: ${value} of 7`);
process.exit(0);
EOT
seen=$(node look.mjs)
echo "node $(node --version), sdk-metrics 2.12.1, sdk-trace-base 2.12.1: $seen"
[ "$seen" = "metrics: resolves; spans: rejects; next: 2 of 7" ]
