import { bag, signalLike, timeout, whole } from "../_internal/validate.ts";
import { timeoutError } from "../_internal/errors.ts";
import type { Observer } from "../runner.ts";
import { StartStop } from "../start_stop/mod.ts";
import { notRunning } from "./_campaign.ts";
import { checkedKey, encoded, HELD } from "./_keys.ts";
import { Membership } from "./_membership.ts";
import { Reporter } from "./_report.ts";
import { memberSettings } from "./_settings.ts";
import { Wait } from "./_wait.ts";
import type { CoordinationObserver } from "./events.ts";
import type { Lease } from "./lease.ts";
import type { LockOptions, MemberOptions } from "./options.ts";
import { Semaphore } from "./semaphore.ts";
import type { Store } from "./store.ts";

/** What a member is at work; for the other files of this module. */
export let membershipOf: (member: Member) => Membership;

/**
 * This process as one of many: it joins a store, renews its session and leaves.
 *
 * All that the process holds lives on that one session: leases of locks, of elected
 * runners, of shards. When the store does not answer in time, all of them are lost,
 * each node ends what ran under them, and the member joins again as soon as it can.
 *
 * - `start()` resolves once it has joined. A store that is away is tried again
 *   until `startTimeout`; one that refuses, as with a wrong token, is an error at
 *   once.
 * - `stop()` asks all that runs under a lease to end, gives up the keys as that
 *   ends, and then the session. A run that does not end keeps its key until the
 *   session expires.
 * - A store that has lost its data is a {@linkcode StoreResetError}, which ends the
 *   run: fences may have gone back.
 *
 * Constructing starts nothing.
 *
 * @example A lock
 * ```ts
 * import { Member } from "@golib/runner/coordination";
 * import { memoryStore } from "@golib/runner/coordination/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const node = new Member(memoryStore(), { name: "web-1" });
 * await node.start();
 * const lease = await node.lock("invoice/17", { wait: 5_000 });
 * lease.check();
 * assertEquals(lease.fence > 0n, true);
 * await lease.release();
 * await node.stop();
 * ```
 */
export class Member extends StartStop {
  readonly #membership: Membership;

  static {
    membershipOf = (member) => member.#membership;
  }

  /**
   * Makes a member that is stopped; nothing is started.
   *
   * @param store Where the sessions and keys are.
   * @param options How to be a member.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense, as a `ttl` that the store does
   * not grant, or that is too short for `renewEvery`, `grace` and `margin`.
   */
  constructor(store: Store, options?: MemberOptions) {
    const settings = memberSettings("create a Member", store, options);
    const { name, observer, printErrors, stopTimeout, maxErrors } = settings;
    const { startTimeout } = settings;
    const reporter = new Reporter();
    const membership = new Membership(store, settings, reporter);
    super(
      (signal, control) =>
        membership.run(signal, control.force, () => control.ready()),
      undefined,
      {
        ...{ name, observer, printErrors, stopTimeout, maxErrors },
        awaitReady: true,
        startTimeout,
      },
    );
    this.#membership = membership;
    reporter.adopt(this);
  }

  /** The id of the session, while the member has one. */
  get id(): string | undefined {
    return this.#membership.life?.session.id;
  }

  /**
   * Waits for a key and takes it. Within a process locks of one key wait for each
   * other as well.
   *
   * @param key What to lock.
   * @param options How long to wait.
   * @returns a promise of the lease. It rejects with a `TimeoutError` after `wait`,
   * with the reason of `signal`, with a {@linkcode StoreError} where the member
   * does not run, and for bad input.
   */
  async lock(key: string, options?: LockOptions): Promise<Lease> {
    const what = "lock a key";
    checkedKey(what, key);
    const storeKey = `${HELD}lock/${encoded(key)}`;
    const { wait, signal } = lockOptions(what, options);
    return await limited(
      `lock "${key}"`,
      wait,
      signal,
      (own) => this.#acquire(`lock "${key}"`, key, storeKey, own),
    );
  }

  /**
   * Permits that many nodes share: so many leases at once, and no more.
   *
   * @example Usage
   * ```ts
   * import { Member } from "@golib/runner/coordination";
   * import { memoryStore } from "@golib/runner/coordination/memory";
   * import { assertRejects } from "@std/assert";
   *
   * const node = new Member(memoryStore());
   * await node.start();
   * const gpu = node.semaphore("gpu", 2);
   * const permits = [await gpu.acquire(), await gpu.acquire()];
   * await assertRejects(() => gpu.acquire({ wait: 0 }), DOMException);
   * for (const each of permits) await each.release();
   * await node.stop();
   * ```
   *
   * @param key Names the semaphore.
   * @param permits How many there are: the same number on each node.
   * @returns the semaphore; nothing is asked of the store.
   * @throws {TypeError} if an argument is not of its type.
   * @throws {RangeError} if `permits` is not a whole number of at least 1.
   */
  semaphore(key: string, permits: number): Semaphore {
    const what = "create a semaphore";
    checkedKey(what, key);
    whole(what, "permits", permits, 1);
    const membership = this.#membership;
    return new Semaphore(async (options) => {
      const { wait, signal } = lockOptions("acquire a permit", options);
      const full = `acquire a permit of "${key}"`;
      return await limited(full, wait, signal, async (own) => {
        for (;;) {
          const bell = new Wait(membership.settings.ttl, own);
          const leave = membership.hinted.listen(() => bell.end());
          try {
            const first = Math.floor(Math.random() * permits);
            for (let index = 0; index < permits; index++) {
              const slot = (first + index) % permits;
              const storeKey = `${HELD}semaphore/${encoded(key)}/${slot}`;
              const lease = await this.#acquire(full, key, storeKey, own, true);
              if (lease) return lease;
            }
            if (wait === 0) throw timeoutError(`Cannot ${full}: none is free`);
            // A hint that came meanwhile has ended the wait already.
            await bell.over;
          } finally {
            leave();
            bell.end();
          }
        }
      });
    });
  }

  /**
   * Tells a function what happens to the member: its own events, those of the
   * store, of other members, and of claims.
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

  #acquire(
    what: string,
    key: string,
    storeKey: string,
    signal: AbortSignal,
    isOnce = false,
  ): Promise<Lease> {
    const { isRunning, campaign } = this.#membership;
    if (!isRunning) return Promise.reject(notRunning(what, this.name));
    return campaign.acquire(key, storeKey, { signal, isOnce }) as Promise<
      Lease
    >;
  }
}

function lockOptions(what: string, options: LockOptions | undefined) {
  const { wait = Infinity, signal } = bag(what, options);
  timeout(what, "wait", wait);
  return { wait, signal: signalLike(what, signal) };
}

/** Waits within a time, and gives back what comes too late. */
async function limited(
  what: string,
  wait: number,
  signal: AbortSignal | undefined,
  acquire: (signal: AbortSignal) => Promise<Lease>,
): Promise<Lease> {
  signal?.throwIfAborted();
  const own = new AbortController();
  const limit = new Wait(wait, ...(signal ? [signal] : []));
  let isHeld = false;
  void limit.over.then(() => {
    if (isHeld) return;
    const late = timeoutError(`Cannot ${what}: not free within ${wait} ms`);
    own.abort(signal?.aborted ? signal.reason : late);
  });
  try {
    return await acquire(own.signal);
  } finally {
    isHeld = true;
    limit.end();
  }
}
