/** Who waits for which key, and when to look whether it is free. */

import { reasonOf } from "../_internal/errors.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import { Timer } from "../_internal/timer.ts";
import { HeldLease, type LeaseKeeper } from "./_lease.ts";
import type { Life } from "./_life.ts";
import type { Node } from "./_node.ts";
import { backoff, pause } from "./_wait.ts";
import { StoreError } from "./errors.ts";
import type { Busy, Taken } from "./store.ts";

// Batches that are asked for side by side: they share the store's writes to disk.
const AT_ONCE = 4;

/** What a waiter wants beside its key. */
export interface Wish {
  readonly signal?: AbortSignal | undefined;
  /** Whether it goes on waiting while the member does not run. */
  readonly isPatient?: boolean;
  /** Whether it wants one answer, and `undefined` where the key is not free. */
  readonly isOnce?: boolean;
}

class Waiter implements AbortListener {
  readonly promise: Promise<HeldLease | undefined>;
  readonly wish: Wish;
  readonly key: string;
  readonly #left: () => void;
  #resolve!: (lease: HeldLease | undefined) => void;
  #reject!: (reason: unknown) => void;

  constructor(key: string, wish: Wish, left: (waiter: Waiter) => void) {
    this.key = key;
    this.wish = wish;
    this.#left = () => left(this);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    join(wish.signal, this);
  }

  aborted(signal: AbortSignal): void {
    this.reject(reasonOf(signal));
  }

  resolve(lease: HeldLease | undefined): void {
    this.#leave();
    this.#resolve(lease);
  }

  reject(reason: unknown): void {
    this.#leave();
    this.#reject(reason);
  }

  #leave(): void {
    leave(this.wish.signal, this);
    this.#left();
  }
}

/**
 * All keys that a process waits for are looked at together, as many as fit into a
 * request. One waiter a key asks the store; those behind it wait for their turn
 * here, as a session that takes a key twice wins twice.
 */
export class Campaign implements LeaseKeeper {
  readonly #member: Node;
  readonly #queues = new Map<string, Waiter[]>();
  /** Keys that this process has, also while they are given up. */
  readonly #held = new Map<string, HeldLease>();
  readonly #due = new Set<string>();
  readonly #hinted = new Set<string>();
  readonly #jitter = new Timer();
  readonly #poll = new Timer();
  #isLooking = false;

  constructor(member: Node) {
    this.#member = member;
  }

  /** Waits for a key. Resolves to `undefined` only with `isOnce`. */
  acquire(
    key: string,
    storeKey: string,
    wish: Wish,
  ): Promise<HeldLease | undefined> {
    if (wish.signal?.aborted) return Promise.reject(reasonOf(wish.signal));
    const queue = this.#queues.get(storeKey) ?? [];
    const isTaken = this.#held.has(storeKey);
    if (wish.isOnce && (isTaken || queue.length > 0)) {
      return Promise.resolve(undefined);
    }
    const waiter = new Waiter(key, wish, (each) => {
      const index = queue.indexOf(each);
      if (index >= 0) queue.splice(index, 1);
      if (queue.length === 0 && this.#queues.get(storeKey) === queue) {
        this.#queues.delete(storeKey);
      }
    });
    queue.push(waiter);
    this.#queues.set(storeKey, queue);
    if (!isTaken) this.#look(storeKey);
    return waiter.promise;
  }

  /** Whether this process has the key, waits for it, or is giving it up. */
  knows(storeKey: string): boolean {
    return this.#held.has(storeKey) || this.#queues.has(storeKey);
  }

  /** Whether this process has the key, and is not giving it up. */
  holds(storeKey: string): boolean {
    return this.#held.get(storeKey)?.lost.aborted === false;
  }

  /** Something may have changed: one key, or any. */
  hint(storeKey: string | undefined): void {
    if (storeKey === undefined) {
      for (const each of this.#queues.keys()) this.#hinted.add(each);
    } else if (this.#queues.has(storeKey)) this.#hinted.add(storeKey);
    if (this.#hinted.size === 0 || this.#jitter.armed) return;
    this.#jitter.arm(Math.random() * this.#member.settings.jitter, () => {
      const hinted = [...this.#hinted];
      this.#hinted.clear();
      this.#look(...hinted);
    });
  }

  /** Looks at all keys that are waited for. */
  wake(): void {
    this.#look(...this.#queues.keys());
  }

  async free(lease: HeldLease): Promise<void> {
    await this.#member.free(lease);
    this.forget(lease);
  }

  forget(lease: HeldLease): void {
    const { storeKey } = lease;
    if (this.#held.get(storeKey) !== lease) return;
    this.#held.delete(storeKey);
    if (this.#queues.has(storeKey)) this.#look(storeKey);
  }

  /** The member ends or is away: nothing is looked at, and the timers rest. */
  rest(): void {
    this.#jitter.disarm();
    this.#poll.disarm();
  }

  /** The member has stopped: those who do not wait for it to return give up. */
  refuse(error: Error): void {
    this.rest();
    for (const queue of [...this.#queues.values()]) {
      for (const each of [...queue]) {
        if (!each.wish.isPatient) each.reject(error);
      }
    }
  }

  #look(...keys: string[]): void {
    for (const each of keys) this.#due.add(each);
    if (!this.#isLooking) void this.#loop();
  }

  async #loop(): Promise<void> {
    const { store, settings } = this.#member;
    this.#isLooking = true;
    let failures = 0;
    // Those that begin to wait in the same turn share a request.
    await undefined;
    for (let life; (life = this.#member.life)?.isGood;) {
      const batches = Array.from(
        { length: AT_ONCE },
        () => this.#next(store.traits.batch),
      ).filter((keys) => keys.length > 0);
      if (batches.length === 0) break;
      const own = life;
      const done = await Promise.all(
        batches.map((keys) => this.#take(own, keys)),
      );
      const failed = batches.filter((_keys, index) => !done[index]);
      for (const each of failed.flat()) this.#due.add(each);
      if (failed.length === 0) failures = 0;
      else {
        const wait = backoff(failures++, settings.ttl / 3);
        await pause(wait, life.over.signal);
      }
    }
    this.#isLooking = false;
  }

  /** Some of the keys that are due. */
  #next(most: number): string[] {
    const keys: string[] = [];
    for (const each of this.#due) {
      if (keys.length === most) break;
      this.#due.delete(each);
      if (this.#queues.has(each) && !this.#held.has(each)) keys.push(each);
    }
    return keys;
  }

  async #take(life: Life, keys: string[]): Promise<boolean> {
    const member = this.#member;
    const { highest } = member;
    // Won before, in a request whose answer was lost: their fences are older.
    const doubtful = new Set(keys.filter((key) => member.isDoubtful(key)));
    let answers: (Taken | Busy)[];
    try {
      answers = await member.ask(
        life,
        "take a key",
        (session, signal) => session.take(keys, member.settings.name, signal),
      );
    } catch (error) {
      member.doubt(keys);
      for (const key of keys) {
        const waiter = this.#queues.get(key)?.[0];
        if (waiter?.wish.isOnce) waiter.reject(error);
      }
      return false;
    }
    // What was won too late goes with its session.
    if (!life.isGood) return true;
    let wait = Infinity;
    for (const [index, key] of keys.entries()) {
      const answer = answers[index]!;
      const waiter = this.#queues.get(key)?.[0];
      if (!answer.taken) {
        if (waiter?.wish.isOnce) waiter.resolve(undefined);
        wait = Math.min(wait, answer.expiresIn ?? Infinity);
        continue;
      }
      const { fence } = answer;
      if (!member.saw(fence, doubtful.has(key) ? undefined : highest)) {
        return true;
      }
      const lease = new HeldLease(
        life,
        waiter?.key ?? key,
        key,
        fence,
        this,
      );
      this.#held.set(key, lease);
      if (waiter) waiter.resolve(lease);
      // Nobody waits any more.
      else void lease.release();
    }
    this.#armPoll(wait);
    return true;
  }

  /** Hints may be lost, so that what is waited for is looked at now and then. */
  #armPoll(expiresIn: number): void {
    const { store, settings } = this.#member;
    const { ttl, jitter } = settings;
    const most = store.traits.expiry === "observer" ? ttl / 3 : ttl;
    const wait = Math.max(Math.min(expiresIn, most), 50);
    this.#poll.arm(wait + Math.random() * jitter, () => this.wake());
  }
}

/** The error of a lock that waits for a member which does not run. */
export function notRunning(what: string, name: string): StoreError {
  const why = `the member "${name}" is not running: start it first`;
  return new StoreError("unavailable", `Cannot ${what}: ${why}`);
}
