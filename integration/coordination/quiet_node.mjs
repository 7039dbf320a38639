// A node whose watch is quiet for long, and has to hint all the same.

import process from "node:process";
import { StartStop, untilAborted } from "../../mod.ts";
import { Elected, Member } from "../../coordination/mod.ts";
import { etcdStore } from "../../coordination/etcd/mod.ts";

const { urls } = JSON.parse(process.argv[2]);
// A poll in its place would come after a ttl.
const member = new Member(etcdStore({ endpoints: urls }), { ttl: 600_000 });
const elected = new Elected(
  () =>
    new StartStop((signal) => {
      console.log("leads");
      return untilAborted(signal);
    }),
  member,
  { key: "quiet" },
);
await member.start();
await elected.start();
console.log("waits");
process.stdin.on("end", () => process.exit(0)).resume();
