/** One node of the checker: it leads when it can, and writes while it does. */

import { appendFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { StartStop } from "../../../mod.ts";
import { Elected, Member } from "../../../coordination/mod.ts";
import { storeOf } from "./stores.mjs";

const { store: kind, urls, ttl, log, name, mode } = JSON.parse(
  process.argv[2],
);

// Its wall clock can be set; what is written down goes by the monotonic one.
const { now: wall } = Date;
let shift = 0;
Date.now = () => wall() + shift;
// In whole milliseconds of one scale for all processes of this machine.
const began = performance.timeOrigin;
const monotonic = () => began + performance.now();

function write(event) {
  const line = JSON.stringify({ t: monotonic(), name, ...event });
  appendFileSync(log, `${line}\n`);
}

function act(lease) {
  const fence = String(lease.fence);
  const until = monotonic() + lease.remaining;
  write({ act: true, fence, until });
}

const member = new Member(await storeOf(kind, urls), {
  name,
  ttl,
  startTimeout: Infinity,
  printErrors: false,
});
const elected = new Elected(
  (lease) =>
    new StartStop(async (signal, { force }) => {
      write({
        begin: true,
        fence: String(lease.fence),
        until: monotonic() + lease.remaining,
      });
      signal.addEventListener("abort", () =>
        write({ told: true, fence: String(lease.fence) }));
      force.addEventListener("abort", () =>
        write({ force: true, fence: String(lease.fence) }));
      try {
        while (!signal.aborted) {
          await new Promise((resolve) =>
            setTimeout(resolve, 40)
          );
          // Without the look at the clock the signal is all there is, and it may be
          // late: this is what the checker has to find.
          if (signal.aborted) {
            break;
          }
          if (mode === "clock") {
            lease.check();
          }
          act(lease);
        }
      } finally {
        write({ end: true, fence: String(lease.fence) });
      }
    }, { printErrors: false }),
  member,
  { key: "leader", printErrors: false },
);

elected.observe((event) => {
  if (event.type === "overrun") {
    write({ overrun: true, fence: String(event.fence) });
  }
});
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => shift = Number(line));
lines.on("close", () => process.exit(0));
process.on("SIGTERM", () => {
  void (async () => {
    await elected.stop().catch(() => {});
    await member.stop().catch(() => {});
    write({ left: true });
    process.exit(0);
  })();
});
await elected.start();
await member.start();
write({ joined: true });
