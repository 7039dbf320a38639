/** The plan of shards, and what runs by it. */

import { nothing } from "../_internal/settings.ts";
import { join, leave } from "../_internal/signals.ts";
import { Timer } from "../_internal/timer.ts";
import { untilAborted } from "../_internal/until_aborted.ts";
import type { ChildEntry } from "../runner.ts";
import { encoded, HELD } from "./_keys.ts";
import type { Membership } from "./_membership.ts";
import { firstOf, rankOf } from "./_rendezvous.ts";
import type { Reporter } from "./_report.ts";
import { StandIn } from "./_stand_in.ts";
import { runTerms } from "./_terms.ts";
import type { Lease } from "./lease.ts";
import type { LeasedRunner } from "./options.ts";

export interface ShardSettings {
  readonly keys: readonly string[];
  readonly make: (key: string, lease: Lease) => LeasedRunner;
  readonly group: string;
  /** In milliseconds. */
  readonly settle: number;
  readonly overrun: string;
}

/** A key that this node goes for, or that still runs here. */
interface Shard {
  /** The first in rank, where this node stands in for that. */
  first: string | undefined;
  readonly end: AbortController;
  readonly over: Promise<void>;
  inner?: LeasedRunner;
  isHeld: boolean;
}

export class Shards {
  readonly #member: Membership;
  readonly #reporter: Reporter;
  readonly #settings: ShardSettings;
  readonly #shards = new Map<string, Shard>();
  /** By what the store calls them. */
  readonly #keys = new Map<string, string>();
  readonly #prefix: string;

  constructor(
    member: Membership,
    reporter: Reporter,
    settings: ShardSettings,
  ) {
    this.#member = member;
    this.#reporter = reporter;
    this.#settings = settings;
    this.#prefix = `${HELD}shards/${encoded(settings.group)}/`;
    for (const key of settings.keys) {
      this.#keys.set(this.#prefix + encoded(key), key);
    }
  }

  running(): string[] {
    return this.#settings.keys.filter((key) => this.#shards.get(key)?.isHeld);
  }

  children(): ChildEntry[] {
    return this.running().map((name) => ({
      name,
      runner: this.#shards.get(name)!.inner,
    }));
  }

  async run(signal: AbortSignal, force: AbortSignal): Promise<void> {
    const { peers, turned } = this.#member;
    const { group, settle } = this.#settings;
    const timer = new Timer();
    const standIn = this.#standIn(timer, signal, force);
    const changed = () => {
      const { life } = this.#member;
      if (signal.aborted) return;
      // The first plan of a node that comes may wait: others have to give up first.
      if (!life) return;
      timer.arm(settle, () => {
        this.#plan(signal, force);
        standIn.soon();
      });
    };
    const deafen = turned.listen(changed);
    await peers.add(group).catch(nothing);
    changed();
    await Promise.all([untilAborted(signal), standIn.run(signal)]);
    timer.disarm();
    deafen();
    // First, so that others make their plans while the runners here end.
    const left = peers.remove(group).catch(nothing);
    await Promise.all([...this.#shards.values()].map((each) => each.over));
    await left;
  }

  /** The members that share the keys; none while this node is not one of them. */
  #nodes(): string[] {
    const { peers, life } = this.#member;
    if (!life?.isGood) return [];
    const nodes = peers.of(this.#settings.group);
    return nodes.includes(life.session.id) ? nodes : [];
  }

  #rank(key: string, nodes: readonly string[]): number {
    return rankOf(this.#member.life!.session.id, nodes, key);
  }

  #standIn(
    planning: Timer,
    signal: AbortSignal,
    force: AbortSignal,
  ): StandIn {
    const keyOf = (storeKey: string) => this.#keys.get(storeKey)!;
    return new StandIn(this.#member, {
      prefix: this.#prefix,
      // While a plan is to come, what is free is for that to give.
      others: () =>
        planning.armed || this.#nodes().length < 2
          ? []
          : [...this.#keys].filter(([, key]) => !this.#shards.has(key))
            .map(([storeKey]) => storeKey),
      rank: (storeKey) => this.#rank(keyOf(storeKey), this.#nodes()),
      take: (storeKey) => {
        const key = keyOf(storeKey);
        this.#begin(key, firstOf(this.#nodes(), key), signal, force);
      },
    });
  }

  #plan(signal: AbortSignal, force: AbortSignal): void {
    const nodes = this.#nodes();
    for (const key of this.#settings.keys) {
      this.#decide(key, nodes, signal, force);
    }
  }

  /** Goes for a key, or gives it up, as the members have it. */
  #decide(
    key: string,
    nodes: readonly string[],
    signal: AbortSignal,
    force: AbortSignal,
  ): void {
    if (signal.aborted || nodes.length === 0) return;
    const isOwn = this.#rank(key, nodes) === 0;
    const shard = this.#shards.get(key);
    if (isOwn && !shard) this.#begin(key, undefined, signal, force);
    else if (isOwn) shard!.first = undefined;
    // It stays where it is while the one that left it free is the first.
    else if (shard && shard.first !== firstOf(nodes, key)) shard.end.abort();
  }

  /** @param first Who is first in rank, where this node stands in for that. */
  #begin(
    key: string,
    first: string | undefined,
    signal: AbortSignal,
    force: AbortSignal,
  ): void {
    const { make, overrun } = this.#settings;
    const reporter = this.#reporter;
    const end = new AbortController();
    const asked = { aborted: () => end.abort() };
    join(signal, asked);
    const told = (lease: Lease) => ({ key, fence: lease.fence });
    const over = runTerms(
      this.#member,
      {
        key,
        storeKey: this.#prefix + encoded(key),
        // Where somebody else has it by now, there is nothing to stand in for.
        isOnce: first !== undefined,
        make: (lease) => shard.inner = make(key, lease),
        overrun,
        turned(lease, reason) {
          shard.isHeld = reason === undefined;
          reporter.emit({
            type: "leader",
            ...{ ...told(lease), held: shard.isHeld, reason },
          });
        },
        overran(lease, error) {
          reporter.record(error);
          reporter.emit({ type: "overrun", ...told(lease) });
        },
        failed: (error) => reporter.record(error),
      },
      end.signal,
      force,
      // After a failure the others have their turn.
      () => shard.first === undefined,
    ).catch((error: Error) => reporter.record(error)).then(() => {
      leave(signal, asked);
      this.#shards.delete(key);
      // The plan may have come back to this node while the runner ended.
      this.#decide(key, this.#nodes(), signal, force);
    });
    const shard: Shard = { first, end, over, isHeld: false };
    this.#shards.set(key, shard);
  }
}
