import { consulStore } from "@golib/runner/coordination/consul";
import type { Store, StoreFetch } from "@golib/runner/coordination";
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { electedOf, memberOf, type Term } from "./_coordination.ts";
import { type HandClock, timed } from "./_fake_clocks.ts";

interface Entry {
  readonly Key: string;
  readonly Value: string;
  readonly Session: string;
  readonly ModifyIndex: number;
}

interface Operation {
  readonly KV: {
    readonly Verb: string;
    readonly Key: string;
    readonly Value?: string;
    readonly Session?: string;
  };
}

/** A Consul that answers at once, some keys of which have a lock delay. */
class FakeConsul {
  readonly entries = new Map<string, Entry>();
  /** Until when nobody may take a key. */
  readonly delayed = new Map<string, number>();
  /** The keys of each transaction. */
  readonly asked: string[][] = [];
  readonly clock: HandClock;
  #index = 10;

  constructor(clock: HandClock) {
    this.clock = clock;
  }

  store(lockDelay?: number): Store {
    const request: StoreFetch = (url, { body, signal }) => {
      const { pathname, searchParams } = new URL(url);
      if (searchParams.has("index")) {
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), {
            once: true,
          });
        });
      }
      const [status, answer] = this.#answer(pathname, searchParams, body);
      return Promise.resolve({
        status,
        headers: new Headers({ "x-consul-index": `${this.#index}` }),
        text: () => Promise.resolve(JSON.stringify(answer)),
      } as Response);
    };
    return consulStore({
      endpoints: "http://consul.test",
      prefix: "",
      lockDelay,
      fetch: request,
    });
  }

  #answer(
    path: string,
    query: URLSearchParams,
    body: string | undefined,
  ): [number, unknown] {
    if (path === "/v1/session/create") return [200, { ID: "own" }];
    if (path === "/v1/txn") return this.#txn(JSON.parse(body!));
    if (!path.startsWith("/v1/kv/")) return [200, true];
    const key = decodeURIComponent(path.slice("/v1/kv/".length));
    const isMany = query.has("recurse") || query.has("keys");
    const found = [...this.entries.values()].filter(({ Key }) =>
      isMany ? Key.startsWith(key) : Key === key
    );
    if (found.length === 0) return [404, null];
    return [200, query.has("keys") ? found.map(({ Key }) => Key) : found];
  }

  /** All operations or none, as Consul does. */
  #txn(operations: Operation[]): [number, unknown] {
    this.asked.push(operations.map(({ KV }) => KV.Key));
    const now = this.clock.now;
    const Errors = [...operations.entries()]
      .filter(([, { KV }]) =>
        KV.Verb === "lock" && (this.delayed.get(KV.Key) ?? 0) > now
      )
      .map(([OpIndex]) => ({ OpIndex, What: "due to lock delay" }));
    if (Errors.length > 0) return [409, { Results: null, Errors }];
    this.#index++;
    const Results = operations.map(({ KV: { Verb, Key, Value, Session } }) => {
      const entry: Entry = {
        Key,
        Value: Value ?? "",
        Session: Session ?? "",
        ModifyIndex: this.#index,
      };
      if (Verb === "lock") this.entries.set(Key, entry);
      else this.entries.delete(Key);
      return { KV: entry };
    });
    return [200, { Results, Errors: null }];
  }
}

const signal = new AbortController().signal;

describe("the store in Consul", () => {
  it(
    "says how long a free key is refused for its lock delay, and takes the others",
    timed(async (clock) => {
      const consul = new FakeConsul(clock);
      consul.delayed.set("a", clock.now + 3_000);
      const session = await consul.store(3_000).open("n", 15_000, signal);
      assertEquals(await session.take(["a", "b"], "v", signal), [
        { taken: false, expiresIn: 3_000 },
        { taken: true, fence: 11n },
      ]);
      assertEquals(consul.asked, [["a", "b"], ["b"]]);
    }),
  );

  it(
    "says who has a key, and does not ask for it",
    timed(async (clock) => {
      const consul = new FakeConsul(clock);
      consul.entries.set("a", {
        ...{ Key: "a", Value: "", Session: "other", ModifyIndex: 3 },
      });
      const session = await consul.store().open("n", 15_000, signal);
      assertEquals(await session.take(["a"], "v", signal), [
        { taken: false, holder: "other" },
      ]);
      assertEquals(consul.asked, []);
    }),
  );

  it(
    "leads when the lock delay of a dead leader is over, not a whole ttl later",
    timed(async (clock) => {
      const consul = new FakeConsul(clock);
      const node = memberOf(consul.store(), { name: "a", ttl: 15_000 });
      const terms: Term[] = [];
      const elected = electedOf(node, terms);
      const until = clock.now + 1_000;
      consul.delayed.set("k/elected/leader", until);
      await Promise.all([node.start(), elected.start(), clock.pass(0)]);
      await clock.pass(900);
      assertEquals(terms.length, 0, "it leads within the lock delay");
      await clock.pass(1_100);
      assertEquals(terms.length, 1);
      const looks = consul.asked.flat().filter((key) =>
        consul.delayed.has(key)
      );
      assert(looks.length <= 3, `it has asked ${looks.length} times`);
      await Promise.all([elected.stop(), clock.pass(0)]);
      await Promise.all([node.stop(), clock.pass(0)]);
    }),
  );

  it(
    "does not ask without a pause where there is no lock delay",
    timed(async (clock) => {
      const consul = new FakeConsul(clock);
      const node = memberOf(consul.store(0), { name: "a", ttl: 15_000 });
      const elected = electedOf(node, []);
      consul.delayed.set("k/elected/leader", Infinity);
      await Promise.all([node.start(), elected.start(), clock.pass(0)]);
      await clock.pass(1_000);
      const looks = consul.asked.flat().filter((key) =>
        consul.delayed.has(key)
      );
      assert(looks.length > 1, "it does not ask again");
      assert(looks.length <= 21, `it has asked ${looks.length} times`);
      await Promise.all([elected.stop(), clock.pass(0)]);
      await Promise.all([node.stop(), clock.pass(0)]);
    }),
  );
});
