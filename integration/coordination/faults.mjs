// What goes wrong on real servers, and how a store or a member says so. Each says
// which servers it is for.

import { equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { rmSync } from "node:fs";
import { StartStop, untilAborted } from "../../mod.ts";
import { Elected, Member } from "../../coordination/mod.ts";
import { consulStore } from "../../coordination/consul/mod.ts";
import { etcdStore } from "../../coordination/etcd/mod.ts";
import { kubernetesStore } from "../../coordination/kubernetes/mod.ts";
import { postgresStore } from "../../coordination/postgres/mod.ts";
import { redisStore } from "../../coordination/redis/mod.ts";
import { proxy } from "./proxy.mjs";
import * as servers from "./servers.mjs";

const { sleep, until } = servers;
const quiet = { printErrors: false };
const signal = () => AbortSignal.timeout(15_000);
const etcds = ["etcd-3.4", "etcd-3.5"];
const all = [...etcds, "consul", "postgres", "redis", "kubernetes"];

/** The end of a watch: what it failed with, after at most so long. */
async function ending(session, change, prefix = "k/") {
  const watch = session.watch(prefix, AbortSignal.timeout(30_000));
  await watch.next();
  const began = performance.now();
  await change();
  for (;;) {
    try {
      const { done } = await watch.next();
      if (done) throw new Error("it ended without an error");
    } catch (error) {
      return { error, ms: performance.now() - began };
    }
  }
}

async function post(url, path, body) {
  const answer = await fetch(url + path, {
    method: "POST",
    body: JSON.stringify(body),
  });
  return await answer.json();
}

/** Two nodes that stand for one key; the first leads. */
async function pair(store, ttl, key = `elected-${Math.random()}`) {
  const terms = [];
  const nodes = await Promise.all(["a", "b"].map(async (name) => {
    const member = new Member(store(name), { name, ttl, ...quiet });
    const elected = new Elected(
      (lease) =>
        new StartStop(async (own) => {
          terms.push({ name, lease, began: performance.now() });
          await untilAborted(own);
        }, quiet),
      member,
      { key, ...quiet },
    );
    await member.start();
    return { name, member, elected };
  }));
  await nodes[0].elected.start();
  await until("a leader", () => nodes[0].elected.isLeader);
  await nodes[1].elected.start();
  // It has looked once, and waits for a hint.
  await sleep(300);
  return { terms, first: nodes[0], second: nodes[1] };
}

async function stop({ first, second }) {
  for (const each of [first, second]) {
    await each.elected.stop().catch(() => {});
    await each.member.stop().catch(() => {});
  }
}

const storeOf = ({ stores }) => Object.values(stores)[0];

export const faults = {
  "a clean stop hands over within 250 ms": {
    on: all,
    body: async (world, kind) => {
      const { ttl } = world;
      const times = [];
      for (let round = 0; round < 3; round++) {
        const two = await pair(() => storeOf(world), Math.max(ttl, 6_000));
        const began = performance.now();
        await two.first.elected.stop();
        await until("the next leader", () => two.terms.length === 2);
        times.push(two.terms[1].began - began);
        ok(two.terms[1].lease.fence > two.terms[0].lease.fence);
        await stop(two);
      }
      times.sort((one, other) => one - other);
      console.log(
        `${kind}: clean hand-over ${
          times.map((each) => each.toFixed(0)).join(", ")
        } ms`,
      );
      // The best of three, as the machine may be busy.
      ok(times[0] <= 250, times.join());
    },
  },
  "endpoints that are down are a clear error, and tried again": {
    on: ["etcd-3.4"],
    body: async () => {
      const endpoints = [`http://127.0.0.1:${await servers.freePort()}`];
      const stores = [
        etcdStore({ endpoints }),
        consulStore({ endpoints }),
        kubernetesStore({ endpoint: endpoints[0] }),
      ];
      for (const store of stores) {
        const member = new Member(store, { startTimeout: 400, ...quiet });
        await rejects(member.start(), { name: "TimeoutError" });
        const [first] = member.errorsList();
        equal(first.name, "StoreError");
        equal(first.kind, "unavailable");
        match(first.message, /Cannot open a session|Cannot list Leases/);
        equal(member.state, "stopped");
      }
    },
  },
  "a wrong token is an error at once": {
    on: ["kubernetes"],
    body: async ({ server }) => {
      const store = kubernetesStore({ endpoint: server.url, token: "wrong" });
      const member = new Member(store, quiet);
      await rejects(member.start(), { name: "StoreError", kind: "refused" });
      equal(member.state, "stopped");
    },
  },
  "names and passwords, and tokens that have expired": {
    on: etcds,
    body: async ({ binary }) => {
      const server = await servers.etcd(binary, 1, [
        ...["--auth-token", "simple", "--auth-token-ttl", "1"],
      ]);
      const [url] = server.urls;
      await post(url, "/v3/auth/user/add", {
        name: "root",
        password: "secret",
      });
      await post(url, "/v3/auth/role/add", { name: "root" });
      await post(url, "/v3/auth/user/grant", { user: "root", role: "root" });
      await post(url, "/v3/auth/enable", {});
      const auth = { username: "root", password: "secret" };
      const session = await etcdStore({ endpoints: url, auth }).open(
        "a",
        5_000,
        signal(),
      );
      await session.take(["k/lock/a"], "a", signal());
      // Twice as long as a token lives.
      await sleep(2_500);
      equal((await session.list("k/", signal())).length, 1);
      for (
        const wrong of [
          { ...auth, password: "wrong" },
          { token: "wrong" },
          undefined,
        ]
      ) {
        const member = new Member(
          etcdStore({ endpoints: url, auth: wrong }),
          quiet,
        );
        await rejects(member.start(), { name: "StoreError" });
      }
    },
  },
  "a TTL below the minimum is granted as the minimum": {
    on: etcds,
    body: async (world) => {
      const session = await storeOf(world).open("a", 1_000, signal());
      equal(session.ttl, 2_000);
      await session.close(signal());
    },
  },
  "a TTL below the minimum is refused, and a member says so at once": {
    on: ["consul"],
    body: async (world) => {
      const store = storeOf(world);
      await rejects(store.open("a", 5_000, signal()), { kind: "refused" });
      let error;
      try {
        new Member(store, { ttl: 5_000 });
      } catch (thrown) {
        error = thrown;
      }
      equal(error?.name, "RangeError");
    },
  },
  "a watch of what was compacted goes on from now": {
    on: etcds,
    body: async ({ server }) => {
      const [url] = server.urls;
      const session = await etcdStore({ endpoints: url }).open(
        "a",
        10_000,
        signal(),
      );
      const [{ fence }] = await session.take(["k/lock/c"], "a", signal());
      await post(url, "/v3/kv/compaction", { revision: String(fence) });
      const watch = session.watch("k/", AbortSignal.timeout(10_000));
      equal((await watch.next()).value, undefined);
      await session.drop([{ key: "k/lock/c", fence }], signal());
      equal((await watch.next()).value, "k/lock/c");
      await watch.return();
      await session.close(signal());
    },
  },
  "a watch ends when its server is asked to end, and when it is killed": {
    on: etcds,
    body: async ({ binary }) => {
      for (const name of ["SIGTERM", "SIGKILL"]) {
        const server = await servers.etcd(binary);
        const session = await etcdStore({ endpoints: server.urls }).open(
          "a",
          5_000,
          signal(),
        );
        const { error, ms } = await ending(
          session,
          () => server.members[0].child.kill(name),
        );
        ok(error);
        ok(ms < 20_000, `${name}: ${ms} ms`);
      }
    },
  },
  "a watch on a member that has lost its quorum ends": {
    on: ["etcd-3.5"],
    body: async ({ binary }) => {
      const { members } = await servers.etcd(binary, 3);
      const url = `http://127.0.0.1:${members[0].port}`;
      const session = await etcdStore({ endpoints: url }).open(
        "a",
        20_000,
        signal(),
      );
      const { error, ms } = await ending(session, async () => {
        await Promise.all([
          servers.stop(members[1].child),
          servers.stop(members[2].child),
        ]);
      });
      match(error.message, /no leader/);
      ok(ms < 20_000);
      for (const each of members) await servers.stop(each.child);
    },
  },
  "a write goes through soon after the leader of etcd has died": {
    on: ["etcd-3.5"],
    body: async ({ binary }) => {
      const { members, urls } = await servers.etcd(binary, 3);
      let leading;
      for (const each of members) {
        const { header, leader } = await post(
          `http://127.0.0.1:${each.port}`,
          "/v3/maintenance/status",
          {},
        );
        if (header.member_id === leader) leading = each;
      }
      const member = new Member(etcdStore({ endpoints: urls }), {
        ttl: 3_000,
        ...quiet,
      });
      await member.start();
      await servers.stop(leading.child);
      const began = performance.now();
      const lease = await member.lock("a");
      const ms = performance.now() - began;
      console.log(
        `etcd-3.5: a lock ${ms.toFixed(0)} ms after the death of the leader`,
      );
      ok(ms < 10_000);
      await lease.release();
      await member.stop();
      for (const each of members) await servers.stop(each.child);
    },
  },
  "a store made anew under a running member ends it with a StoreResetError": {
    on: ["etcd-3.5", "redis", "postgres"],
    body: async (world, kind) => {
      let store;
      let renew;
      if (kind === "etcd-3.5") {
        const server = await servers.etcd(world.binary);
        const [only] = server.members;
        store = etcdStore({ endpoints: server.urls });
        renew = async () => {
          await servers.stop(only.child);
          rmSync(join(server.base, only.name), { recursive: true });
          only.run();
        };
      } else if (kind === "redis") {
        const server = await servers.redis(["--appendonly", "no"]);
        const { Redis } = await import("ioredis");
        const client = new Redis(server.port, "127.0.0.1", {
          retryStrategy: () => 100,
        });
        client.on("error", () => {});
        store = redisStore({ client });
        renew = async () => {
          await servers.stop(server.child);
          server.run();
        };
        world.more = client;
      } else {
        store = postgresStore({ client: world.pool, prefix: "anew" });
        renew = () =>
          world.pool.query(`drop table anew_keys, anew_sessions, anew_values;
            drop sequence anew_fence`);
      }
      const member = new Member(store, { ttl: 3_000, ...quiet });
      await member.start();
      const lease = await member.lock("a");
      const other = await member.lock("b");
      ok(other.fence > lease.fence);
      await renew();
      await rejects(member.finished(), { name: "StoreResetError" });
      ok(lease.lost.aborted);
      // The next run goes by what it finds.
      await member.start();
      await (await member.lock("a")).release();
      await member.stop();
      world.more?.disconnect();
    },
  },
  "a Redis that restarts without its data begins its fences again": {
    on: ["redis"],
    body: async () => {
      const server = await servers.redis(["--appendonly", "no"]);
      const { Redis } = await import("ioredis");
      const client = new Redis(server.port, "127.0.0.1", {
        retryStrategy: () => 100,
      });
      client.on("error", () => {});
      const store = redisStore({ client });
      equal(store.traits.fence, "until-restart");
      const take = async () => {
        const session = await store.open("a", 5_000, signal());
        const [{ fence }] = await session.take(
          [`k/lock/${Math.random()}`],
          "a",
          signal(),
        );
        return fence;
      };
      await take();
      const before = await take();
      await servers.stop(server.child);
      server.run();
      await until("Redis", server.isReady);
      ok(await take() < before);
      client.disconnect();
    },
  },
  "fences go on over a restart": {
    on: [...etcds, "redis"],
    body: async ({ binary }, kind) => {
      const isRedis = kind === "redis";
      const server = isRedis
        ? await servers.redis()
        : await servers.etcd(binary);
      const one = isRedis ? server : server.members[0];
      let client;
      let store;
      if (isRedis) {
        const { Redis } = await import("ioredis");
        client = new Redis(server.port, "127.0.0.1", {
          retryStrategy: () => 100,
        });
        client.on("error", () => {});
        store = redisStore({ client });
      } else store = etcdStore({ endpoints: server.urls });
      const take = async () => {
        const session = await store.open("a", 5_000, signal());
        const [{ fence }] = await session.take(
          [`k/lock/${Math.random()}`],
          "a",
          signal(),
        );
        return fence;
      };
      await take();
      const before = await take();
      await servers.stop(one.child);
      one.run();
      await until("the server", one.isReady);
      ok(await take() > before);
      client?.disconnect();
    },
  },
  "a backend that is terminated ends the watch, not the process": {
    on: ["postgres"],
    body: async ({ pool, stores }) => {
      const session = await stores.pg.open("a", 10_000, signal());
      const { error } = await ending(
        session,
        () =>
          pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where pid <> pg_backend_pid() and query like 'listen%'`),
      );
      ok(error);
      equal(await session.renew(signal()), true);
      await session.close(signal());
    },
  },
  "a renewal that waits for its row wins over a sweep": {
    on: ["postgres"],
    body: async ({ pool, stores }) => {
      const [one, two] = [
        await stores.pg.open("a", 1_000, signal()),
        await stores.pg.open("b", 20_000, signal()),
      ];
      await one.take(["k/lock/race"], "a", signal());
      await sleep(800);
      // A renewal within its time, whose commit comes after that time.
      const client = await pool.connect();
      await client.query("begin");
      await client.query(
        `update by_pg_sessions set expires = clock_timestamp() + interval '5 s'
          where id = $1 and expires > clock_timestamp()`,
        [one.id],
      );
      await sleep(400);
      const taking = two.take(["k/lock/race"], "b", signal());
      await sleep(300);
      await client.query("commit");
      client.release();
      equal((await taking)[0].taken, false);
      equal(await one.renew(signal()), true);
      await one.close(signal());
      await two.close(signal());
    },
  },
  "a member behind a black hole ends its run before the next begins": {
    on: ["etcd-3.5", "redis", "postgres"],
    body: async (world, kind) => {
      const { server } = world;
      const target = kind === "etcd-3.5" ? server.members[0].port : server.port;
      const hole = await proxy(target);
      const clients = [];
      const make = async (port) => {
        if (kind === "etcd-3.5") {
          return etcdStore({ endpoints: `http://127.0.0.1:${port}` });
        }
        if (kind === "postgres") {
          const { default: pg } = await import("pg");
          const pool = new pg.Pool({
            host: "127.0.0.1",
            port,
            user: "postgres",
            database: "postgres",
            connectionTimeoutMillis: 1_000,
          });
          pool.on("error", () => {});
          clients.push(() => pool.end());
          return postgresStore({ client: pool, prefix: "hole" });
        }
        const { Redis } = await import("ioredis");
        const client = new Redis(port, "127.0.0.1");
        client.on("error", () => {});
        clients.push(() => client.disconnect());
        return redisStore({ client, prefix: "{hole}:" });
      };
      const stores = { a: await make(hole.port), b: await make(target) };
      const two = await pair((name) => stores[name], 3_000);
      let over;
      two.terms[0].lease.lost.addEventListener(
        "abort",
        () => over = performance.now(),
      );
      hole.set("hole");
      const began = performance.now();
      await until("the next leader", () => two.terms.length === 2);
      const next = two.terms[1].began;
      ok(over < next, "the old one was told after the new one began");
      console.log(
        `${kind}: black hole, old over after ${
          (over - began).toFixed(0)
        } ms, next ${(next - over).toFixed(0)} ms later`,
      );
      hole.set("pass");
      await stop(two);
      hole.close();
      for (const each of clients) void each();
    },
  },
};
