// OpenTelemetry's SDKs and Deno's own: what a receiver is sent is looked at.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import {
  assert,
  atEnd,
  check,
  engineOf,
  root,
  runSync,
  startFile,
  until,
} from "./_parts.mjs";

const PROTOBUF = "application/x-protobuf";
const require = createRequire(import.meta.url);
// The last release that ships what decodes as well as what encodes.
const { opentelemetry } = require(
  "@opentelemetry/otlp-transformer/build/src/generated/root.js",
);
const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

const hex = (bytes) => Buffer.from(bytes ?? []).toString("hex");

/** What a request holds, as it would as JSON. */
function decoded(body) {
  const { resourceSpans } = ExportTraceServiceRequest.toObject(
    ExportTraceServiceRequest.decode(body),
  );
  const ids = (each) => ({
    ...each,
    traceId: hex(each.traceId),
    spanId: hex(each.spanId),
  });
  return resourceSpans.map(({ scopeSpans }) => ({
    scopeSpans: scopeSpans.map(({ spans }) => ({
      spans: spans.map((each) => ({
        ...ids(each),
        parentSpanId: hex(each.parentSpanId),
        links: each.links?.map(ids),
      })),
    })),
  }));
}

/** A receiver of OTLP over HTTP, as JSON or as protobuf. */
async function receiver() {
  const types = new Set();
  const spans = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const isZipped = request.headers["content-encoding"] === "gzip";
      if (request.url === "/v1/traces") {
        const plain = isZipped ? gunzipSync(body) : body;
        const type = request.headers["content-type"];
        types.add(type);
        const all = type === PROTOBUF
          ? decoded(plain)
          : JSON.parse(String(plain)).resourceSpans;
        for (const { scopeSpans } of all) {
          for (const each of scopeSpans) spans.push(...each.spans);
        }
      }
      const { "content-type": type } = request.headers;
      response.setHeader("content-type", type);
      response.end(type === PROTOBUF ? "" : "{}");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(() => server.close());
  return { spans, types, url: `http://127.0.0.1:${server.address().port}` };
}

/** Whether a tick, and what it did, are as they are to be. */
function judge(spans) {
  const named = (name) => spans.filter((each) => each.name === name);
  const byId = new Map(spans.map((each) => [each.spanId, each]));
  for (const name of ["a", "b"]) {
    const ticks = named(`tick ${name}`).sort((one, other) =>
      Number(BigInt(one.startTimeUnixNano) - BigInt(other.startTimeUnixNano))
    );
    assert.ok(ticks.length >= 2, `${ticks.length} ticks of ${name}`);
    for (const [index, tick] of ticks.entries()) {
      assert.ok(!tick.parentSpanId, `a tick of ${name} has a parent`);
      const links = tick.links ?? [];
      assert.equal(links.length, index ? 1 : 0);
      if (index) assert.equal(links[0].spanId, ticks[index - 1].spanId);
      const below = spans.filter(({ parentSpanId }) =>
        parentSpanId === tick.spanId
      );
      assert.deepEqual(below.map((each) => each.name).sort(), [
        "after the await",
        "before the await",
      ]);
      assert.ok(below.every(({ traceId }) => traceId === tick.traceId));
      assert.ok(
        tick.attributes.some(({ key, value }) =>
          key === "runner.path" && value.stringValue === name
        ),
      );
    }
    assert.equal(
      new Set(ticks.map(({ traceId }) => traceId)).size,
      ticks.length,
    );
  }
  const failed = named("tick a").filter(({ status }) => status?.code === 2);
  assert.ok(failed.length > 0, "no tick has failed");
  assert.equal(failed[0].events?.[0]?.name, "exception");
  assert.equal(named("tick often").length, 0);
  const [refused, started] = named("start db");
  assert.equal(refused.status.code, 2);
  assert.equal(started.links[0].spanId, refused.spanId);
  assert.equal(named("stop db").length, 1);
  for (const name of ["request 1", "request 2", "request 3"]) {
    const [request] = named(name);
    const below = [...byId.values()].filter(({ traceId, spanId }) =>
      traceId === request.traceId && spanId !== request.spanId
    );
    // The ticks that a request's ticker does go on when it has ended. Those that
    // get no span of their own are below it, as those of any timer would be.
    assert.ok(
      below.every((each) =>
        name === "request 3" && each.name === "before the await"
      ),
      JSON.stringify(below.map((each) => each.name)),
    );
  }
}

/** Whether what a worker does is below the span of whoever has called it. */
function judgeWorker(spans) {
  const [request] = spans.filter(({ name }) => name === "request 4");
  const calls = spans.filter(({ name }) => name === "inside the worker");
  const deep = spans.filter(({ name }) => name === "deep inside");
  assert.equal(calls.length, 2);
  const below = calls.filter(({ parentSpanId }) => parentSpanId);
  // The other was called from no span.
  assert.equal(below.length, 1);
  assert.equal(below[0].parentSpanId, request.spanId);
  assert.equal(below[0].traceId, request.traceId);
  const inner = deep.filter(({ traceId }) => traceId === request.traceId);
  assert.equal(inner[0].parentSpanId, below[0].spanId);
}

/** Runs the program to its end. */
async function traced(id, kind, env = {}) {
  const { spans, types, url } = await receiver();
  const program = startFile(engineOf(id), "traced_program.ts", [kind, url], {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_BSP_SCHEDULE_DELAY: "200",
    ...env,
  });
  const { code } = await program.ended;
  assert.equal(code, 0, program.said.err);
  const [, one, other] = /^ticks (\d+) (\d+)$/m.exec(program.said.out);
  assert.ok(Number(one) >= 4);
  assert.equal(one, other, "the work was done once a tick");
  return { spans, types, program };
}

export async function run() {
  const own = `node${process.versions.node.split(".")[0]}`;
  const sdks = [["node20", "2"], ["node24", "3"], ["bun", "3"], ["deno", "3"]];
  // Side by side, as most of it is waiting.
  const checks = sdks.map(([id, kind]) =>
    check(`${id}: OpenTelemetry's SDK ${kind}`, async () => {
      const { spans, program } = await traced(id === "node20" ? own : id, kind);
      judge(spans);
      judgeWorker(spans);
      const metrics = JSON.parse(/^metrics (.*)$/m.exec(program.said.out)[1]);
      assert.deepEqual(metrics["golib_runner.ticks"], [
        { attributes: { runner: "counted", outcome: "success" }, value: 2 },
        { attributes: { runner: "counted", outcome: "error" }, value: 0 },
      ]);
    })
  );
  const protobuf = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" };
  const binary = sdks.map(([id, kind]) =>
    check(`${id}: OpenTelemetry's SDK ${kind}, by protobuf`, async () => {
      const engine = id === "node20" ? own : id;
      const { spans, types } = await traced(engine, kind, protobuf);
      assert.deepEqual([...types], [PROTOBUF]);
      judge(spans);
    })
  );
  await Promise.all([...checks, ...binary]);
  await check("deno: its own, with OTEL_DENO", async () => {
    const { spans } = await traced("deno", "deno", { OTEL_DENO: "true" });
    await until(
      "the last span",
      () => spans.some(({ name }) => name === "stop db"),
      10_000,
    );
    judge(spans);
  });
  await check("deno: its own, by protobuf, which is its default", async () => {
    const env = { OTEL_DENO: "true", OTEL_EXPORTER_OTLP_PROTOCOL: undefined };
    const { spans, types } = await traced("deno", "deno", env);
    await until(
      "the last span",
      () => spans.some(({ name }) => name === "stop db"),
      10_000,
    );
    assert.deepEqual([...types], [PROTOBUF]);
    judge(spans);
  });
  await check(
    "deno: its own, without OTEL_DENO: the work is done",
    async () => {
      const { spans, program } = await traced("deno", "deno");
      assert.equal(spans.length, 0);
      const lines = program.said.err.match(/^Recovering process/gm) ?? [];
      assert.equal(lines.length, 1, program.said.err);
    },
  );
  await check("the types of OpenTelemetry's tracers and meters fit", () => {
    const { status, stdout } = runSync(process.execPath, [
      `${root}_tools/lint/node_modules/typescript/bin/tsc`,
      "--project",
      "tsconfig.json",
    ]);
    assert.equal(status, 0, stdout);
  });
}
