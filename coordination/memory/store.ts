import { reasonOf } from "../../_internal/errors.ts";
import { now } from "../_clock.ts";
import { StoreError } from "../errors.ts";
import type {
  Busy,
  Store,
  StoreEntry,
  StoreSession,
  Taken,
  Versioned,
} from "../store.ts";

/** A key that is held. */
interface Held {
  readonly session: string;
  readonly value: string;
  readonly fence: bigint;
}

class Memory implements Store {
  readonly traits = {
    name: "memory",
    minTtl: 1,
    fence: "monotonic",
    fenceScope: "store",
    expiry: "store",
    longestHandover: (ttl: number): number => ttl,
    batch: 100,
  } as const;
  /** When each session is over, on the scale of the module's clock. */
  readonly sessions = new Map<string, number>();
  readonly held = new Map<string, Held>();
  readonly written = new Map<string, Versioned>();
  readonly watchers = new Set<(key: string) => void>();
  fence = 0n;
  #ids = 0;

  open(name: string, ttl: number): Promise<StoreSession> {
    const id = `${++this.#ids}-${name}`;
    this.sessions.set(id, now() + ttl);
    return Promise.resolve(new Session(this, id, ttl));
  }

  /** Forgets the sessions that are over. */
  sweep(): void {
    for (const [id, end] of this.sessions) if (end <= now()) this.end(id);
  }

  end(id: string): void {
    this.sessions.delete(id);
    for (const [key, { session }] of this.held) {
      if (session === id) this.free(key);
    }
  }

  free(key: string): void {
    this.held.delete(key);
    this.tell(key);
  }

  tell(key: string): void {
    for (const each of [...this.watchers]) each(key);
  }
}

class Session implements StoreSession {
  readonly id: string;
  readonly ttl: number;
  readonly #memory: Memory;

  constructor(memory: Memory, id: string, ttl: number) {
    this.#memory = memory;
    this.id = id;
    this.ttl = ttl;
  }

  renew(): Promise<boolean> {
    const { sessions } = this.#memory;
    this.#memory.sweep();
    const lives = sessions.has(this.id);
    if (lives) sessions.set(this.id, now() + this.ttl);
    return Promise.resolve(lives);
  }

  take(keys: readonly string[], value: string): Promise<(Taken | Busy)[]> {
    const memory = this.#memory;
    memory.sweep();
    if (!memory.sessions.has(this.id)) {
      const why = `the session ${this.id} is over`;
      return Promise.reject(
        new StoreError("refused", `Cannot take a key in memory: ${why}`),
      );
    }
    return Promise.resolve(keys.map((key) => {
      const found = memory.held.get(key);
      if (found && found.session !== this.id) {
        const expiresIn = memory.sessions.get(found.session)! - now();
        return { taken: false, holder: found.session, expiresIn };
      }
      const fence = found?.fence ?? ++memory.fence;
      memory.held.set(key, { session: this.id, value, fence });
      if (!found && key.startsWith("k/members/")) memory.tell(key);
      return { taken: true, fence };
    }));
  }

  drop(
    held: readonly { readonly key: string; readonly fence: bigint }[],
  ): Promise<void> {
    for (const { key, fence } of held) {
      const found = this.#memory.held.get(key);
      if (found?.session === this.id && found.fence === fence) {
        this.#memory.free(key);
      }
    }
    return Promise.resolve();
  }

  read(key: string): Promise<Versioned | undefined> {
    return Promise.resolve(this.#memory.written.get(key));
  }

  write(
    key: string,
    value: string,
    version: bigint,
  ): Promise<bigint | undefined> {
    const { written } = this.#memory;
    if ((written.get(key)?.version ?? 0n) !== version) {
      return Promise.resolve(undefined);
    }
    const next = ++this.#memory.fence;
    written.set(key, { value, version: next });
    return Promise.resolve(next);
  }

  list(prefix: string): Promise<StoreEntry[]> {
    this.#memory.sweep();
    const entries: StoreEntry[] = [];
    for (const [key, { value, session, fence }] of this.#memory.held) {
      entries.push({ key, value, session, fence });
    }
    for (const [key, { value, version }] of this.#memory.written) {
      entries.push({ key, value, session: "", fence: version });
    }
    return Promise.resolve(
      entries.filter(({ key }) => key.startsWith(prefix)),
    );
  }

  async *watch(
    prefix: string,
    signal: AbortSignal,
  ): AsyncGenerator<string | undefined> {
    const { watchers } = this.#memory;
    const keys: (string | undefined)[] = [undefined];
    let wake = (): void => {};
    const tell = (key: string): void => {
      if (key.startsWith(prefix)) keys.push(key);
      wake();
    };
    watchers.add(tell);
    signal.addEventListener("abort", () => wake(), { once: true });
    try {
      for (;;) {
        yield* keys.splice(0);
        if (signal.aborted) throw reasonOf(signal);
        if (keys.length === 0) {
          await new Promise<void>((resolve) => wake = resolve);
        }
      }
    } finally {
      watchers.delete(tell);
    }
  }

  time(): Promise<number> {
    return Promise.resolve(Date.now());
  }

  close(): Promise<void> {
    this.#memory.end(this.id);
    return Promise.resolve();
  }
}

/**
 * A store within one process. Each call makes another store; members that are to
 * meet get the same one.
 *
 * @returns the store.
 */
export function memoryStore(): Store {
  return new Memory();
}
