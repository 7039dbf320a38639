// The program that `killed_in_all_ways.ts` kills: a connection to PostgreSQL, an
// HTTP server and two tickers under one supervisor, run by `main`.

import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { Socket } from "node:net";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { Ticker, untilAborted } from "@golib/runner";
import { httpServer } from "@golib/runner/http";
import { Resource } from "@golib/runner/resource";
import { main } from "@golib/runner/shutdown";
import { Supervisor } from "@golib/runner/supervisor";

const port = Number(process.argv[2]);
let isReady = true;
let served = 0;

/** One connection, which is lost with the server. */
const database = new Resource({
  name: "database",
  printErrors: false,
  async open(signal) {
    const socket = new Socket();
    const client = new pg.Client({
      host: "127.0.0.1",
      port,
      user: "postgres",
      database: "postgres",
      stream: () => socket,
    });
    // While it connects it says the same by a rejection.
    client.on("error", () => {});
    try {
      await untilAborted(signal, client.connect());
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return client;
  },
  close: (client) => client.end(),
  watch: (client, lost) => {
    client.on("error", lost);
    client.on("end", lost);
  },
});

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url!, "http://localhost");
  if (pathname === "/ready") response.statusCode = isReady ? 200 : 503;
  if (pathname === "/slow") await delay(Number(searchParams.get("ms")));
  try {
    await database.use((client) => client.query("SELECT 1"));
  } catch {
    response.statusCode = 503;
  }
  served++;
  response.end(`${pathname}\n`);
}

const http = httpServer({
  server: () =>
    createServer((request, response) => void answer(request, response)),
  hostname: "127.0.0.1",
  linger: 100,
  printErrors: false,
  observer(event) {
    if (event.type === "error") console.log(`http: ${event.error.message}`);
  },
});
const check = new Ticker(200, async () => {
  await database.value.query("SELECT 1");
}, { name: "check", printErrors: false });
const report = new Ticker(60_000, () => console.log(`served ${served}`), {
  name: "report",
});

const program = new Supervisor([
  { runner: database },
  { runner: http, dependsOn: ["database"] },
  { runner: check, dependsOn: ["database"] },
  { runner: report, dependsOn: [] },
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
  onReady: () => console.log(`port ${http.url.port}`),
  notReady() {
    isReady = false;
    console.log("not ready");
  },
});
