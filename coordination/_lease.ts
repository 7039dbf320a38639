/** A lease as its session keeps it. */

import type { Life } from "./_life.ts";
import { LeaseLostError, type LeaseLostReason } from "./errors.ts";
import type { Lease } from "./lease.ts";

/** What a lease tells the one that runs something under it. */
export interface LeaseOwner {
  /** The lease will not last, or the member leaves: begin to end. */
  ending(): void;
  /** The lease is lost: end now. */
  lost(error: LeaseLostError): void;
}

/** Who gives up the key of a lease. */
export interface LeaseKeeper {
  /** Gives it up in the store; resolves once another can have it. */
  free(lease: HeldLease): Promise<void>;
  /** Its session is over, and so is its hold on this process. */
  forget(lease: HeldLease): void;
}

/** How a lease ends with a scope. */
export interface HeldLease extends AsyncDisposable {}

export class HeldLease implements Lease {
  readonly key: string;
  readonly fence: bigint;
  /** The key as the store has it. */
  readonly storeKey: string;
  readonly life: Life;
  /** At most one; whoever else wants to know listens to `lost`. */
  owner: LeaseOwner | undefined;
  readonly #lost = new AbortController();
  readonly #keeper: LeaseKeeper;
  #freed: Promise<void> | undefined;

  constructor(
    life: Life,
    key: string,
    storeKey: string,
    fence: bigint,
    keeper: LeaseKeeper,
  ) {
    this.life = life;
    this.key = key;
    this.storeKey = storeKey;
    this.fence = fence;
    this.#keeper = keeper;
    life.add(this);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get remaining(): number {
    const left = this.life.look();
    return this.lost.aborted ? Math.min(left, 0) : left;
  }

  check(): void {
    if (this.remaining <= 0) throw this.lost.reason;
  }

  refused(): void {
    this.lose("fenced");
  }

  /** Loses it, where it is not lost yet. */
  lose(why: LeaseLostReason): void {
    if (this.lost.aborted) return;
    const error = new LeaseLostError(this.key, why);
    this.#lost.abort(error);
    if (this.owner) this.owner.lost(error);
    // What runs under a lock is not known here: others in this process may wait
    // for the store, as those elsewhere do.
    else if (this.life.over.signal.aborted) this.#keeper.forget(this);
  }

  release(): Promise<void> {
    this.owner = undefined;
    this.lose("released");
    return this.#freed ??= this.#keeper.free(this);
  }
}

// Absent where the engine lacks the symbol.
if (Symbol.asyncDispose) {
  HeldLease.prototype[Symbol.asyncDispose] = function () {
    return this.release();
  };
}
