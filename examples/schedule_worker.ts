// A cron trigger of Cloudflare Workers. A worker has no timers of its own between
// two requests: the platform calls, and the ticker does what it always does with a
// tick. It never overlaps, and keeps and tells its errors. `Deno.cron` and a
// function behind a queue go the same way.

import { Ticker } from "../mod.ts";

interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

let orders = 3;
const report = new Ticker(3_600_000, async () => {
  await Promise.resolve();
  if (orders === 0) throw new Error("nothing was ordered");
  console.log(`${orders} orders`);
}, { name: "report", tickTimeout: 25_000, printErrors: false });

const worker = {
  scheduled(_event: { cron: string }, _env: unknown, context: Context): void {
    context.waitUntil(
      report.tick().then(() => {
        const error = report.errorsLast();
        if (error) console.log(`failed: ${error.message}`);
      }, (error) => console.log(error.message)),
    );
  },
};
export default worker;

// What the platform does, here at once.
const waits: Promise<unknown>[] = [];
const context: Context = { waitUntil: (promise) => void waits.push(promise) };
worker.scheduled({ cron: "0 * * * *" }, {}, context);
worker.scheduled({ cron: "0 * * * *" }, {}, context);
await Promise.all(waits);
orders = 0;
worker.scheduled({ cron: "0 * * * *" }, {}, context);
await Promise.all(waits);

// Prints:
//
// 3 orders
// Cannot tick "report": a tick or a stop is in flight
// failed: nothing was ordered
