import { typed } from "../../_internal/validate.ts";
import type {
  Busy,
  HeldKey,
  Store,
  StoreEntry,
  StoreSession,
  Taken,
  Versioned,
} from "../store.ts";
import { RedisClient } from "./client.ts";
import * as lua from "./lua.ts";

/** Options of {@linkcode redisStore}. */
export interface RedisStoreOptions {
  /**
   * A connected client of `redis`, or one of `ioredis`. It is duplicated for a
   * connection that listens.
   */
  readonly client: object;
  /**
   * What all keys begin with. The braces keep them in one slot of a cluster.
   *
   * @default "{runner}:"
   */
  readonly prefix?: string | undefined;
}

/** The lines of a value, the last of which may have more. */
function parts(value: string, count: number): string[] {
  const found = value.split("\n");
  return [...found.slice(0, count - 1), found.slice(count - 1).join("\n")];
}

class Session implements StoreSession {
  readonly id: string;
  readonly ttl: number;
  readonly #client: RedisClient;
  readonly #prefix: string;

  constructor(client: RedisClient, prefix: string, id: string, ttl: number) {
    this.#client = client;
    this.#prefix = prefix;
    this.id = id;
    this.ttl = ttl;
  }

  async renew(): Promise<boolean> {
    const values = [this.id, String(this.ttl)];
    return Number(await this.run("renew a session", lua.RENEW, values)) === 1;
  }

  async take(
    keys: readonly string[],
    value: string,
  ): Promise<(Taken | Busy)[]> {
    const values = [this.id, value, String(this.ttl), ...keys];
    const answer = await this.run("take a key", lua.TAKE, values) as string[];
    return keys.map((_key, index) => {
      const holder = answer[2 * index]!;
      const number = answer[2 * index + 1]!;
      return holder === ""
        ? { taken: true, fence: BigInt(number) }
        : { taken: false, holder, expiresIn: -Number(number) };
    });
  }

  async drop(held: readonly HeldKey[]): Promise<void> {
    const pairs = held.flatMap(({ key, fence }) => [key, String(fence)]);
    await this.run("release a key", lua.DROP, [this.id, ...pairs]);
  }

  async read(key: string): Promise<Versioned | undefined> {
    const found = await this.run("read a key", lua.READ, [key]);
    if (found === null || found === undefined) return undefined;
    const [version, value] = parts(String(found), 2);
    return { value: value!, version: BigInt(version!) };
  }

  async write(
    key: string,
    value: string,
    version: bigint,
  ): Promise<bigint | undefined> {
    const values = [key, value, String(version)];
    const answer = await this.run("write a key", lua.WRITE, values);
    return answer ? BigInt(String(answer)) : undefined;
  }

  async list(prefix: string): Promise<StoreEntry[]> {
    const answer = await this.run("list keys", lua.LIST, [prefix]) as string[];
    const entries: StoreEntry[] = [];
    for (let index = 0; index < answer.length; index += 2) {
      const key = answer[index]!;
      const held = parts(answer[index + 1]!, key.startsWith("k/") ? 3 : 2);
      if (held.length === 2) held.unshift("");
      const [session, fence, value] = held as [string, string, string];
      entries.push({ key, value, session, fence: BigInt(fence) });
    }
    return entries;
  }

  async *watch(
    prefix: string,
    signal: AbortSignal,
  ): AsyncGenerator<string | undefined, void, undefined> {
    const channel = `${this.#prefix}keys`;
    for await (const key of this.#client.listen(channel, signal)) {
      if (!key || key.startsWith(prefix)) yield key;
    }
  }

  async time(): Promise<number> {
    const answer = await this.#client.command("read the time", "TIME");
    const [seconds, micros] = answer as [string, string];
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  }

  async close(): Promise<void> {
    await this.run("end a session", lua.CLOSE, [this.id]);
  }

  run(
    what: string,
    script: string,
    values: readonly string[],
  ): Promise<unknown> {
    const { command } = this.#client;
    return command.call(
      this.#client,
      what,
      ...["EVAL", script, "0", this.#prefix, ...values],
    );
  }
}

/**
 * Sessions and keys in Redis, for efficiency only: where Redis restarts without its
 * data, or a replica takes over that has not seen all, keys are lost and fences
 * begin again. Keep what must not be done twice in another store.
 *
 * The next node learns from a channel that a key was given up; by a look at the end
 * of the holder's session where that died.
 *
 * @param options The client.
 * @returns the store; nothing is asked of the server yet.
 * @throws {TypeError} if an option is not of its type.
 */
export function redisStore(options: RedisStoreOptions): Store {
  const what = "create a Redis store";
  typed(what, "options", options, "object", "an object");
  const { prefix = "{runner}:" } = options;
  typed(what, "prefix", prefix, "string");
  const client = new RedisClient(what, options.client);
  return {
    traits: {
      name: "Redis",
      minTtl: 1_000,
      fence: "until-restart",
      fenceScope: "store",
      expiry: "store",
      longestHandover: (ttl) => ttl,
      batch: 100,
    },
    async open(name, ttl) {
      const id = crypto.randomUUID();
      const session = new Session(client, prefix, id, Math.floor(ttl));
      const values = [id, name, String(session.ttl)];
      await session.run("open a session", lua.OPEN, values);
      return session;
    },
  };
}
