import { typed } from "../../_internal/validate.ts";
import { now } from "../_clock.ts";
import type {
  Busy,
  HeldKey,
  Store,
  StoreEntry,
  StoreSession,
  Taken,
  Versioned,
} from "../store.ts";
import { KubernetesClient, type LeaseObject } from "./client.ts";
import { Names } from "./names.ts";
import type { KubernetesStoreOptions } from "./options.ts";

/** What was last seen of another's Lease, and when, by the clock here. */
interface Seen {
  readonly renewTime: string | undefined;
  readonly at: number;
}

/** Whose Leases are over, as this process sees it. */
class Observer {
  readonly #seen = new Map<string, Seen>();

  /**
   * Milliseconds until a Lease is over unless it is renewed: one that has not
   * changed for its whole duration is. Its times are those of another's clock.
   */
  left({ metadata: { name }, spec = {} }: LeaseObject): number {
    const { holderIdentity, renewTime, leaseDurationSeconds = 0 } = spec;
    if (!holderIdentity) return 0;
    const seen = this.#seen.get(name);
    const at = seen?.renewTime === renewTime && seen ? seen.at : now();
    this.#seen.set(name, { renewTime, at });
    return at + leaseDurationSeconds * 1_000 - now();
  }

  forget(name: string): void {
    this.#seen.delete(name);
  }
}

/** The time as the API has it, in microseconds. */
function microTime(): string {
  return new Date().toISOString().replace("Z", "000Z");
}

class Session implements StoreSession {
  readonly id: string;
  readonly ttl: number;
  readonly #client: KubernetesClient;
  readonly #names: Names;
  readonly #observer: Observer;
  /** What was taken and not dropped, as the server last showed it. */
  readonly #held = new Map<string, LeaseObject>();

  constructor(
    client: KubernetesClient,
    names: Names,
    observer: Observer,
    ttl: number,
  ) {
    this.#client = client;
    this.#names = names;
    this.#observer = observer;
    this.id = crypto.randomUUID();
    this.ttl = ttl;
  }

  async renew(signal: AbortSignal): Promise<boolean> {
    const all = await Promise.all(
      [...this.#held].map(([key, object]) =>
        this.#change(key, object, { renewTime: microTime() }, signal)
      ),
    );
    return all.every(Boolean);
  }

  async take(
    keys: readonly string[],
    value: string,
    signal: AbortSignal,
  ): Promise<(Taken | Busy)[]> {
    return await Promise.all(
      keys.map((key) => this.#take(key, value, signal)),
    );
  }

  async drop(held: readonly HeldKey[], signal: AbortSignal): Promise<void> {
    await Promise.all(held.map(async ({ key, fence }) => {
      const object = await this.#client.get(this.#names.of(key), signal);
      if (object && this.#isOwn(object) && fenceOf(object) === fence) {
        // Those of members have no key that comes again.
        if (key.startsWith("k/members/")) {
          await this.#client.remove(object, signal);
        } else {
          const change = { holderIdentity: "" };
          await this.#change(key, object, change, signal);
        }
      }
      this.#held.delete(key);
    }));
  }

  async read(
    key: string,
    signal: AbortSignal,
  ): Promise<Versioned | undefined> {
    const object = await this.#client.get(this.#names.of(key), signal);
    return object && {
      value: this.#names.valueOf(object),
      version: BigInt(object.metadata.resourceVersion!),
    };
  }

  async write(
    key: string,
    value: string,
    version: bigint,
    signal: AbortSignal,
  ): Promise<bigint | undefined> {
    const metadata = this.#names.metadata(key, value);
    const resourceVersion = String(version);
    const written = version === 0n
      ? await this.#client.create({ metadata, spec: {} }, signal)
      : await this.#client.replace(
        { metadata: { ...metadata, resourceVersion }, spec: {} },
        signal,
      );
    return written && BigInt(written.metadata.resourceVersion!);
  }

  async list(prefix: string, signal: AbortSignal): Promise<StoreEntry[]> {
    const objects = await this.#client.list(
      this.#names.selector(prefix),
      signal,
    );
    const entries: StoreEntry[] = [];
    for (const object of objects) {
      const key = this.#names.keyOf(object);
      if (!key?.startsWith(prefix)) continue;
      const session = object.spec?.holderIdentity ?? "";
      const isHeld = key.startsWith("k/");
      if (isHeld && this.#observer.left(object) <= 0 && session !== this.id) {
        // A member that has died leaves an object that nobody comes back to.
        if (session && key.startsWith("k/members/")) {
          await this.#client.remove(object, signal);
          this.#observer.forget(object.metadata.name);
        }
        continue;
      }
      const value = this.#names.valueOf(object);
      const fence = isHeld
        ? fenceOf(object)
        : BigInt(object.metadata.resourceVersion!);
      entries.push({ key, value, session, fence });
    }
    return entries;
  }

  async *watch(
    prefix: string,
    signal: AbortSignal,
  ): AsyncGenerator<string | undefined, void, undefined> {
    const selector = this.#names.selector(prefix);
    for await (const event of this.#client.watch(selector, signal)) {
      if (!event) {
        yield undefined;
        continue;
      }
      // Each renewal is a change; what matters is what comes and goes.
      const isRenewed = event.type === "MODIFIED" &&
        event.object.spec?.holderIdentity;
      if (!isRenewed) yield this.#names.keyOf(event.object);
    }
  }

  time(signal: AbortSignal): Promise<number | undefined> {
    return this.#client.time(signal);
  }

  async close(signal: AbortSignal): Promise<void> {
    const held = [...this.#held].map(([key, object]) => ({
      key,
      fence: fenceOf(object),
    }));
    await this.drop(held, signal);
  }

  async #take(
    key: string,
    value: string,
    signal: AbortSignal,
  ): Promise<Taken | Busy> {
    const found = await this.#client.get(this.#names.of(key), signal);
    if (found && this.#isOwn(found)) return this.#took(key, found);
    const left = found ? this.#observer.left(found) : 0;
    const holder = found?.spec?.holderIdentity;
    if (left > 0) return { taken: false, holder, expiresIn: left };
    const time = microTime();
    const object: LeaseObject = {
      metadata: {
        ...found?.metadata,
        ...this.#names.metadata(key, value),
      },
      spec: {
        holderIdentity: this.id,
        leaseDurationSeconds: Math.ceil(this.ttl / 1_000),
        // One more at every take, also by the same holder: it is the fence.
        leaseTransitions: (found?.spec?.leaseTransitions ?? 0) + 1,
        acquireTime: time,
        renewTime: time,
      },
    };
    const won = found
      ? await this.#client.replace(object, signal)
      : await this.#client.create(object, signal);
    return won ? this.#took(key, won) : { taken: false, expiresIn: this.ttl };
  }

  /** Changes one of our own; false where it is another's by now. */
  async #change(
    key: string,
    object: LeaseObject,
    change: LeaseObject["spec"],
    signal: AbortSignal,
  ): Promise<boolean> {
    let present: LeaseObject | undefined = object;
    const fence = fenceOf(object);
    while (present && this.#isOwn(present) && fenceOf(present) === fence) {
      const changed = await this.#client.replace({
        ...present,
        spec: { ...present.spec, ...change },
      }, signal);
      if (changed) {
        if (this.#held.has(key)) this.#held.set(key, changed);
        return true;
      }
      // Somebody has written to it: it may be ours all the same.
      present = await this.#client.get(object.metadata.name, signal);
    }
    // Given up meanwhile, it is not missed.
    return !this.#held.has(key);
  }

  #took(key: string, object: LeaseObject): Taken {
    this.#held.set(key, object);
    return { taken: true, fence: fenceOf(object) };
  }

  #isOwn({ spec }: LeaseObject): boolean {
    return spec?.holderIdentity === this.id;
  }
}

function fenceOf({ spec }: LeaseObject): bigint {
  return BigInt(spec?.leaseTransitions ?? 0);
}

/**
 * Keys as Lease objects: one a key, each renewed by itself, so for few keys.
 *
 * - Nothing expires in the store: a node takes a Lease that it has seen unchanged
 *   for its whole duration, by its own clock. A new node waits as long.
 * - Fences are `leaseTransitions`, raised at every take. They begin again where an
 *   object is deleted, and grow for each key alone.
 * - It needs the right to get, list, watch, create, update and delete Leases.
 *
 * @param options Where the API server is.
 * @returns the store; nothing is asked of the server yet.
 * @throws {TypeError} if an option is not of its type.
 * @throws {RangeError} if the prefix is no plain name.
 */
export function kubernetesStore(options: KubernetesStoreOptions): Store {
  const what = "create a Kubernetes store";
  typed(what, "options", options, "object", "an object");
  const { prefix = "runner" } = options;
  typed(
    what,
    "prefix",
    prefix,
    "string",
    "1 to 20 of a to z",
    (name) => /^[a-z]{1,20}$/.test(name),
  );
  const client = new KubernetesClient(what, options);
  const names = new Names(prefix);
  const observer = new Observer();
  return {
    traits: {
      name: "Kubernetes",
      minTtl: 1_000,
      fence: "monotonic",
      fenceScope: "key",
      expiry: "observer",
      // A node looks every third of a ttl, and waits a whole one from there.
      longestHandover: (ttl) => ttl * 4 / 3 + 1_000,
      batch: 10,
    },
    async open(_name, ttl, signal) {
      // Whether it is there, and lets this process in.
      await client.list(names.selector("k/members/"), signal);
      return new Session(client, names, observer, ttl);
    },
  };
}
