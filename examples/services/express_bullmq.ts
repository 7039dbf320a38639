// A service that takes jobs and does them: Express, ioredis and a worker of BullMQ.
// It starts Redis itself where it is given none by REDIS_URL.
//
//   npm run services -- start express_bullmq

import { Queue, Worker } from "bullmq";
import express from "express";
import { Redis } from "ioredis";
import { createServer } from "node:http";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { Ticker } from "@golib/runner";
import { httpServer } from "@golib/runner/http";
import { Resource } from "@golib/runner/resource";
import { main } from "@golib/runner/shutdown";
import { type Child, Supervisor } from "@golib/runner/supervisor";
import { ownRedis, redis } from "./_own.ts";

const { REDIS_URL, PORT = "0" } = process.env;
const own = REDIS_URL === undefined ? ownRedis() : undefined;
const name = "mails";

/** A connection; BullMQ wants one for a worker that asks again for ever. */
function connect(): Redis {
  const client = new Redis(REDIS_URL ?? own!.value.url, {
    maxRetriesPerRequest: null,
  });
  // It connects anew by itself; without a listener this is printed by ioredis.
  client.on("error", ({ message }) => console.error(`redis: ${message}`));
  return client;
}

const client = new Resource({
  name: "client",
  async open(signal) {
    const client = connect();
    signal.addEventListener("abort", () => client.disconnect());
    await client.ping();
    return client;
  },
  close: (client) => client.disconnect(),
});

const queue = new Resource({
  name: "queue",
  async open() {
    const queue = new Queue(name, { connection: client.value });
    await queue.waitUntilReady();
    return queue;
  },
  close: (queue) => queue.close(),
});

const worker = new Resource({
  name: "worker",
  async open() {
    const connection = connect();
    const worker = new Worker(name, async ({ data }) => {
      await delay(data.ms);
      return `sent to ${data.to}`;
    }, { connection });
    worker.on("error", ({ message }) => console.error(`worker: ${message}`));
    await worker.waitUntilReady();
    return { worker, connection };
  },
  // It waits for the job that it has begun.
  async close({ worker, connection }) {
    await worker.close();
    connection.disconnect();
    console.log("the worker has finished");
  },
  stopTimeout: 10_000,
});

let isLeaving = false;
let waiting = 0;
const look = new Ticker(250, async () => {
  waiting = await queue.value.getWaitingCount();
}, { name: "look", tickTimeout: 5_000 });

function isReady(): boolean {
  const { total, failed, failedInARow } = look.ticks;
  return !isLeaving && total > failed && failedInARow === 0 && waiting < 1_000;
}

const app = express();
app.use(express.json());
app.get("/ready", (_request, response) => {
  response.status(isReady() ? 200 : 503).json({ ready: isReady(), waiting });
});
app.post("/jobs", async (request, response) => {
  const { to, ms = 50 } = request.body;
  const { id } = await queue.value.add("mail", { to, ms });
  response.status(202).json({ id });
});
app.get("/jobs/:id", async ({ params: { id } }, response) => {
  // The state first, for a job that is done to have its result.
  const state = await queue.value.getJobState(id);
  const job = await queue.value.getJob(id);
  if (!job) response.sendStatus(404);
  else response.json({ state, result: job.returnvalue });
});
// A request that takes a while, in flight when the program is asked to stop.
app.get("/slow", async (request, response) => {
  await delay(Number(request.query["ms"]));
  response.json({ redis: await client.value.ping() });
});

const http = httpServer({
  server: () => createServer(app),
  hostname: "127.0.0.1",
  port: Number(PORT),
});

const children: Child[] = [
  { runner: client, dependsOn: own ? ["redis server"] : [] },
  { runner: queue, dependsOn: ["client"] },
  { runner: worker, dependsOn: ["client"] },
  { runner: look, dependsOn: ["queue"] },
  { runner: http, dependsOn: ["queue", "worker"] },
];
if (own) children.push({ runner: own });

if (own && !redis) {
  console.log("Redis is not installed: apt-get install redis-server");
} else {
  await main(new Supervisor(children, { name: "mails", stopTimeout: 20_000 }), {
    onReady: () => console.log(`listening on ${http.url.href}`),
    notReady: () => isLeaving = true,
    drainDelay: 300,
  });
}
