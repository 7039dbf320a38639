/** What an engine has to keep: types only, no behaviour. */

/** What differs between stores. */
export interface StoreTraits {
  /** Names the store in messages. */
  readonly name: string;
  /** The shortest time to live that the store grants, in milliseconds. */
  readonly minTtl: number;
  /**
   * Whether fences grow for ever, or only until the store restarts without its
   * data.
   */
  readonly fence: "monotonic" | "until-restart";
  /** Whether fences grow over all keys of the store, or for each key alone. */
  readonly fenceScope: "store" | "key";
  /**
   * Who decides that a session is over: the store, or each observer by its own
   * clock.
   */
  readonly expiry: "store" | "observer";
  /**
   * The longest time in milliseconds from the death of a holder to the moment at
   * which another can take its keys.
   */
  readonly longestHandover: (ttl: number) => number;
  /** How many keys one request can take. */
  readonly batch: number;
}

/** A key that was won. */
export interface Taken {
  /** Tells this answer from the other. */
  readonly taken: true;
  /** Larger than the fence of every earlier holder of the key. */
  readonly fence: bigint;
}

/** A key that another session has. */
export interface Busy {
  /** Tells this answer from the other. */
  readonly taken: false;
  /** The id of that session, where the store says. */
  readonly holder?: string | undefined;
  /**
   * In how many milliseconds that session is over unless it is renewed, where the
   * store says.
   */
  readonly expiresIn?: number | undefined;
}

/** A key that is to be given up, as it was taken. */
export interface HeldKey {
  /** The key. */
  readonly key: string;
  /** The fence that it was taken with. */
  readonly fence: bigint;
}

/** A key that a session has. */
export interface StoreEntry {
  /** The key. */
  readonly key: string;
  /** What it was taken or written with. */
  readonly value: string;
  /** The id of the session; empty for what was written. */
  readonly session: string;
  /** The fence of the take, or the version of the write. */
  readonly fence: bigint;
}

/** A value and its version. */
export interface Versioned {
  /** The value. */
  readonly value: string;
  /** What the next write has to name; it grows with each write. */
  readonly version: bigint;
}

/**
 * An engine that keeps sessions and keys. It has no timers and tries nothing
 * again: all of that is done by the {@linkcode Member}. Each call rejects with a
 * {@linkcode StoreError}, and ends when its signal aborts.
 */
export interface Store {
  /** What differs between stores. */
  readonly traits: StoreTraits;
  /**
   * Begins a session.
   *
   * @param name Names the session for whoever looks into the store.
   * @param ttl In milliseconds; the store may grant another.
   */
  open(name: string, ttl: number, signal: AbortSignal): Promise<StoreSession>;
}

/** A session in a store, and the keys that live as long as it does. */
export interface StoreSession {
  /** Differs from that of every other session. */
  readonly id: string;
  /** The time to live as granted, in milliseconds. */
  readonly ttl: number;
  /**
   * Begins the time to live anew. `true`: the session lives. `false`: it is gone
   * for certain. A rejection: not known.
   */
  renew(signal: AbortSignal): Promise<boolean>;
  /**
   * Takes each key that is free. A key that this session has already answers with
   * the fence it was taken with.
   */
  take(
    keys: readonly string[],
    value: string,
    signal: AbortSignal,
  ): Promise<(Taken | Busy)[]>;
  /**
   * Gives up keys. One that is held with another fence stays, so that a request
   * which comes late harms no later holder.
   */
  drop(held: readonly HeldKey[], signal: AbortSignal): Promise<void>;
  /** What was written, and is there beyond the session. */
  read(key: string, signal: AbortSignal): Promise<Versioned | undefined>;
  /**
   * Writes where the version is still this one; `0n` where nothing may be there.
   *
   * @returns the new version, or `undefined` where the version was another.
   */
  write(
    key: string,
    value: string,
    version: bigint,
    signal: AbortSignal,
  ): Promise<bigint | undefined>;
  /** All keys that begin with a prefix, of sessions that live and as written. */
  list(prefix: string, signal: AbortSignal): Promise<StoreEntry[]>;
  /**
   * Hints that keys of sessions have changed: each the key, or `undefined` for
   * "look again at all". Hints may repeat and may be lost; the first comes once
   * the watch is in place. It ends by a rejection.
   */
  watch(
    prefix: string,
    signal: AbortSignal,
  ): AsyncIterable<string | undefined>;
  /** The store's time in epoch milliseconds; `undefined` where it has none. */
  time(signal: AbortSignal): Promise<number | undefined>;
  /** Gives up all keys and ends the session; one that is over is no error. */
  close(signal: AbortSignal): Promise<void>;
}

/** As much of `fetch` as a store needs. */
export type StoreFetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly signal: AbortSignal;
    readonly body?: string;
  },
) => Promise<Response>;
