/** Who else is a member, of the store and of groups. */

import { encoded, HELD } from "./_keys.ts";
import type { Life } from "./_life.ts";
import type { Node } from "./_node.ts";
import type { StoreEntry } from "./store.ts";

const PREFIX = `${HELD}members/`;

export class Peers {
  readonly #member: Node;
  /** Each with how many want this process to be in it; "" is that of all. */
  readonly #groups = new Map([["", 1]]);
  /** What this process has, with its fence. */
  readonly #own = new Map<string, bigint>();
  #entries: StoreEntry[] = [];
  #isRefreshing = false;
  #isStale = false;

  constructor(member: Node) {
    this.#member = member;
  }

  /** The ids of the sessions in a group, sorted. */
  of(group = ""): string[] {
    const prefix = `${PREFIX}${encoded(group)}/`;
    return this.#entries.filter(({ key }) => key.startsWith(prefix))
      .map(({ session }) => session).sort();
  }

  /** Enters a group, also with each session to come. */
  async add(group: string): Promise<void> {
    this.#groups.set(group, (this.#groups.get(group) ?? 0) + 1);
    const { life } = this.#member;
    if (!life?.isGood) return;
    await this.enter(life);
    this.hint(life);
  }

  /** Leaves a group. */
  async remove(group: string): Promise<void> {
    const count = this.#groups.get(group)! - 1;
    if (count > 0) return void this.#groups.set(group, count);
    this.#groups.delete(group);
    const { life } = this.#member;
    if (life?.isGood) await this.#drop(life, `${PREFIX}${encoded(group)}/`);
  }

  /** Enters all groups that it is not in yet. */
  async enter(life: Life): Promise<void> {
    for (const key of this.#own.keys()) {
      // Those of an earlier session ended with that.
      if (!key.endsWith(`/${life.session.id}`)) this.#own.delete(key);
    }
    const keys = [...this.#groups.keys()]
      .map((group) => `${PREFIX}${encoded(group)}/${life.session.id}`)
      .filter((key) => !this.#own.has(key));
    if (keys.length === 0) return;
    const { name } = this.#member.settings;
    const { batch } = this.#member.store.traits;
    while (keys.length > 0) {
      const some = keys.splice(0, batch);
      const answers = await this.#member.ask(
        life,
        "join",
        (session, signal) => session.take(some, name, signal),
      );
      for (const [index, answer] of answers.entries()) {
        if (answer.taken) this.#own.set(some[index]!, answer.fence);
      }
    }
  }

  /** Leaves all groups. */
  async leave(life: Life): Promise<void> {
    await this.#drop(life, PREFIX);
  }

  /** Another session has yet to enter. */
  reset(): void {
    this.#own.clear();
    this.#entries = [];
  }

  /** Looks who is there, soon; what comes meanwhile is looked at after that. */
  hint(life: Life): void {
    this.#isStale = true;
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    void (async () => {
      try {
        while (this.#isStale && life.isGood) {
          this.#isStale = false;
          await this.refresh(life);
        }
      } catch {
        // Told already; the next look comes with the next hint or poll.
      } finally {
        this.#isRefreshing = false;
      }
    })();
  }

  async refresh(life: Life): Promise<void> {
    const entries = await this.#member.ask(
      life,
      "list the members",
      (session, signal) => session.list(PREFIX, signal),
    );
    if (!life.isGood) return;
    const before = this.#entries;
    this.#entries = entries;
    const without = (some: StoreEntry[], others: StoreEntry[]) => {
      const keys = new Set(others.map(({ key }) => key));
      return some.filter(({ key }) => !keys.has(key));
    };
    const joined = without(entries, before);
    const left = without(before, entries);
    if (joined.length + left.length === 0) return;
    const names = (some: StoreEntry[]) =>
      some.filter(({ key }) => key.startsWith(`${PREFIX}/`))
        .map(({ value }) => value);
    const told = { joined: names(joined), left: names(left) };
    if (told.joined.length + told.left.length > 0) {
      this.#member.report.emit({ type: "member", ...told });
    }
    this.#member.turned.ring();
  }

  async #drop(life: Life, prefix: string): Promise<void> {
    const held = [...this.#own].filter(([key]) => key.startsWith(prefix))
      .map(([key, fence]) => ({ key, fence }));
    for (const { key } of held) this.#own.delete(key);
    const { batch } = this.#member.store.traits;
    while (held.length > 0) {
      const some = held.splice(0, batch);
      await this.#member.ask(
        life,
        "leave",
        (session, signal) => session.drop(some, signal),
      );
    }
  }
}
