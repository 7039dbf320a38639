// The suites of all stores, side by side; see main.mjs.

import process from "node:process";
import { consulStore } from "../../coordination/consul/mod.ts";
import { etcdStore } from "../../coordination/etcd/mod.ts";
import { kubernetesStore } from "../../coordination/kubernetes/mod.ts";
import { memoryStore } from "../../coordination/memory/mod.ts";
import { postgresStore } from "../../coordination/postgres/mod.ts";
import { redisStore } from "../../coordination/redis/mod.ts";
import { claims } from "./claims.mjs";
import { cases } from "./conformance.mjs";
import { binaryOf } from "./debian.mjs";
import { faults } from "./faults.mjs";
import { kubernetes } from "./kubernetes_fake.mjs";
import * as servers from "./servers.mjs";

const values = process.argv.slice(2);
const asked = values.filter((each) => !each.startsWith("--"));
const option = (name) =>
  values.find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3);

const has = (binary) => binary && servers.runs(binary);

/** Each starts its server, and makes a store of its own for each client it has. */
const worlds = {
  memory: () => ({ stores: { memory: memoryStore() }, ttl: 1_000 }),
  "etcd-3.4": () => etcdWorld("etcd"),
  "etcd-3.5": () =>
    etcdWorld(
      binaryOf("sid", "etcd-server", "usr/bin/etcd") ??
        binaryOf("trixie", "etcd-server", "usr/bin/etcd"),
    ),
  consul: async () => {
    const binary = binaryOf("bullseye", "consul", "usr/bin/consul");
    if (!has(binary)) return undefined;
    const server = await servers.consul(binary);
    return {
      server,
      stores: { consul: consulStore({ endpoints: server.url }) },
      ttl: 10_000,
    };
  },
  postgres: async () => {
    const server = await servers.postgres();
    if (!server) return undefined;
    const { default: pg } = await import("pg");
    const { default: postgres } = await import("postgres");
    const connection = {
      host: "127.0.0.1",
      port: server.port,
      user: "postgres",
      database: "postgres",
    };
    const pool = new pg.Pool({ ...connection, max: 12 });
    pool.on("error", () => {});
    const sql = postgres({ ...connection, max: 12, onnotice: () => {} });
    return {
      server,
      pool,
      stores: {
        pg: postgresStore({ client: pool, prefix: "by_pg" }),
        "postgres.js": postgresStore({ client: sql, prefix: "by_js" }),
      },
      ttl: 1_000,
      end: () => Promise.all([pool.end(), sql.end({ timeout: 1 })]),
    };
  },
  redis: async () => {
    if (!has("redis-server")) return undefined;
    const server = await servers.redis();
    const { createClient } = await import("redis");
    const { Redis } = await import("ioredis");
    const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
    client.on("error", () => {});
    await client.connect();
    const other = new Redis(server.port, "127.0.0.1");
    other.on("error", () => {});
    return {
      server,
      stores: {
        redis: redisStore({ client, prefix: "{a}:" }),
        ioredis: redisStore({ client: other, prefix: "{b}:" }),
      },
      ttl: 1_000,
      end: () => {
        client.destroy();
        other.disconnect();
      },
    };
  },
  kubernetes: async () => {
    const url = option("server");
    const server = url ? { url, close() {} } : await kubernetes();
    const token = url ? option("token") : "right";
    return {
      server,
      label: url ? "a real API server" : "a fake that replays its answers",
      stores: {
        kubernetes: kubernetesStore({ endpoint: server.url, token }),
      },
      ttl: 2_000,
      end: () => server.close(),
    };
  },
};

async function etcdWorld(binary) {
  if (!has(binary)) return undefined;
  const server = await servers.etcd(binary);
  return {
    server,
    binary,
    stores: { etcd: etcdStore({ endpoints: server.urls }) },
    ttl: 2_000,
  };
}

let passed = 0;
let failed = 0;
let skipped = 0;

async function run(name, body) {
  let timer;
  try {
    await Promise.race([
      body(),
      new Promise((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error("not within 60 s")), 60_000);
      }),
    ]);
    passed++;
  } catch (error) {
    failed++;
    console.log(`FAILED  ${name}\n${error?.stack ?? error}`);
  } finally {
    clearTimeout(timer);
  }
}

async function suite(kind) {
  const own = Object.entries({ ...faults, ...claims }).filter(([, { on }]) =>
    on.includes(kind)
  );
  const began = performance.now();
  let world;
  try {
    world = await worlds[kind]();
  } catch (error) {
    failed++;
    console.log(`FAILED  ${kind} does not start\n${error?.stack ?? error}`);
    return;
  }
  if (!world) {
    const count = Object.keys(cases).length + own.length;
    skipped += count;
    console.log(`${kind}: not installed, ${count} cases skipped`);
    return;
  }
  for (const [client, store] of Object.entries(world.stores)) {
    for (const [name, body] of Object.entries(cases)) {
      const opened = [];
      const signal = () => AbortSignal.timeout(10_000);
      const open = async (label, ttl) => {
        const session = await store.open(label, ttl, signal());
        opened.push(session);
        return session;
      };
      await run(
        `${kind}, ${client}: ${name}`,
        () => body({ open, ttl: world.ttl, traits: store.traits }),
      );
      await Promise.all(
        opened.map((each) => each.close(signal()).catch(() => {})),
      );
    }
  }
  for (const [name, { body }] of own) {
    await run(`${kind}: ${name}`, () => body(world, kind));
  }
  await world.end?.();
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  const label = world.label ? ` (${world.label})` : "";
  console.log(
    `${kind}${label}: ${
      Object.keys(world.stores).length
    } client(s), ${seconds} s`,
  );
}

const kinds = Object.keys(worlds).filter((kind) =>
  asked.length === 0 || asked.some((each) => kind.startsWith(each))
);
if (kinds.length === 0) {
  console.error(`none of ${asked}: there are ${Object.keys(worlds)}`);
  process.exit(2);
}
await Promise.all(kinds.map(suite));
await servers.stopAll();
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
