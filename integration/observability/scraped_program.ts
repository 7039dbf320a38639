// A program to be scraped. Once it listens, nothing of it moves any more.
//
//   scraped_program.ts KIND     "names", or how many runners, with or without "cap"

import process from "node:process";
import { StartStop, Ticker, untilAborted } from "../../mod.ts";
import { httpServer } from "../../http/mod.ts";
import { Metrics } from "../../observability/metrics/mod.ts";

const [kind = "names", cap] = process.argv.slice(2);
const metrics = new Metrics({ maxRunners: cap === "cap" ? 1_000 : Infinity });

const hostile = [
  "plain",
  'say "hi"',
  "back\\slash",
  "two\nlines",
  "two\rlines",
  "half \ud800 pair",
  "half \udc00 pair",
  "ünï©ødé 🏃",
  '{runner="x"} 1\n# EOF\n',
  "x".repeat(10_000),
  "x".repeat(10_001),
  "a/b",
  "a%2Fb",
  "nul\u0000",
  "",
  " ",
];
const names = kind === "names"
  ? hostile
  : Array.from({ length: Number(kind) }, (_each, index) => `job ${index}`);

const totals = { success: 0, error: 0, skipped: 0 };
for (const [index, name] of names.entries()) {
  let turn = 0;
  const ticker = new Ticker(3_600_000, (_signal, control) => {
    turn++;
    if (turn % 3 === 0) throw new Error("no");
    if (turn === 2) control.skip();
  }, { name, printErrors: false });
  metrics.watch(ticker);
  const ticks = index % 7;
  for (let tick = 0; tick < ticks; tick++) await ticker.tick();
  totals.error += Math.floor(ticks / 3);
  totals.skipped += ticks >= 2 ? 1 : 0;
  totals.success += ticks - Math.floor(ticks / 3) - (ticks >= 2 ? 1 : 0);
  if (index === 0) await ticker.start();
}
const service = new StartStop((signal) => untilAborted(signal), {
  name: "service",
});
metrics.watch(service);
await service.start();
await service.restart();

const server = httpServer({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/expected") {
      return Response.json({ runners: names.length + 1, totals });
    }
    // As a client would be answered that knows the old format alone.
    if (pathname === "/plain") return metrics.handler(new Request(request.url));
    return metrics.handler(request);
  },
});
await server.start();
console.log(`listening ${server.url.port}`);
