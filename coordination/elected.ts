import { defaultsOf, settingsOf } from "../_internal/settings.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { bag, says } from "../_internal/validate.ts";
import type { ChildEntry, Observer } from "../runner.ts";
import { StartStop } from "../start_stop/mod.ts";
import { checkedKey, encoded, HELD } from "./_keys.ts";
import { checkedMaker, checkedMember, oneOf } from "./_makers.ts";
import { Reporter } from "./_report.ts";
import { runTerms } from "./_terms.ts";
import type { CoordinationObserver } from "./events.ts";
import type { Lease } from "./lease.ts";
import { type Member, membershipOf } from "./member.ts";
import type { ElectedOptions, LeasedRunner, MakeLeased } from "./options.ts";

/**
 * A runner that runs on one node at a time: that which has the key.
 *
 * It is `running` from its start, as a candidate too. For each term a runner is
 * made, which closes over its {@linkcode Lease}: it calls `lease.check()` before
 * each effect and hands `lease.fence` on. The inner run's signal aborts `grace`
 * before the end of the lease, its `force` at the end. When the inner run has
 * ended, and not before, the key is given up.
 *
 * - The member stops, or this runner is stopped: the inner run is stopped, then the
 *   key is given up, and the next node begins.
 * - An inner run that does not end keeps the key for as long as the session lives.
 * - The store does not answer: the inner run ends at the deadline. Nobody runs then
 *   until the store is back.
 * - `stopTimeout` is by default the grace of the member and two seconds.
 *
 * Constructing starts nothing.
 *
 * @example A mailer on one node
 * ```ts
 * import { StartStop, untilAborted } from "@golib/runner";
 * import { Elected, Member } from "@golib/runner/coordination";
 * import { memoryStore } from "@golib/runner/coordination/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const node = new Member(memoryStore());
 * const sent: bigint[] = [];
 * const mailer = new Elected((lease) =>
 *   new StartStop(async (signal) => {
 *     lease.check();
 *     sent.push(lease.fence);
 *     await untilAborted(signal);
 *   }), node, { key: "mailer" });
 *
 * const leads = new Promise<void>((resolve) => {
 *   mailer.observe((event) => {
 *     if (event.type === "leader" && event.held) resolve();
 *   });
 * });
 * await node.start();
 * await mailer.start();
 * await leads;
 * assertEquals(mailer.isLeader, true);
 *
 * await mailer.stop();
 * assertEquals(sent.length, 1);
 * await node.stop();
 * ```
 */
export class Elected extends StartStop {
  readonly #key: string;
  readonly #term: { lease?: Lease | undefined; inner?: LeasedRunner };

  /**
   * Makes a runner that is stopped; nothing is started.
   *
   * @param make Makes the runner of a term; or a runner, which sees its lease by
   * {@linkcode Elected.lease}.
   * @param node The member that stands for election.
   * @param options The key, and how to behave.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense.
   */
  constructor(
    make: MakeLeased | LeasedRunner,
    node: Member,
    options: ElectedOptions,
  ) {
    const what = "create an Elected";
    const maker = checkedMaker(what, make);
    const member = membershipOf(checkedMember(what, node));
    const { key, then = "release", overrun = "tell" } = bag(
      what,
      (options ?? undefined) as ElectedOptions | undefined,
    );
    if (key === undefined) {
      throw new TypeError(says(what, "key", "a text that is not empty", key));
    }
    checkedKey(what, key);
    oneOf(what, "then", then, ["release", "fail"]);
    oneOf(what, "overrun", overrun, ["tell", "exit"]);
    const defaults = defaultsOf("elected", {
      stopTimeout: member.settings.grace + 2_000,
    });
    const settings = settingsOf(what, defaults, options as object);
    checkUnknown(what, "Elected", options, [
      ...Object.keys(defaults),
      ...["key", "then", "overrun"],
    ]);
    const reporter = new Reporter();
    const term: { lease?: Lease | undefined; inner?: LeasedRunner } = {};
    const told = (lease: Lease) => ({ key, fence: lease.fence });
    super(
      (signal, control) =>
        runTerms(
          member,
          {
            key,
            storeKey: `${HELD}elected/${encoded(key)}`,
            make: (lease) => term.inner = maker(lease),
            overrun,
            turned(lease, reason) {
              const held = reason === undefined;
              term.lease = held ? lease : undefined;
              reporter.emit({
                type: "leader",
                ...{ ...told(lease), held, reason },
              });
            },
            overran(lease, error) {
              reporter.record(error);
              reporter.emit({ type: "overrun", ...told(lease) });
            },
            failed(error) {
              if (then === "release") reporter.record(error);
            },
          },
          signal,
          control.force,
          ({ failure, isOwn }) => {
            if (then === "release" || !isOwn) return true;
            if (failure) throw failure;
            return false;
          },
        ),
      undefined,
      settings,
    );
    reporter.adopt(this);
    this.#key = key;
    this.#term = term;
  }

  /** What is contended for. */
  get key(): string {
    return this.#key;
  }

  /** The lease of the present term. */
  get lease(): Lease | undefined {
    return this.#term.lease;
  }

  /** Whether this node has the key, by the clocks as they are now. */
  get isLeader(): boolean {
    return (this.lease?.remaining ?? 0) > 0;
  }

  /** The fence of the present term. */
  get fence(): bigint | undefined {
    return this.lease?.fence;
  }

  /** The inner runner, where there was a term. */
  children(): readonly ChildEntry[] {
    const { inner } = this.#term;
    return inner ? [{ name: inner.name ?? this.#key, runner: inner }] : [];
  }

  /**
   * Tells a function what happens to the runner: `leader` and `overrun` beside the
   * events of all runners.
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
