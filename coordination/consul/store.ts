import { finite, typed } from "../../_internal/validate.ts";
import { decode, encode } from "../_base64.ts";
import { json } from "../_fetch.ts";
import type {
  Busy,
  HeldKey,
  Store,
  StoreEntry,
  StoreSession,
  Taken,
  Versioned,
} from "../store.ts";
import { ConsulClient, pathOf } from "./client.ts";
import type { ConsulStoreOptions } from "./options.ts";

class Session implements StoreSession {
  readonly id: string;
  readonly ttl: number;
  readonly #client: ConsulClient;
  readonly #prefix: string;
  readonly #lockDelay: number;
  /** What was taken and not dropped: it is released before the session ends. */
  readonly #held = new Map<string, bigint>();

  constructor(
    client: ConsulClient,
    prefix: string,
    lockDelay: number,
    id: string,
    ttl: number,
  ) {
    this.#client = client;
    this.#prefix = prefix;
    this.#lockDelay = lockDelay;
    this.id = id;
    this.ttl = ttl;
  }

  async renew(signal: AbortSignal): Promise<boolean> {
    const what = "renew a session";
    const path = `/v1/session/renew/${this.id}`;
    const known = [200, 404];
    const { status } = await this.#client.ask(
      what,
      "PUT",
      path,
      signal,
      undefined,
      known,
    );
    return status === 200;
  }

  async take(
    keys: readonly string[],
    value: string,
    signal: AbortSignal,
  ): Promise<(Taken | Busy)[]> {
    const answers = new Map<string, Taken | Busy>();
    // Another lock by the same session would count as another change.
    await Promise.all(keys.map(async (key) => {
      const [entry] = await this.#entries("take a key", key, signal);
      const holder = entry?.Session;
      if (holder === this.id) {
        answers.set(key, this.#took(key, entry!.ModifyIndex));
      } else if (holder) answers.set(key, { taken: false, holder });
    }));
    let rest = keys.filter((key) => !answers.has(key));
    while (rest.length > 0) {
      const { entries, refused } = await this.#client.txn(
        "take a key",
        rest.map((key) => ({
          Verb: "lock",
          Key: this.#prefix + key,
          Value: encode(value),
          Session: this.id,
        })),
        signal,
      );
      // All or nothing: without those in the way the others may do.
      for (const [index, key] of rest.entries()) {
        // Nobody had it: it is refused for the lock delay of one that died, and no
        // watch tells when that is over.
        if (refused.has(index)) {
          answers.set(key, { taken: false, expiresIn: this.#lockDelay });
        } else if (refused.size === 0) {
          answers.set(key, this.#took(key, entries[index]!.ModifyIndex));
        }
      }
      rest = rest.filter((key) => !answers.has(key));
    }
    return keys.map((key) => answers.get(key)!);
  }

  async drop(held: readonly HeldKey[], signal: AbortSignal): Promise<void> {
    const what = "release a key";
    let rest = held.filter(({ key }) => this.#held.has(key));
    while (rest.length > 0) {
      const { refused } = await this.#client.txn(
        what,
        rest.map(({ key, fence }) => ({
          Verb: "delete-cas",
          Key: this.#prefix + key,
          Index: Number(fence),
        })),
        signal,
      );
      if (refused.size === 0) break;
      // Gone already, or another's, or written to by somebody.
      const found = await Promise.all(
        rest.map(async ({ key, fence }, index) => {
          if (!refused.has(index)) return [{ key, fence }];
          const [entry] = await this.#entries(what, key, signal);
          const isOwn = entry?.Session === this.id &&
            this.#held.get(key) === fence;
          return isOwn ? [{ key, fence: BigInt(entry.ModifyIndex) }] : [];
        }),
      );
      rest = found.flat();
    }
    for (const { key } of held) this.#held.delete(key);
  }

  async read(
    key: string,
    signal: AbortSignal,
  ): Promise<Versioned | undefined> {
    const [entry] = await this.#entries("read a key", key, signal);
    return entry && {
      value: decode(entry.Value),
      version: BigInt(entry.ModifyIndex),
    };
  }

  async write(
    key: string,
    value: string,
    version: bigint,
    signal: AbortSignal,
  ): Promise<bigint | undefined> {
    const { entries: [entry] } = await this.#client.txn("write a key", [{
      Verb: "cas",
      Key: this.#prefix + key,
      Value: encode(value),
      Index: Number(version),
    }], signal);
    return entry && BigInt(entry.ModifyIndex);
  }

  async list(prefix: string, signal: AbortSignal): Promise<StoreEntry[]> {
    const full = this.#prefix + prefix;
    const entries = await this.#client.entries(
      "list keys",
      full,
      "&recurse",
      signal,
    );
    return entries.map(({ Key, Value, Session: session = "", ModifyIndex }) => {
      const key = Key.slice(this.#prefix.length);
      const fence = BigInt(ModifyIndex);
      // Taken by a request whose answer was lost.
      if (session === this.id && !this.#held.has(key)) {
        this.#held.set(key, fence);
      }
      return { key, value: decode(Value), session, fence };
    });
  }

  async *watch(
    prefix: string,
    signal: AbortSignal,
  ): AsyncGenerator<string | undefined, void, undefined> {
    const path = `${pathOf(this.#prefix + prefix)}?keys&wait=60s`;
    let before: Set<string> | undefined;
    for (let index = 0;;) {
      const known = [200, 404];
      // 0 would not wait.
      const from = index > 0 ? `&index=${index}` : "";
      const answer = await this.#client.ask(
        "watch keys",
        "GET",
        path + from,
        signal,
        undefined,
        known,
      );
      // It may go down, and is to begin anew then.
      index = answer.index < index ? 0 : answer.index;
      const keys = new Set(
        answer.status === 404 ? [] : json<string[]>("watch keys", answer.text),
      );
      if (!before) yield undefined;
      for (const key of new Set([...before ?? [], ...keys])) {
        const isChanged = before?.has(key) !== keys.has(key);
        if (before && isChanged) yield key.slice(this.#prefix.length);
      }
      before = keys;
    }
  }

  async time(signal: AbortSignal): Promise<number | undefined> {
    const path = "/v1/status/leader";
    return (await this.#client.ask("read the time", "GET", path, signal)).time;
  }

  async close(signal: AbortSignal): Promise<void> {
    const held = [...this.#held].map(([key, fence]) => ({ key, fence }));
    // The lock delay would hold for keys of a session that is destroyed, too.
    while (held.length > 0) await this.drop(held.splice(0, 64), signal);
    const path = `/v1/session/destroy/${this.id}`;
    await this.#client.ask("end a session", "PUT", path, signal);
  }

  #took(key: string, index: number): Taken {
    const fence = BigInt(index);
    this.#held.set(key, fence);
    return { taken: true, fence };
  }

  #entries(
    what: string,
    key: string,
    signal: AbortSignal,
  ): ReturnType<ConsulClient["entries"]> {
    return this.#client.entries(what, this.#prefix + key, "", signal);
  }
}

/**
 * Sessions and keys in Consul.
 *
 * - The shortest time to live is 10 s, and a session that is not renewed dies after
 *   twice that: a hand-over after a death takes two `ttl` and the lock delay.
 * - Fences are indexes of changes: they grow for ever.
 *
 * @param options Where Consul is.
 * @returns the store; nothing is asked of Consul yet.
 * @throws {TypeError} if an option is not of its type.
 * @throws {RangeError} if a number makes no sense.
 */
export function consulStore(options: ConsulStoreOptions): Store {
  const what = "create a Consul store";
  typed(what, "options", options, "object", "an object");
  const { prefix = "runner/", lockDelay = 1_000 } = options;
  typed(what, "prefix", prefix, "string");
  finite(what, "lockDelay", lockDelay);
  const client = new ConsulClient(options);
  return {
    traits: {
      name: "Consul",
      minTtl: 10_000,
      fence: "monotonic",
      fenceScope: "store",
      expiry: "store",
      longestHandover: (ttl) => 2 * ttl + lockDelay,
      batch: 64,
    },
    async open(Name, ttl, signal) {
      const body = {
        Name,
        TTL: `${Math.ceil(ttl)}ms`,
        LockDelay: `${Math.ceil(lockDelay)}ms`,
        Behavior: "delete",
      };
      const path = "/v1/session/create";
      const open = "open a session";
      const { text } = await client.ask(open, "PUT", path, signal, body);
      const { ID } = json<{ ID: string }>(open, text);
      return new Session(client, prefix, lockDelay, ID, ttl);
    },
  };
}
