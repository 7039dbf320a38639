// The program that `killed_in_all_ways.ts` kills: a database, an HTTP server and
// two tickers under one supervisor, run by `main`.

import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import process from "node:process";
import {
  type StartControl,
  StartStop,
  Ticker,
  untilAborted,
} from "../../mod.ts";
import { main } from "../../shutdown/mod.ts";
import { Supervisor } from "../../supervisor/mod.ts";
import { Database } from "./postgres.ts";

const [port] = process.argv.slice(2);
const database = new Database(Number(port));
let isReady = true;
let served = 0;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url!, "http://localhost");
  if (pathname === "/ready") response.statusCode = isReady ? 200 : 503;
  if (pathname === "/slow") await delay(Number(searchParams.get("ms")));
  try {
    await database.query("SELECT 1");
  } catch {
    response.statusCode = 503;
  }
  served++;
  response.end(`${pathname}\n`);
}

async function serve(
  signal: AbortSignal,
  { ready, force }: StartControl,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const work = answer(request, response);
    inFlight.add(work);
    void work.finally(() => inFlight.delete(work));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  console.log(`port ${(server.address() as AddressInfo).port}`);
  ready();
  await untilAborted(signal);
  void untilAborted(force).then(() => server.closeAllConnections());
  // Those who ask meanwhile are refused; those who have asked are answered.
  await once(server.close(), "close");
  await Promise.all(inFlight);
}

const http = new StartStop(serve, undefined, {
  name: "http",
  awaitReady: true,
  printErrors: false,
});
const check = new Ticker(200, async () => {
  await database.query("SELECT 1");
}, { name: "check", printErrors: false });
const report = new Ticker(60_000, () => console.log(`served ${served}`), {
  name: "report",
});

const program = new Supervisor([
  { runner: database },
  { runner: http, dependsOn: ["database"] },
  { runner: check, dependsOn: ["database"] },
  { runner: report },
], {
  name: "program",
  printErrors: false,
  stopTimeout: 2_000,
  backoff: { initial: 10_000, random: () => 1 },
  observer(event) {
    if (event.type === "restart") {
      console.log(`restart of ${event.children.join(", ")} in ${event.delay}`);
    }
    if (event.type === "state") console.log(event.to);
    if (event.type === "error") console.log(`error: ${event.error.message}`);
  },
});

await main(program, {
  drainDelay: 300,
  notReady() {
    isReady = false;
    console.log("not ready");
  },
});
