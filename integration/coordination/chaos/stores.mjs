/** The stores as a node has them, each with a client that suits its engine. */

import { consulStore } from "../../../coordination/consul/mod.ts";
import { etcdStore } from "../../../coordination/etcd/mod.ts";
import { kubernetesStore } from "../../../coordination/kubernetes/mod.ts";
import { postgresStore } from "../../../coordination/postgres/mod.ts";
import { redisStore } from "../../../coordination/redis/mod.ts";

const isNode = !("Deno" in globalThis) && !("Bun" in globalThis);

export async function storeOf(kind, urls) {
  if (kind === "etcd") return etcdStore({ endpoints: urls });
  if (kind === "consul") return consulStore({ endpoints: urls });
  if (kind === "kubernetes") {
    // The word that the fake server wants to hear.
    return kubernetesStore({ endpoint: urls[0], token: "right" });
  }
  const url = new URL(urls[0]);
  const port = Number(url.port);
  if (kind === "postgres") {
    const connection = { host: "127.0.0.1", port, user: "postgres" };
    if ("Deno" in globalThis) {
      const { default: postgres } = await import("postgres");
      const client = postgres({
        ...connection,
        database: "postgres",
        max: 4,
        connect_timeout: 1,
        onnotice: () => {},
      });
      return postgresStore({ client });
    }
    const { default: pg } = await import("pg");
    const client = new pg.Pool({
      ...connection,
      database: "postgres",
      max: 4,
      connectionTimeoutMillis: 1_000,
    });
    client.on("error", () => {});
    return postgresStore({ client });
  }
  if (isNode) {
    const { createClient } = await import("redis");
    const client = createClient({
      url: urls[0],
      socket: { connectTimeout: 1_000, reconnectStrategy: 200 },
    });
    client.on("error", () => {});
    void client.connect().catch(() => {});
    return redisStore({ client });
  }
  const { Redis } = await import("ioredis");
  const client = new Redis({
    host: "127.0.0.1",
    port,
    retryStrategy: () => 200,
    maxRetriesPerRequest: null,
    connectTimeout: 1_000,
  });
  client.on("error", () => {});
  return redisStore({ client });
}
