// The tracers and meters of OpenTelemetry's API fit, as they are.

import { metrics, trace } from "@opentelemetry/api";
import { meter, Metrics } from "../../../observability/metrics/mod.ts";
import { instrument, traced } from "../../../observability/tracing/mod.ts";
import { Ticker } from "../../../mod.ts";

const tracer = trace.getTracer("runners");
instrument(new Ticker(1_000, () => {}), { tracer });
traced(tracer, "name", () => {});
meter(new Metrics(), metrics.getMeter("runners"));
