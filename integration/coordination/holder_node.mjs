// A node that has some keys until it is killed: for the figures.

import { appendFileSync } from "node:fs";
import process from "node:process";
import { StartStop, untilAborted } from "../../mod.ts";
import { Elected, Member } from "../../coordination/mod.ts";
import { storeOf } from "./chaos/stores.mjs";

const { store, urls, ttl, count, log } = JSON.parse(process.argv[2]);
const member = new Member(await storeOf(store, urls), {
  ttl,
  printErrors: false,
});
await member.start();
let held = 0;
for (let index = 0; index < count; index++) {
  const elected = new Elected(
    () =>
      new StartStop((signal) => {
        if (++held === count) appendFileSync(log, "held\n");
        return untilAborted(signal);
      }),
    member,
    { key: `key ${index}`, printErrors: false },
  );
  void elected.start();
}
process.stdin.on("end", () => process.exit(0)).resume();
