// One node of the suites of claims and shards: its wall clock is shifted, and it
// writes down what it runs.

import { appendFileSync } from "node:fs";
import process from "node:process";
import { StartStop, untilAborted } from "../../mod.ts";
import { claimedTicker, Member, Sharded } from "../../coordination/mod.ts";
import { etcdStore } from "../../coordination/etcd/mod.ts";
import { every } from "../../schedule/mod.ts";

const { urls, log, name, shift, ttl, keys, interval, claims } = JSON.parse(
  process.argv[2],
);
const { now: wall } = Date;
Date.now = () => wall() + shift;
globalThis.Date = class extends Date {
  constructor(...values) {
    super(...(values.length > 0 ? values : [wall() + shift]));
  }
  static now() {
    return wall() + shift;
  }
};
const monotonic = () => performance.timeOrigin + performance.now();
const write = (event) =>
  appendFileSync(
    log,
    `${JSON.stringify({ t: monotonic(), name, ...event })}\n`,
  );

const member = new Member(etcdStore({ endpoints: urls }), {
  name,
  ttl,
  printErrors: false,
});
await member.start();
for (const [key, options] of Object.entries(claims ?? {})) {
  const { work = 0, ...rest } = options;
  const ticker = claimedTicker(
    every(interval),
    async (signal, { scheduledAt }, claim) => {
      write({ begin: key, at: scheduledAt, fence: String(claim.fence) });
      if (work) await new Promise((resolve) => setTimeout(resolve, work));
      if (!signal.aborted) write({ end: key, at: scheduledAt });
    },
    member,
    { key, printErrors: false, ...rest },
  );
  await ticker.start();
}
if (keys) {
  const list = Array.from({ length: keys }, (_, index) => `key ${index}`);
  const shards = new Sharded(
    list,
    (key) =>
      new StartStop(async (signal) => {
        write({ up: key });
        await untilAborted(signal);
        write({ down: key });
      }),
    member,
    { settle: 500 },
  );
  await shards.start();
  process.on("SIGTERM", async () => {
    await shards.stop().catch(() => {});
    await member.stop().catch(() => {});
    process.exit(0);
  });
}
write({ joined: true });
process.stdin.on("end", () => process.exit(0)).resume();
