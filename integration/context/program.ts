// What `main.mjs` runs on each engine: spans of one of OpenTelemetry's SDKs, made
// by the functions of runs, and whose children they are. The last line is JSON.
//
//   program.ts 2|3

import process from "node:process";
import { StartStop, Ticker, untilAborted } from "../../mod.ts";

interface Span {
  readonly parentSpanId?: string;
  readonly parentSpanContext?: { readonly spanId: string };
  spanContext(): { readonly spanId: string };
  end(): void;
}

interface Tracer {
  startActiveSpan<T>(name: string, work: (span: Span) => T): T;
}

const [kind] = process.argv.slice(2);
const sdk = await import(`../observability/sdk${kind}/setup.mjs`) as {
  setUp(url: string): { tracer: Tracer } | Promise<{ tracer: Tracer }>;
};
// Nothing is sent: the spans are asked themselves.
const { tracer } = await sdk.setUp("http://127.0.0.1:9");

const requests = new Map<string, string>();
const parents: Record<string, Set<string>> = {};

/** Makes a span, and notes in which request it is. */
function work(name: string): void {
  tracer.startActiveSpan(name, (span) => {
    const parent = span.parentSpanContext?.spanId ?? span.parentSpanId ?? "";
    (parents[name] ??= new Set()).add(requests.get(parent) ?? parent);
    span.end();
  });
}

/** A request with a span of its own, which ends with it. */
function request<T>(name: string, handle: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, async (span) => {
    requests.set(span.spanContext().spanId, name);
    try {
      return await handle();
    } finally {
      span.end();
    }
  });
}

const pause = (ms: number) =>
  new Promise<void>((resolve) => void setTimeout(resolve, ms));
const ticking = (name: string, context: "keep" | "none" = "keep") =>
  new Ticker(20, async () => {
    work(name);
    await pause(1);
    work(`${name}, later`);
  }, { name, context });

const [first, second, alone] = ["first", "second", "alone"].map((name) =>
  ticking(name)
);
const none = ticking("none", "none");
// The first arms the timer that all of them share.
await request("request 1", () => first!.start());
await request("request 2", () => second!.start());
await request("request 3", () => none.start());
await alone!.start();

const byHand = new Ticker(60_000, () => work("by hand"));
await byHand.start();
await request("request 4", () => byHand.tick());

let runs = 0;
const service = new StartStop(async (signal) => {
  work(`run ${runs++}`);
  await untilAborted(signal);
  // The next has to wait.
  await pause(30);
}, () => work(`stop of run ${runs - 1}`));
await request("request A", () => service.start());
const restarts = [
  request("request B", () => service.restart()),
  request("request C", () => service.restart()),
];
await Promise.all(restarts);
await request("request D", () => service.stop());

await pause(300);
for (const each of [first, second, alone, none, byHand]) await each!.stop();
console.log(
  JSON.stringify(
    Object.fromEntries(
      Object.entries(parents).map(([name, all]) => [name, [...all]]),
    ),
  ),
);
process.exit(0);
