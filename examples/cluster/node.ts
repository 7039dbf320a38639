// One process of the cluster: a web part that all have, a mailer that one has, a
// report whose each run one makes, and a hundred pollers spread over all. Run by
// main.mjs, which starts three and a store.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { StartStop, untilAborted } from "../../mod.ts";
import {
  claimedTicker,
  Elected,
  Member,
  Sharded,
  type Store,
} from "../../coordination/mod.ts";
import { etcdStore } from "../../coordination/etcd/mod.ts";
import { postgresStore } from "../../coordination/postgres/mod.ts";
import { every } from "../../schedule/mod.ts";
import { main } from "../../shutdown/mod.ts";
import { Supervisor } from "../../supervisor/mod.ts";

const [name = "node", kind = "etcd", url = "http://127.0.0.1:2379"] = process
  .argv.slice(2);

interface Pool {
  end(): Promise<void>;
}
let pool: Pool | undefined;

async function storeOf(): Promise<Store> {
  if (kind === "etcd") return etcdStore({ endpoints: url, prefix: "shop/" });
  // Any `pg` or `postgres` client will do; this one is that of the tests.
  const clients = "../../integration/coordination/clients.mjs";
  const made = await import(clients) as { pool(url: string): Pool };
  pool = made.pool(url);
  return postgresStore({ client: pool, prefix: "shop" });
}

const node = new Member(await storeOf(), { name, ttl: 3_000 });
// It outlives the member, which needs it to leave.
const client = new StartStop(
  (signal) => untilAborted(signal),
  () => pool?.end(),
  { name: "client" },
);
let port = 0;
let reports = 0;
let lastReport = "";

const web = new StartStop(
  async (signal, { ready }) => {
    const server = createServer((_request, response) => {
      response.end(
        `${name}: ${mailer.isLeader ? "the mailer is here" : "hello"}\n`,
      );
    });
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", resolve)
    );
    port = (server.address() as AddressInfo).port;
    ready();
    await untilAborted(signal);
    server.close();
  },
  undefined,
  { name: "web", awaitReady: true },
);

const mailer = new Elected(
  (lease) =>
    new StartStop(
      async (signal) => {
        while (!signal.aborted) {
          lease.check();
          // Here a mail would go out, with `lease.fence` for the table of mails.
          await delay(500, undefined, { signal });
        }
      },
      undefined,
      { name: "mailer" },
    ),
  node,
  { key: "mailer", name: "mailer" },
);

const report = claimedTicker(
  // A nightly one would be cron("0 3 * * *").
  every(2_000),
  (_signal, { scheduledAt }) => {
    reports++;
    lastReport = new Date(scheduledAt).toISOString().slice(11, 19);
  },
  node,
  { key: "report" },
);

const hosts = Array.from({ length: 100 }, (_, index) => `host-${index}`);
const pollers = new Sharded(
  hosts,
  (host) =>
    new StartStop((signal) => untilAborted(signal), undefined, { name: host }),
  node,
  { name: "pollers", settle: 500 },
);

const status = new StartStop(
  async (signal) => {
    while (!signal.aborted) {
      console.log(JSON.stringify({
        ...{ name, port, reports, lastReport },
        mailer: mailer.isLeader,
        fence: String(mailer.fence ?? ""),
        pollers: pollers.keys().length,
      }));
      await delay(250, undefined, { signal });
    }
  },
  undefined,
  { name: "status" },
);

const app = new Supervisor([
  { runner: client },
  { runner: node, name: "member", dependsOn: ["client"] },
  { runner: web },
  { runner: mailer, dependsOn: ["member"] },
  { runner: report, dependsOn: ["member"] },
  { runner: pollers, dependsOn: ["member"] },
  { runner: status },
], { name, stopTimeout: 8_000 });
await main(app);
