import { typed } from "../../_internal/validate.ts";
import { StoreError } from "../errors.ts";
import type {
  Busy,
  HeldKey,
  Store,
  StoreEntry,
  StoreSession,
  Taken,
  Versioned,
} from "../store.ts";
import { PostgresClient } from "./client.ts";
import { schemaOf, type Statements, statementsOf } from "./sql.ts";

/** Options of {@linkcode postgresStore}. */
export interface PostgresStoreOptions {
  /**
   * A `Pool` or connected `Client` of `pg`, or the function of `postgres`. A pool
   * lends one connection for as long as the member runs, which listens.
   */
  readonly client: object;
  /**
   * What the names of the tables begin with, in the schema that the client sees
   * first: small letters, digits and `_`. They are made where they are not there.
   *
   * @default "runner"
   */
  readonly prefix?: string | undefined;
}

class Session implements StoreSession {
  readonly id: string;
  readonly ttl: number;
  readonly #client: PostgresClient;
  readonly #sql: Statements;

  constructor(
    client: PostgresClient,
    sql: Statements,
    id: string,
    ttl: number,
  ) {
    this.#client = client;
    this.#sql = sql;
    this.id = id;
    this.ttl = ttl;
  }

  async renew(): Promise<boolean> {
    const values = [this.id, String(this.ttl)];
    return (await this.#do("renew a session", "renew", values)).length > 0;
  }

  async take(
    keys: readonly string[],
    value: string,
  ): Promise<(Taken | Busy)[]> {
    const answers = new Map<string, Taken | Busy>();
    const what = "take a key";
    for (let attempt = 0; attempt < 2; attempt++) {
      const rest = keys.filter((key) => !answers.get(key)?.taken).sort()
        .join("\n");
      if (rest === "") break;
      const won = await this.#do(what, "take", [rest, this.id, value]);
      for (const { key, fence } of won) {
        answers.set(key!, { taken: true, fence: BigInt(fence!) });
      }
      if (won.length === keys.length) break;
      let isOver = false;
      for (const row of await this.#do(what, "holders", [rest])) {
        const { key, session, fence, left } = row;
        const expiresIn = Number(left);
        isOver ||= expiresIn <= 0;
        answers.set(
          key!,
          session === this.id
            ? { taken: true, fence: BigInt(fence!) }
            : { taken: false, holder: session!, expiresIn },
        );
      }
      if (!isOver) break;
      // A row that is being renewed is waited for, and looked at again.
      await this.#do(what, "sweep", []);
    }
    if (answers.size === 0) {
      const why = `the session ${this.id} is over`;
      throw new StoreError("refused", `Cannot ${what} in PostgreSQL: ${why}`);
    }
    // What became free in between is found by the next look.
    return keys.map((key) =>
      answers.get(key) ?? { taken: false, expiresIn: 0 }
    );
  }

  async drop(held: readonly HeldKey[]): Promise<void> {
    const keys = held.map(({ key }) => key).join("\n");
    const fences = held.map(({ fence }) => fence).join("\n");
    await this.#do("release a key", "drop", [this.id, keys, fences]);
  }

  async read(key: string): Promise<Versioned | undefined> {
    const [row] = await this.#do("read a key", "read", [key]);
    return row && { value: row["value"]!, version: BigInt(row["version"]!) };
  }

  async write(
    key: string,
    value: string,
    version: bigint,
  ): Promise<bigint | undefined> {
    const [row] = version === 0n
      ? await this.#do("write a key", "insert", [key, value])
      : await this.#do("write a key", "update", [key, value, String(version)]);
    return row && BigInt(row["version"]!);
  }

  async list(prefix: string): Promise<StoreEntry[]> {
    const rows = await this.#do("list keys", "list", [prefix]);
    return rows.map(({ key, value, session, fence }) => ({
      key: key!,
      value: value!,
      session: session!,
      fence: BigInt(fence!),
    }));
  }

  async *watch(
    prefix: string,
    signal: AbortSignal,
  ): AsyncGenerator<string | undefined, void, undefined> {
    for await (const key of this.#client.listen(this.#sql.channel, signal)) {
      if (!key || key.startsWith(prefix)) yield key;
    }
  }

  async time(): Promise<number> {
    const [row] = await this.#do("read the time", "time", []);
    return Number(row!["time"]);
  }

  async close(): Promise<void> {
    await this.#do("end a session", "close", [this.id]);
  }

  #do(
    what: string,
    name: keyof Statements,
    values: readonly string[],
  ): ReturnType<PostgresClient["query"]> {
    return this.#client.query(what, this.#sql[name], values);
  }
}

/**
 * Sessions and keys in PostgreSQL: three tables and a sequence, made by the first
 * `open` where they are not there.
 *
 * - A session is a row with its end, by the server's clock; keys are rows that go
 *   with it. Only rows, as advisory locks have no time to live and no fence.
 * - Fences are values of the sequence: they grow for ever, also over restarts. An
 *   asynchronous replica that takes over may lose some.
 * - The next node learns by `LISTEN` that a key is free; by a look at the end of
 *   the holder's session where that died.
 *
 * @param options The client.
 * @returns the store; nothing is asked of the server yet.
 * @throws {TypeError} if an option is not of its type.
 * @throws {RangeError} if the prefix is no plain name.
 */
export function postgresStore(options: PostgresStoreOptions): Store {
  const what = "create a PostgreSQL store";
  typed(what, "options", options, "object", "an object");
  const { prefix = "runner" } = options;
  const need = "1 to 40 of a to z, 0 to 9 and _";
  typed(
    what,
    "prefix",
    prefix,
    "string",
    need,
    (name) => /^[a-z_][a-z0-9_]{0,39}$/.test(name),
  );
  const client = new PostgresClient(what, options.client);
  const sql = statementsOf(prefix);
  return {
    traits: {
      name: "PostgreSQL",
      minTtl: 1_000,
      fence: "monotonic",
      fenceScope: "store",
      expiry: "store",
      longestHandover: (ttl) => ttl,
      batch: 100,
    },
    async open(name, ttl) {
      const open = "open a session";
      const [there] = await client.query(open, sql.exists, []);
      if (!there?.["found"]) await client.query(open, schemaOf(prefix), []);
      const [row] = await client.query(open, sql.open, [name, String(ttl)]);
      return new Session(client, sql, row!["id"]!, ttl);
    },
  };
}
