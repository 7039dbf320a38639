// What five nodes ask a Redis for with each tick of one schedule: ours, BullMQ's job
// scheduler, and ShedLock's way, a lock a node that is taken for a while.

import { spawn } from "node:child_process";
import { claimedTicker, Member } from "../../coordination/mod.ts";
import { redisStore } from "../../coordination/redis/mod.ts";
import { every } from "../../schedule/mod.ts";
import { redis, sleep } from "./servers.mjs";

const nodes = 5;
const period = 1_000;
const ticks = 20;
const ms = ticks * period;

/** Counts what clients send; what their scripts do in the server is not theirs. */
async function counted(port) {
  const monitor = spawn("redis-cli", ["-p", String(port), "monitor"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const kinds = {};
  let rest = "";
  monitor.stdout.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const each of lines) {
      const [, from, name] = /^[\d.]+ \[\d+ (\S+)\] "(\w+)"/.exec(each) ?? [];
      if (!from || from === "lua") continue;
      kinds[name.toLowerCase()] = (kinds[name.toLowerCase()] ?? 0) + 1;
    }
  });
  await sleep(500);
  return { kinds, end: () => monitor.kill() };
}

async function measured(port, runs) {
  // Past what is asked for once.
  await sleep(3_000 - Date.now() % period + period / 2);
  const before = runs();
  const counter = await counted(port);
  await sleep(ms);
  counter.end();
  return { made: runs() - before, kinds: counter.kinds };
}

const contenders = {
  async ours(port, { Redis }) {
    let runs = 0;
    const all = [];
    for (let index = 0; index < nodes; index++) {
      const client = new Redis(port, "127.0.0.1");
      client.on("error", () => {});
      const node = new Member(redisStore({ client }), { printErrors: false });
      await node.start();
      const ticker = claimedTicker(every(period), () => void runs++, node, {
        key: "tick",
        printErrors: false,
      });
      await ticker.start();
      all.push({ client, node, ticker });
    }
    const result = await measured(port, () => runs);
    for (const { client, node, ticker } of all) {
      await ticker.stop();
      await node.stop();
      client.disconnect();
    }
    return result;
  },

  async BullMQ(port, { Queue, Worker }) {
    let runs = 0;
    const connection = {
      host: "127.0.0.1",
      port,
      maxRetriesPerRequest: null,
    };
    const workers = [];
    for (let index = 0; index < nodes; index++) {
      const worker = new Worker("tick", () => {
        runs++;
        return Promise.resolve();
      }, { connection });
      worker.on("error", () => {});
      await worker.waitUntilReady();
      workers.push(worker);
    }
    const queue = new Queue("tick", { connection });
    queue.on("error", () => {});
    await queue.upsertJobScheduler("tick", { every: period }, {
      opts: { removeOnComplete: true },
    });
    const result = await measured(port, () => runs);
    await queue.close();
    for (const each of workers) await each.close();
    return result;
  },

  async ShedLock(port, { Redis }) {
    let runs = 0;
    const atMost = 10 * period;
    const atLeast = period / 2;
    const all = Array.from({ length: nodes }, () => {
      const client = new Redis(port, "127.0.0.1");
      client.on("error", () => {});
      let timer;
      const plan = () => {
        timer = setTimeout(tick, period - Date.now() % period);
      };
      const tick = async () => {
        plan();
        const began = Date.now();
        if (await client.set("lock", "here", "PX", atMost, "NX") !== "OK") {
          return;
        }
        runs++;
        // It is kept for a while, so that a clock that is late finds it taken.
        const left = Math.max(1, began + atLeast - Date.now());
        await client.set("lock", "here", "PX", left, "XX");
      };
      plan();
      return {
        end() {
          clearTimeout(timer);
          client.disconnect();
        },
      };
    });
    const result = await measured(port, () => runs);
    for (const each of all) each.end();
    return result;
  },
};

/** Rows of what, seen and goal. */
export async function requestsATick(add) {
  const { Redis } = await import("ioredis");
  const { Queue, Worker } = await import("bullmq");
  for (const [name, play] of Object.entries(contenders)) {
    const { port } = await redis();
    const { made, kinds } = await play(port, { Redis, Queue, Worker });
    const sum = Object.values(kinds).reduce((one, other) => one + other, 0);
    const each = Object.entries(kinds).map(([kind, count]) =>
      `${kind} ${(count / made).toFixed(1)}`
    );
    add(
      `requests a tick on Redis, five nodes, ${name}`,
      `${(sum / made).toFixed(1)} (${each.join(", ")})`,
      name === "ours" ? "8" : "",
    );
  }
}
