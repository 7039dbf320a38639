/** The plan of shards, and what runs by it. */

import { nothing } from "../_internal/settings.ts";
import { join, leave } from "../_internal/signals.ts";
import { Timer } from "../_internal/timer.ts";
import { untilAborted } from "../_internal/until_aborted.ts";
import type { ChildEntry } from "../runner.ts";
import { encoded, HELD } from "./_keys.ts";
import type { Membership } from "./_membership.ts";
import { rankOf } from "./_rendezvous.ts";
import type { Reporter } from "./_report.ts";
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

/** A key that is this node's by the plan, or still runs here. */
interface Shard {
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

  constructor(
    member: Membership,
    reporter: Reporter,
    settings: ShardSettings,
  ) {
    this.#member = member;
    this.#reporter = reporter;
    this.#settings = settings;
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
    const changed = () => {
      const { life } = this.#member;
      if (signal.aborted) return;
      // The first plan of a node that comes may wait: others have to give up first.
      if (life) timer.arm(settle, () => this.#plan(signal, force));
    };
    const deafen = turned.listen(changed);
    await peers.add(group).catch(nothing);
    changed();
    await untilAborted(signal);
    timer.disarm();
    deafen();
    // First, so that others make their plans while the runners here end.
    const left = peers.remove(group).catch(nothing);
    await Promise.all([...this.#shards.values()].map((each) => each.over));
    await left;
  }

  #plan(signal: AbortSignal, force: AbortSignal): void {
    const { peers, life } = this.#member;
    const { keys, group } = this.#settings;
    if (signal.aborted || !life?.isGood) return;
    const { id } = life.session;
    const nodes = peers.of(group);
    if (!nodes.includes(id)) return;
    for (const key of keys) {
      const isOwn = rankOf(id, nodes, key) === 0;
      const shard = this.#shards.get(key);
      if (isOwn && !shard) this.#begin(key, signal, force);
      else if (!isOwn && shard) shard.end.abort();
    }
  }

  #begin(key: string, signal: AbortSignal, force: AbortSignal): void {
    const { group, make, overrun } = this.#settings;
    const reporter = this.#reporter;
    const end = new AbortController();
    const asked = { aborted: () => end.abort() };
    join(signal, asked);
    const told = (lease: Lease) => ({ key, fence: lease.fence });
    const over = runTerms(
      this.#member,
      {
        key,
        storeKey: `${HELD}shards/${encoded(group)}/${encoded(key)}`,
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
      () => true,
    ).catch((error: Error) => reporter.record(error)).then(() => {
      leave(signal, asked);
      this.#shards.delete(key);
      // The plan may have come back to this node while the runner ended.
      if (!signal.aborted) this.#plan(signal, force);
    });
    const shard: Shard = { end, over, isHeld: false };
    this.#shards.set(key, shard);
  }
}
