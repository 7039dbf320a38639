/** How far the runs of a schedule have been claimed: one cursor a schedule. */

import { encoded, WRITTEN } from "./_keys.ts";
import type { Life } from "./_life.ts";
import type { Membership } from "./_membership.ts";
import { StoreError } from "./errors.ts";

const PREFIX = `${WRITTEN}cursor/`;

/** The last run that was claimed, and by whom. */
export interface Cursor {
  /** In epoch milliseconds. */
  readonly at: number;
  /** A word of the claim, which no other has. */
  readonly by: string;
  /** The name of the member. */
  readonly name: string;
  /** 0n where there is none yet. */
  readonly version: bigint;
}

const NONE: Cursor = { at: -Infinity, by: "", name: "", version: 0n };

function parsed(key: string, value: string, version: bigint): Cursor {
  try {
    const { at, by, name } = JSON.parse(value) as Cursor;
    if (typeof at === "number") return { at, by, name, version };
  } catch {
    // Said below.
  }
  const why = `${JSON.stringify(value.slice(0, 100))} is not one of ours`;
  throw new StoreError("refused", `Cannot read the cursor of "${key}": ${why}`);
}

export class Cursors {
  readonly #member: Membership;
  readonly #key: string;
  readonly #storeKey: string;
  #claims = 0;
  /** As it was last seen; another may have moved it since. */
  seen: Cursor | undefined;

  constructor(member: Membership, key: string) {
    this.#member = member;
    this.#key = key;
    this.#storeKey = PREFIX + encoded(key);
  }

  async read(life: Life): Promise<Cursor> {
    const found = await this.#member.ask(
      life,
      "read a cursor",
      (session, signal) => session.read(this.#storeKey, signal),
    );
    return this.seen = found
      ? parsed(this.#key, found.value, found.version)
      : NONE;
  }

  /** Moves it on from where it was seen; `undefined` where another has moved it. */
  async move(
    life: Life,
    from: Cursor,
    at: number,
  ): Promise<Cursor | undefined> {
    const { name } = this.#member.settings;
    const by = `${life.session.id} ${++this.#claims}`;
    const value = JSON.stringify({ at, by, name });
    this.seen = undefined;
    let version: bigint | undefined;
    try {
      version = await this.#member.ask(
        life,
        "move a cursor",
        (session, signal) =>
          session.write(this.#storeKey, value, from.version, signal),
      );
    } catch {
      // It may have been written all the same. What is read decides.
      const cursor = await this.read(life);
      if (cursor.by === by) return cursor;
      // A write that comes later than this finds another version, or is seen by
      // whoever reads next: then the run is claimed, and lost with the answer.
      if (cursor.version === from.version) {
        throw new StoreError(
          "unavailable",
          `Cannot move the cursor of "${this.#key}": no answer`,
        );
      }
    }
    if (version === undefined) return undefined;
    return this.seen = { at, by, name, version };
  }

  /** All cursors of a store, in one request for all who ask at once. */
  async look(life: Life): Promise<Cursor> {
    const entries = await listed(this.#member, life);
    const entry = entries.get(this.#storeKey);
    return this.seen = entry
      ? parsed(this.#key, entry.value, entry.fence)
      : NONE;
  }
}

type Entries = Map<string, { readonly value: string; readonly fence: bigint }>;
const lists = new WeakMap<Life, Promise<Entries>>();

function listed(member: Membership, life: Life): Promise<Entries> {
  const present = lists.get(life);
  if (present) return present;
  const list = member.ask(
    life,
    "list the cursors",
    async (session, signal) =>
      new Map(
        (await session.list(PREFIX, signal)).map((each) => [each.key, each]),
      ),
  );
  lists.set(life, list);
  const done = () => void lists.delete(life);
  void list.then(done, done);
  return list;
}
