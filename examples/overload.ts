// An API that stays quick under four times what it can do: health checks and
// paying customers go first, a crawler and a nightly report give way. One table, a
// line a second.
//
//   node --import tsx examples/overload.ts [--seconds N]
//   deno run --allow-net examples/overload.ts
//   bun examples/overload.ts

import process from "node:process";
import { parseArgs } from "node:util";
import { Gate, GateError, loopLag } from "../admission/mod.ts";
import { httpServer } from "../http/mod.ts";
import { Ticker } from "../mod.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "5" } },
});

// The database can answer 20 queries at once, in 20 ms each: 1,000 a second.
const PLACES = 20;
const query = () => new Promise((resolve) => setTimeout(resolve, 20));

const kinds = [
  { name: "health check", priority: 10, perSecond: 20 },
  { name: "customer", priority: 5, perSecond: 600 },
  { name: "crawler", priority: 0, perSecond: 2_400 },
  { name: "report", priority: -5, perSecond: 1_000 },
];

const gate = new Gate({
  name: "database",
  concurrency: PLACES,
  // One place that only health checks may take.
  reserve: { 10: 1 },
  // Who has waited for longer has left by now.
  maxWait: 1_000,
  maxWaiting: 500,
  // The report too comes in some time.
  aging: 5_000,
  pressure: loopLag({ max: 1_000 }),
});

const server = httpServer({
  name: "api",
  hostname: "127.0.0.1",
  port: 0,
  fetch: async (request) => {
    const priority = Number(request.headers.get("x-priority") ?? 0);
    try {
      await gate.run(query, { priority });
      return new Response("ok\n");
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      const seconds = Math.ceil((error.retryAfter ?? 1_000) / 1_000);
      return new Response(`${error.why}\n`, {
        status: 503,
        headers: { "retry-after": String(seconds) },
      });
    }
  },
});

/** What has come of one kind of clients in this second. */
const counts = kinds.map(() => ({
  done: 0,
  refused: 0,
  times: [] as number[],
}));

// Health checks come by HTTP. The others call the gate as the handler does, so
// that the table shows the gate and not what a thousand sockets cost.
async function call(index: number): Promise<void> {
  const { priority } = kinds[index]!;
  const count = counts[index]!;
  const began = performance.now();
  try {
    if (priority === 10) {
      const headers = { "x-priority": "10" };
      const answer = await fetch(server.url, { headers });
      await answer.body?.cancel();
      if (!answer.ok) throw new GateError("refused", "full");
    } else await gate.run(query, { priority });
    count.done++;
    count.times.push(performance.now() - began);
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    count.refused++;
  }
}

const calls = new Set<Promise<void>>();
const clients = new Ticker(10, (_signal, { missed }) => {
  for (const [index, { perSecond }] of kinds.entries()) {
    // Points that were missed count, so that a slow machine has the same load.
    const many = perSecond / 100 * (1 + missed);
    const whole = Math.floor(many) + (Math.random() < many % 1 ? 1 : 0);
    for (let left = whole; left > 0; left--) {
      const one = call(index).finally(() => calls.delete(one));
      calls.add(one);
    }
  }
}, { name: "clients" });

const table = new Ticker(1_000, () => {
  const cells = kinds.map(({ name }, index) => {
    const { done, refused, times } = counts[index]!;
    const [p99 = 0] = times.sort((a, b) => b - a)
      .slice(Math.floor(times.length / 100));
    counts[index] = { done: 0, refused: 0, times: [] };
    return `${name} ${done} done, ${refused} refused, p99 ${p99.toFixed()} ms`;
  });
  const { running, waiting } = gate.load();
  console.log(`${running} at work, ${waiting} wait | ${cells.join(" | ")}`);
}, { name: "table" });

await server.start();
await clients.start();
await table.start();
await new Promise((resolve) =>
  setTimeout(resolve, Number(values.seconds) * 1_000 + 100)
);
await clients.stop();
await table.stop();
await server.stop();
// Refuses what waits, and lets what runs end.
await gate.close();
await Promise.all(calls);

const { admitted, refused, waits } = gate.load();
console.log(
  `${admitted} were let in, ${refused.full + refused.late} refused; half of ` +
    `those that waited did so for ${waits.p50.toFixed()} ms at most`,
);
process.exitCode = admitted > 0 ? 0 : 1;

// Prints:
//
// N at work, N wait | health check N done, N refused, p99 N ms | customer N done, N refused, p99 N ms | crawler N done, N refused, p99 N ms | report N done, N refused, p99 N ms
// ...
// N were let in, N refused; half of those that waited did so for N ms at most
