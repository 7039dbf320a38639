// The figures of docs/coordination.md: `npm run bench:coordination`, some minutes.
// Parts of it: `npm run bench:coordination -- claims tick peers idle kills clean many`.

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { printTable } from "../../_tools/table.mjs";
import { StartStop, untilAborted } from "../../mod.ts";
import { claimedTicker, Elected, Member } from "../../coordination/mod.ts";
import { etcdStore } from "../../coordination/etcd/mod.ts";
import { every } from "../../schedule/mod.ts";
import { storeOf } from "./chaos/stores.mjs";
import { binaryOf } from "./debian.mjs";
import { kubernetes } from "./kubernetes_fake.mjs";
import { requestsATick } from "./peers.mjs";
import * as servers from "./servers.mjs";

const { sleep, until } = servers;
const quiet = { printErrors: false };
const asked = process.argv.slice(3);
const wants = (part) => asked.length === 0 || asked.includes(part);
const rows = [];
const add = (what, value, goal = "") => {
  rows.push([what, value, goal]);
  console.log(`${what}: ${value}`);
};
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const signal = () => AbortSignal.timeout(20_000);

const base = servers.folder("figures");
const program = join(base, "holder.mjs");
await build({
  entryPoints: [fileURLToPath(new URL("holder_node.mjs", import.meta.url))],
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2022",
  outfile: program,
  external: ["pg-native", "cloudflare:sockets"],
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module"; ' +
      "const require = makeRequire(import.meta.url);",
  },
});

/** A process that holds so many keys. */
async function holder(store, urls, ttl, count) {
  const log = join(base, `log ${Math.random()}`);
  writeFileSync(log, "");
  const values = JSON.stringify({ store, urls, ttl, count, log });
  const child = spawn(process.execPath, [program, values], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  await until("a holder", () => readFileSync(log, "utf8").includes("held"));
  return child;
}

const etcd = await servers.etcd();
const [url] = etcd.urls;
const store = etcdStore({ endpoints: url });

// Claims: one compare and set each.
if (wants("claims")) {
  const session = await store.open("figures", 60_000, signal());
  const one = async (key, count) => {
    let version = 0n;
    for (let index = 0; index < count; index++) {
      version = await session.write(key, String(index), version, signal());
    }
  };
  await one("d/cursor/warm", 200);
  let began = performance.now();
  await one("d/cursor/one", 1_000);
  add(
    "claims a second, one at a time",
    (1_000_000 / (performance.now() - began)).toFixed(0),
    "500",
  );
  began = performance.now();
  await Promise.all(
    Array.from({ length: 32 }, (_, index) => one(`d/cursor/many${index}`, 150)),
  );
  add(
    "claims a second, 32 at once",
    (32 * 150_000 / (performance.now() - began)).toFixed(0),
    "1500",
  );
  await session.close(signal());
}

// Five nodes, one schedule: what a tick costs.
if (wants("tick")) {
  let requests = 0;
  const counted = etcdStore({
    endpoints: url,
    prefix: "five/",
    fetch: (path, init) => {
      if (path.includes("/kv/")) requests++;
      return fetch(path, init);
    },
  });
  const nodes = Array.from(
    { length: 5 },
    () => new Member(counted, { ttl: 60_000, ...quiet }),
  );
  for (const each of nodes) await each.start();
  let runs = 0;
  const tickers = nodes.map((node) =>
    claimedTicker(every(500), () => void runs++, node, {
      key: "tick",
      ...quiet,
    })
  );
  for (const each of tickers) await each.start();
  await sleep(2_250);
  const before = { requests, runs };
  await sleep(10_000);
  const ticks = runs - before.runs;
  add(
    "requests a tick, five nodes",
    ((requests - before.requests) / ticks).toFixed(1),
    "8",
  );
  for (const each of [...tickers, ...nodes]) await each.stop();
}

// The same on Redis, beside peers.
if (wants("peers")) await requestsATick(add);

// 1,000 schedules that are not due: what they add to a member alone.
if (wants("idle")) {
  let requests = 0;
  const counted = etcdStore({
    endpoints: url,
    prefix: "idle/",
    fetch: (path, init) => {
      requests++;
      return fetch(path, init);
    },
  });
  const node = new Member(counted, { ttl: 15_000, ...quiet });
  await node.start();
  const measured = async (what) => {
    await sleep(8_000);
    requests = 0;
    const cpu = process.cpuUsage();
    await sleep(30_000);
    const { user, system } = process.cpuUsage(cpu);
    add(
      `${what}: % of a core, requests in 30 s`,
      `${((user + system) / 300_000).toFixed(2)}, ${requests}`,
      "0.5",
    );
  };
  await measured("a member alone");
  const far = {
    nextRun: (after) => new Date((Math.floor(+after / 864e5) + 1) * 864e5),
  };
  const tickers = Array.from(
    { length: 1_000 },
    (_, index) =>
      claimedTicker(far, () => {}, node, { key: `idle ${index}`, ...quiet }),
  );
  for (const each of tickers) await each.start();
  await measured("with 1,000 idle schedules");
  for (const each of tickers) await each.stop();
  await measured("and alone again");
  await node.stop();
}

// From a kill to the next leader.
async function kills(kind, urls, ttl, count) {
  const times = [];
  for (let round = 0; round < count; round++) {
    const child = await holder(kind, urls, ttl, 1);
    const member = new Member(await storeOf(kind, urls), { ttl, ...quiet });
    let began;
    const elected = new Elected(
      () =>
        new StartStop((own) => (began = performance.now(), untilAborted(own))),
      member,
      { key: "key 0", ...quiet },
    );
    await member.start();
    await elected.start();
    await sleep(500 + Math.random() * ttl);
    child.kill("SIGKILL");
    const killed = performance.now();
    await until("the next leader", () => began);
    times.push(began - killed);
    await elected.stop();
    await member.stop();
  }
  const text = times.map((each) => (each / 1_000).toFixed(2)).join(", ");
  const { longestHandover } = (await storeOf(kind, urls)).traits;
  add(
    `kill to next leader, ${kind}, ttl ${ttl / 1_000} s`,
    `${text} s`,
    `${longestHandover(ttl) / 1_000 + 1} s`,
  );
}

/** From the stop of a leader to the next one. */
async function clean(kind, urls, ttl, count) {
  const times = [];
  let began;
  const nodes = [];
  for (let index = 0; index < 2; index++) {
    const member = new Member(await storeOf(kind, urls), { ttl, ...quiet });
    const make = () =>
      new StartStop((own) => (began = performance.now(), untilAborted(own)));
    const elected = new Elected(make, member, { key: "clean", ...quiet });
    await member.start();
    await elected.start();
    nodes.push({ member, elected });
  }
  for (let round = 0; round < count; round++) {
    await until("a leader", () => nodes.some((each) => each.elected.isLeader));
    await sleep(300);
    const leader = nodes.find((each) => each.elected.isLeader);
    began = undefined;
    const stopped = performance.now();
    await leader.elected.stop();
    await until("the next leader", () => began);
    times.push(began - stopped);
    await leader.elected.start();
  }
  for (const { member, elected } of nodes) {
    await elected.stop();
    await member.stop();
  }
  times.sort((a, b) => a - b);
  add(
    `clean hand-over, ${kind}, median and longest of ${count}`,
    `${median(times).toFixed(0)} and ${times.at(-1).toFixed(0)} ms`,
    "250 ms",
  );
}

const wantsKills = wants("kills");
const wantsClean = wants("clean");
async function both(kind, urls, ttls, rounds) {
  if (wantsClean) await clean(kind, urls, Math.max(...ttls), 9);
  if (wantsKills) {
    for (const ttl of ttls) {
      await kills(kind, urls, ttl, rounds);
    }
  }
}
if (wantsKills || wantsClean) {
  await both("etcd", etcd.urls, [2_000, 5_000], 3);
  const redis = await servers.redis();
  await both("redis", [`redis://127.0.0.1:${redis.port}`], [3_000], 3);
  const postgres = await servers.postgres();
  if (postgres) {
    await both("postgres", [`http://127.0.0.1:${postgres.port}`], [3_000], 3);
  }
  const api = await kubernetes();
  await both("kubernetes", [api.url], [3_000], 3);
  api.close();
  const binary = binaryOf("bullseye", "consul", "usr/bin/consul");
  if (binary && servers.runs(binary)) {
    const consul = await servers.consul(binary);
    await both("consul", [consul.url], [10_000], 2);
  }
}

// 10,000 elections.
if (wants("many")) {
  const ttl = 5_000;
  const count = 10_000;
  const child = await holder("etcd", etcd.urls, ttl, count);
  const renewals = [];
  let gone;
  const timed = etcdStore({
    endpoints: url,
    fetch: async (path, init) => {
      const began = performance.now();
      const answer = await fetch(path, init);
      if (path.endsWith("/keepalive")) renewals.push(performance.now() - began);
      return answer;
    },
  });
  const member = new Member(timed, { ttl, ...quiet });
  let held = 0;
  let first;
  let last;
  await member.start();
  const elections = Array.from({ length: count }, (_, index) =>
    new Elected(
      () =>
        new StartStop((own) => {
          first ??= performance.now();
          if (++held === count) last = performance.now();
          return untilAborted(own);
        }),
      member,
      { key: `key ${index}`, ...quiet },
    ));
  for (const each of elections) void each.start();
  await sleep(4_000);
  child.kill("SIGKILL");
  const killed = performance.now();
  member.observe((event) => {
    if (event.type === "member" && event.left.length > 0) {
      gone ??= performance.now();
    }
  });
  await until("all 10,000", () => last);
  add(
    "10,000 elections: all taken over after the end of the session",
    `${((last - Math.min(gone ?? first, first)) / 1_000).toFixed(2)} s`,
    "2 s",
  );
  add(
    "and after the kill, ttl 5 s",
    `${((last - killed) / 1_000).toFixed(2)} s`,
  );
  renewals.length = 0;
  const began = performance.now();
  await sleep(15_000);
  add(
    "renewals in a ttl",
    (renewals.length * ttl / (performance.now() - began)).toFixed(1),
    "3",
  );
  add(
    "a renewal, median and longest",
    `${median(renewals).toFixed(1)} and ${Math.max(...renewals).toFixed(1)} ms`,
    "10 ms",
  );
  const stopping = performance.now();
  await Promise.all(elections.map((each) => each.stop()));
  add(
    "10,000 given up",
    `${((performance.now() - stopping) / 1_000).toFixed(2)} s`,
  );
  await member.stop();
}
console.log();
printTable(["what", "seen", "goal"], rows);
await servers.stopAll();
process.exit(0);
