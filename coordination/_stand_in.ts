/** Keys that those before this node in rank leave free. */

import type { Membership } from "./_membership.ts";
import { pause, Wait } from "./_wait.ts";

// For how long a key is left to each node that comes before this one.
const TURN = 1_000;

export interface StandInSettings {
  /** What the keys in the store begin with. */
  readonly prefix: string;
  /** The keys in the store that neither run here nor are gone for by this node. */
  others(): string[];
  /** How many nodes come before this one for a key. */
  rank(storeKey: string): number;
  /** The turn of this node has come for a key. */
  take(storeKey: string): void;
}

/**
 * Looks which keys stay free. The first in rank may not know a key, or fail at it
 * each time: the second takes it once it was seen free for a second, the third
 * after two.
 */
export class StandIn {
  readonly #member: Membership;
  readonly #settings: StandInSettings;
  /** How many looks in a row have found a key free. */
  #free = new Map<string, number>();
  #idle: Wait | undefined;
  #isStale = false;

  constructor(member: Membership, settings: StandInSettings) {
    this.#member = member;
    this.#settings = settings;
  }

  /** A key may have become free. */
  soon(): void {
    this.#isStale = true;
    this.#idle?.end();
  }

  /** Looks whenever a key may be free, and now and then, as hints may be lost. */
  async run(signal: AbortSignal): Promise<void> {
    const { hinted, settings } = this.#member;
    const { prefix } = this.#settings;
    const deafen = hinted.listen((key) => {
      if (key === undefined || key.startsWith(prefix)) this.soon();
    });
    while (!signal.aborted) {
      if (this.#free.size === 0 && !this.#isStale) {
        this.#idle = new Wait(settings.ttl, signal);
        await this.#idle.over;
        this.#idle = undefined;
      }
      await pause(TURN, signal);
      if (signal.aborted) break;
      this.#isStale = false;
      // What fails is told already; the next look comes with the next hint or ttl.
      this.#free = await this.#look().catch(() => new Map());
    }
    deafen();
  }

  async #look(): Promise<Map<string, number>> {
    const { prefix, others, rank, take } = this.#settings;
    const { life } = this.#member;
    const free = new Map<string, number>();
    if (!life?.isGood || others().length === 0) return free;
    const entries = await this.#member.ask(
      life,
      "list the shards",
      (session, signal) => session.list(prefix, signal),
    );
    const held = new Set(entries.map(({ key }) => key));
    for (const key of others()) {
      if (held.has(key)) continue;
      const before = rank(key);
      // The first goes for it by its plan.
      if (before === 0) continue;
      const looks = (this.#free.get(key) ?? 0) + 1;
      if (looks > before) take(key);
      else free.set(key, looks);
    }
    return free;
  }
}
