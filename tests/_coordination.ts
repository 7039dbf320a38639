/** What the tests of coordination share: a fake clock and a store that fails. */

import { StartStop, untilAborted } from "@golib/runner";
import {
  type Busy,
  Elected,
  type HeldKey,
  type Lease,
  Member,
  type MemberOptions,
  type Store,
  type StoreEntry,
  StoreError,
  type StoreSession,
  type Taken,
  type Versioned,
} from "@golib/runner/coordination";
import type { HandClock } from "./_fake_clocks.ts";

/** How the network of one node is. */
export interface Link {
  /** `lost`: requests do not arrive; `deaf`: they do, and no answer comes. */
  mode: "up" | "lost" | "deaf" | "down";
  /** How late answers are, in milliseconds. */
  delay: number;
}

interface Held {
  readonly session: string;
  readonly value: string;
  readonly fence: bigint;
}

/** A store in this process, each node of which has a network that can fail. */
export class FakeStore {
  readonly sessions = new Map<string, { end: number; ttl: number }>();
  readonly held = new Map<string, Held>();
  readonly written = new Map<string, Versioned>();
  readonly watchers = new Set<(key: string) => void>();
  readonly clock: HandClock;
  /** What the store's wall clock is ahead of the true time. */
  ahead = 0;
  fence = 0n;
  requests: string[] = [];
  #ids = 0;

  constructor(clock: HandClock) {
    this.clock = clock;
  }

  sweep(): void {
    for (const [id, { end }] of this.sessions) {
      if (end <= this.clock.now) this.end(id);
    }
  }

  end(id: string): void {
    this.sessions.delete(id);
    for (const [key, { session }] of this.held) {
      if (session === id) this.free(key);
    }
  }

  free(key: string): void {
    this.held.delete(key);
    for (const each of [...this.watchers]) each(key);
  }

  /** As one node sees it. */
  node(link: Link = { mode: "up", delay: 0 }, hints = true): Store {
    const request = async <T>(
      name: string,
      signal: AbortSignal,
      work: () => T,
    ): Promise<T> => {
      this.requests.push(name);
      const { mode, delay } = link;
      if (mode === "down") {
        throw new StoreError("unavailable", "Cannot reach the fake store");
      }
      const never = new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), {
          once: true,
        });
      });
      never.catch(() => {});
      if (mode === "lost") return await never;
      // What was asked for is done, whether the answer comes or not.
      this.sweep();
      let answer: T;
      try {
        answer = work();
      } catch (error) {
        if (mode === "deaf") return await never;
        throw error;
      }
      if (mode === "deaf") return await never;
      if (delay === 0) return answer;
      const late = new Promise<T>((resolve) => {
        setTimeout(() => resolve(answer), delay);
      });
      return await Promise.race([late, never]);
    };
    const lives = (id: string) => {
      if (this.sessions.has(id)) return;
      throw new StoreError("refused", `The session ${id} is over`);
    };
    return {
      traits: {
        name: "a fake",
        minTtl: 10,
        fence: "monotonic",
        fenceScope: "store",
        expiry: "store",
        longestHandover: (ttl) => ttl,
        batch: 100,
      },
      open: (name, ttl, signal) =>
        request("open", signal, (): StoreSession => {
          const id = `${name}-${++this.#ids}`;
          this.sessions.set(id, { end: this.clock.now + ttl, ttl });
          return this.#session(id, ttl, request, lives, hints);
        }),
    };
  }

  #session(
    id: string,
    ttl: number,
    request: <T>(
      name: string,
      signal: AbortSignal,
      work: () => T,
    ) => Promise<T>,
    lives: (id: string) => void,
    hints: boolean,
  ): StoreSession {
    return {
      id,
      ttl,
      renew: (signal) =>
        request("renew", signal, () => {
          if (!this.sessions.has(id)) return false;
          this.sessions.set(id, { end: this.clock.now + ttl, ttl });
          return true;
        }),
      take: (keys, value, signal) =>
        request("take", signal, () => {
          lives(id);
          return keys.map((key): Taken | Busy => {
            const found = this.held.get(key);
            if (found && found.session !== id) {
              const { end } = this.sessions.get(found.session)!;
              const expiresIn = end - this.clock.now;
              return { taken: false, holder: found.session, expiresIn };
            }
            const fence = found?.fence ?? ++this.fence;
            this.held.set(key, { session: id, value, fence });
            // As real ones do: what was taken is news only of members.
            if (!found && key.startsWith("k/members/")) {
              for (const each of [...this.watchers]) each(key);
            }
            return { taken: true, fence };
          });
        }),
      drop: (held: readonly HeldKey[], signal) =>
        request("drop", signal, () => {
          for (const { key, fence } of held) {
            const found = this.held.get(key);
            if (found?.session === id && found.fence === fence) this.free(key);
          }
        }),
      read: (key, signal) =>
        request("read", signal, () => this.written.get(key)),
      write: (key, value, version, signal) =>
        request("write", signal, () => {
          const present = this.written.get(key)?.version ?? 0n;
          if (present !== version) return undefined;
          this.written.set(key, { value, version: ++this.fence });
          return this.fence;
        }),
      list: (prefix, signal) =>
        request("list", signal, () => {
          const entries: StoreEntry[] = [];
          for (const [key, each] of this.held) {
            if (key.startsWith(prefix)) entries.push({ key, ...each });
          }
          for (const [key, { value, version }] of this.written) {
            if (!key.startsWith(prefix)) continue;
            entries.push({ key, value, session: "", fence: version });
          }
          return entries;
        }),
      watch: (prefix, signal) => this.#watch(prefix, signal, hints),
      time: (signal) =>
        request("time", signal, () => this.clock.now + this.ahead),
      close: (signal) => request("close", signal, () => this.end(id)),
    };
  }

  async *#watch(
    prefix: string,
    signal: AbortSignal,
    hints: boolean,
  ): AsyncGenerator<string | undefined> {
    const keys: (string | undefined)[] = [undefined];
    let wake = (): void => {};
    const tell = (key: string): void => {
      if (hints && key.startsWith(prefix)) keys.push(key);
      wake();
    };
    this.watchers.add(tell);
    signal.addEventListener("abort", () => wake(), { once: true });
    try {
      for (;;) {
        yield* keys.splice(0);
        if (signal.aborted) throw signal.reason;
        await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      this.watchers.delete(tell);
    }
  }
}

export const TTL = 3_000;

/** A member that prints nothing. */
export function memberOf(store: Store, options: MemberOptions = {}): Member {
  return new Member(store, { ttl: TTL, printErrors: false, ...options });
}

/** One term of an elected runner. */
export interface Term {
  readonly node: string;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly force: AbortSignal;
  isOver: boolean;
}

/** An elected runner whose terms are there to be looked at. */
export function electedOf(
  node: Member,
  terms: Term[],
  end: (term: Term) => Promise<void> = ({ signal }) => untilAborted(signal),
): Elected {
  return new Elected(
    (lease) =>
      new StartStop(async (signal, { force }) => {
        const term = { node: node.name, lease, signal, force, isOver: false };
        terms.push(term);
        try {
          await end(term);
        } finally {
          term.isOver = true;
        }
      }, { printErrors: false, name: `term of ${node.name}` }),
    node,
    { key: "leader", printErrors: false },
  );
}
