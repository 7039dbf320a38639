import { typed } from "../../_internal/validate.ts";
import { decode, encode } from "../_base64.ts";
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
import { EtcdClient, isNotFound, rangeEnd } from "./client.ts";
import type { EtcdStoreOptions } from "./options.ts";

// int64 comes as text, and what is zero does not come.
interface Kv {
  readonly key: string;
  readonly value?: string;
  readonly create_revision: string;
  readonly mod_revision: string;
  readonly lease?: string;
}
interface Range {
  readonly kvs?: readonly Kv[];
}
interface Txn {
  readonly header: { readonly revision: string };
  readonly succeeded?: boolean;
  readonly responses?: readonly {
    readonly response_range?: Range;
    readonly response_txn?: Txn;
  }[];
}

const TXN = "/v3/kv/txn";

class Session implements StoreSession {
  readonly id: string;
  readonly ttl: number;
  readonly #client: EtcdClient;
  readonly #prefix: string;

  constructor(client: EtcdClient, prefix: string, id: string, ttl: number) {
    this.#client = client;
    this.#prefix = prefix;
    this.id = id;
    this.ttl = ttl;
  }

  async renew(signal: AbortSignal): Promise<boolean> {
    const { result } = await this.#client.call<{ result?: { TTL?: string } }>(
      "renew a lease",
      "/v3/lease/keepalive",
      { ID: this.id },
      signal,
    );
    // That of a lease which is gone is no error: it comes without a TTL.
    return Number(result?.TTL ?? 0) > 0;
  }

  async take(
    keys: readonly string[],
    value: string,
    signal: AbortSignal,
  ): Promise<(Taken | Busy)[]> {
    const { header, responses = [] } = await this.#txn(
      "take a key",
      keys.map((name) => {
        const key = this.#key(name);
        return {
          compare: [{ key, target: "CREATE", create_revision: "0" }],
          success: [{
            request_put: { key, value: encode(value), lease: this.id },
          }],
          failure: [{ request_range: { key } }],
        };
      }),
      signal,
    );
    return keys.map((_key, index) => {
      const { succeeded, responses: [first] = [] } = responses[index]!
        .response_txn!;
      if (succeeded) return { taken: true, fence: BigInt(header.revision) };
      const kv = first!.response_range!.kvs![0]!;
      return kv.lease === this.id
        ? { taken: true, fence: BigInt(kv.create_revision) }
        : { taken: false, holder: kv.lease };
    });
  }

  async drop(held: readonly HeldKey[], signal: AbortSignal): Promise<void> {
    await this.#txn(
      "release a key",
      held.map(({ key: name, fence }) => {
        const key = this.#key(name);
        const create_revision = String(fence);
        return {
          compare: [
            { key, target: "CREATE", create_revision },
            { key, target: "LEASE", lease: this.id },
          ],
          success: [{ request_delete_range: { key } }],
        };
      }),
      signal,
    );
  }

  async read(
    name: string,
    signal: AbortSignal,
  ): Promise<Versioned | undefined> {
    const body = { key: this.#key(name) };
    const { kvs } = await this.#range(body, signal);
    const kv = kvs?.[0];
    return kv && {
      value: decode(kv.value),
      version: BigInt(kv.mod_revision),
    };
  }

  async write(
    name: string,
    value: string,
    version: bigint,
    signal: AbortSignal,
  ): Promise<bigint | undefined> {
    const key = this.#key(name);
    const { header, succeeded } = await this.#client.call<Txn>(
      "write a key",
      TXN,
      {
        compare: [{ key, target: "MOD", mod_revision: String(version) }],
        success: [{ request_put: { key, value: encode(value) } }],
      },
      signal,
    );
    return succeeded ? BigInt(header.revision) : undefined;
  }

  async list(prefix: string, signal: AbortSignal): Promise<StoreEntry[]> {
    const full = this.#prefix + prefix;
    const body = { key: encode(full), range_end: rangeEnd(full) };
    const { kvs = [] } = await this.#range(body, signal);
    return kvs.map((kv) => ({
      key: decode(kv.key).slice(this.#prefix.length),
      value: decode(kv.value),
      session: kv.lease ?? "",
      fence: BigInt(kv.lease ? kv.create_revision : kv.mod_revision),
    }));
  }

  async *watch(
    prefix: string,
    signal: AbortSignal,
  ): AsyncGenerator<string | undefined, void, undefined> {
    const full = this.#prefix + prefix;
    const answers = this.#client.stream(
      "watch keys",
      "/v3/watch",
      { create_request: { key: encode(full), range_end: rangeEnd(full) } },
      signal,
    );
    for await (const line of answers) {
      const { result, error } = JSON.parse(line) as {
        result?: {
          created?: boolean;
          canceled?: boolean;
          events?: { type?: string; kv: { key: string } }[];
        };
        error?: { message?: string };
      };
      // One that was canceled goes on in silence.
      if (!result || result.canceled) {
        const why = error?.message ?? "it was canceled";
        throw new StoreError("unknown", `Cannot watch keys in etcd: ${why}`);
      }
      if (result.created) yield undefined;
      for (const { type, kv } of result.events ?? []) {
        const key = decode(kv.key).slice(this.#prefix.length);
        // What was taken is news only of members.
        if (type || key.startsWith("k/members/")) yield key;
      }
    }
    throw new StoreError("unknown", "Cannot watch keys in etcd: it has ended");
  }

  time(signal: AbortSignal): Promise<number | undefined> {
    return this.#client.time(signal);
  }

  async close(signal: AbortSignal): Promise<void> {
    try {
      const body = { ID: this.id };
      await this.#client.call("end a lease", "/v3/lease/revoke", body, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #key(name: string): string {
    return encode(this.#prefix + name);
  }

  #range(body: object, signal: AbortSignal): Promise<Range> {
    return this.#client.call("read keys", "/v3/kv/range", body, signal);
  }

  /** Many that go their own ways, in one request. */
  #txn(what: string, each: object[], signal: AbortSignal): Promise<Txn> {
    const success = each.map((request_txn) => ({ request_txn }));
    return this.#client.call(what, TXN, { success }, signal);
  }
}

/**
 * Sessions and keys in etcd: a session is one lease, and its keys hang on that.
 *
 * - A time to live of less than 2 s is granted as 2 s.
 * - Fences are revisions of the cluster: they grow for ever.
 * - The next node learns from a watch that a key is free.
 *
 * @param options Where etcd is.
 * @returns the store; nothing is asked of etcd yet.
 * @throws {TypeError} if an option is not of its type.
 */
export function etcdStore(options: EtcdStoreOptions): Store {
  const what = "create an etcd store";
  typed(what, "options", options, "object", "an object");
  const { prefix = "runner/" } = options;
  typed(what, "prefix", prefix, "string");
  const client = new EtcdClient(options);
  return {
    traits: {
      name: "etcd",
      minTtl: 2_000,
      fence: "monotonic",
      fenceScope: "store",
      expiry: "store",
      // What is over is swept up twice a second.
      longestHandover: (ttl) => ttl + 500,
      batch: 100,
    },
    async open(_name, ttl, signal) {
      client.shuffle();
      const { ID, TTL } = await client.call<{ ID: string; TTL: string }>(
        "open a session",
        "/v3/lease/grant",
        { TTL: String(Math.ceil(ttl / 1_000)) },
        signal,
      );
      return new Session(client, prefix, ID, Number(TTL) * 1_000);
    },
  };
}
