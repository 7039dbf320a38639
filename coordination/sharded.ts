import { defaultsOf, settingsOf } from "../_internal/settings.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { bag, finite, says } from "../_internal/validate.ts";
import type { ChildEntry, Observer } from "../runner.ts";
import { StartStop } from "../start_stop/mod.ts";
import { checkedKey } from "./_keys.ts";
import { checkedMaker, checkedMember, oneOf } from "./_makers.ts";
import { Reporter } from "./_report.ts";
import { Shards } from "./_shards.ts";
import type { CoordinationObserver } from "./events.ts";
import type { Lease } from "./lease.ts";
import { type Member, membershipOf } from "./member.ts";
import type { LeasedRunner, ShardedOptions } from "./options.ts";

/**
 * Many runners spread over the nodes that live: each key runs on one of them.
 *
 * Each node finds by itself which keys are its own, from the list of members. When
 * a node comes or goes, only the keys that have to move do. A node that gives a
 * key up stops its runner first, then gives up the key; the new owner begins after
 * that, so that two views of the members never run one key twice.
 *
 * Only the first in rank goes for a key. Where it leaves the key free, the second
 * takes it after a second, the third after two, and keeps it until the first in rank
 * is another: a node may not know the key, or its runner fails at each start.
 *
 * It is `running` from its start, with whatever keys are this node's. A runner that
 * ends or fails is started again after a pause; its failure is recorded.
 *
 * Constructing starts nothing.
 *
 * @example Usage
 * ```ts
 * import { StartStop, untilAborted } from "@golib/runner";
 * import { Member, Sharded } from "@golib/runner/coordination";
 * import { memoryStore } from "@golib/runner/coordination/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const node = new Member(memoryStore());
 * const shards = new Sharded(
 *   ["eu", "us"],
 *   () => new StartStop((signal) => untilAborted(signal)),
 *   node,
 *   { settle: 0 },
 * );
 * const both = new Promise<void>((resolve) => {
 *   shards.observe(() => void (shards.keys().length === 2 && resolve()));
 * });
 * await node.start();
 * await shards.start();
 * await both;
 * assertEquals(shards.keys(), ["eu", "us"]);
 * await shards.stop();
 * await node.stop();
 * ```
 */
export class Sharded extends StartStop {
  readonly #shards: Shards;

  /**
   * Makes a runner that is stopped; nothing is started.
   *
   * @param keys What is to be spread: the same keys on each node.
   * @param make Makes the runner of a key, under its lease.
   * @param node The member that takes its share.
   * @param options How to share.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense, or a key comes twice.
   */
  constructor(
    keys: Iterable<string>,
    make: (key: string, lease: Lease) => LeasedRunner,
    node: Member,
    options?: ShardedOptions,
  ) {
    const what = "create a Sharded";
    const isList = typeof keys === "object" &&
      typeof keys?.[Symbol.iterator] === "function";
    if (!isList) throw new TypeError(says(what, "keys", "a list", keys));
    const list = [...keys];
    const seen = new Set<string>();
    for (const each of list) {
      checkedKey(what, each);
      if (seen.has(each)) {
        const need = "a list without repeats";
        throw new RangeError(says(what, "keys", need, each));
      }
      seen.add(each);
    }
    checkedMaker(what, make as never);
    const member = membershipOf(checkedMember(what, node));
    const { key: group = "shards", settle = 1_000, overrun = "tell" } = bag(
      what,
      options,
    );
    checkedKey(what, group);
    oneOf(what, "overrun", overrun, ["tell", "exit"]);
    finite(what, "settle", settle);
    const defaults = defaultsOf("sharded", {
      stopTimeout: member.settings.grace + 2_000,
    });
    const settings = settingsOf(what, defaults, options as object);
    checkUnknown(what, "Sharded", options, [
      ...Object.keys(defaults),
      ...["key", "settle", "overrun"],
    ]);
    const reporter = new Reporter();
    const shards = new Shards(member, reporter, {
      ...{ keys: list, make, group, settle, overrun },
    });
    super(
      (signal, control) => shards.run(signal, control.force),
      undefined,
      settings,
    );
    reporter.adopt(this);
    this.#shards = shards;
  }

  /** The keys that run on this node now, in the order they were given. */
  keys(): string[] {
    return this.#shards.running();
  }

  /** The runners of the keys that run on this node. */
  children(): readonly ChildEntry[] {
    return this.#shards.children();
  }

  /**
   * Tells a function what happens: `leader` for each key that this node wins or
   * gives up, and `overrun`, beside the events of all runners.
   *
   * @param observer Called with each event; ignore types you do not know.
   * @returns the way to leave: a function after which it is called no more.
   * @throws {TypeError} if the observer is not a function.
   */
  override observe(observer: CoordinationObserver): () => void;
  /** As above, for an observer of any runner; it is told all events, too. */
  override observe(observer: Observer): () => void;
  override observe(observer: CoordinationObserver | Observer): () => void {
    return super.observe(observer as Observer);
  }
}
