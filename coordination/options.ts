/** What members, elected runners, shards and claims are told. */

import type { FinishedOptions, Runner, RunnerOptions } from "../runner.ts";
import type { Lease } from "./lease.ts";

/** Options of {@linkcode Member}. Times are in milliseconds. */
export interface MemberOptions extends RunnerOptions {
  /**
   * How long the session lives in the store without a renewal: as long it takes,
   * about, until another node takes over from one that died.
   *
   * @default 15000
   */
  readonly ttl?: number | undefined;
  /**
   * How often the session is renewed. It must fit twice into `ttl`, beside `grace`
   * and `margin`.
   *
   * @default a third of `ttl`
   */
  readonly renewEvery?: number | undefined;
  /**
   * How long before the end of a lease what runs under it is asked to end.
   *
   * @default a fifth of `ttl`
   */
  readonly grace?: number | undefined;
  /**
   * How much earlier than in the store a lease is over here: room for clocks that
   * differ in rate, for late timers, and for the way to the effect.
   *
   * @default a fifteenth of `ttl`, and at least 100
   */
  readonly margin?: number | undefined;
  /**
   * The longest random wait before this node goes for a key that became free.
   *
   * @default 100
   */
  readonly jitter?: number | undefined;
  /**
   * How far the clock of this node may be ahead of the store's for it to claim
   * runs of schedules.
   *
   * @default 10000
   */
  readonly maxSkew?: number | undefined;
  /**
   * How long a start waits to join.
   *
   * @default 30000
   */
  readonly startTimeout?: number | undefined;
}

/** Options of {@linkcode Member.lock}. */
export interface LockOptions {
  /** Ends the wait; a lease that is held already stays. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to wait in milliseconds. 0 looks once.
   *
   * @default Infinity
   */
  readonly wait?: number | undefined;
}

/** What can run under a lease: any runner that says when it has ended. */
export interface LeasedRunner extends Runner {
  /** Names the runner. */
  readonly name?: string | undefined;
  /** Settles when the runner has come to rest; rejects if its run failed. */
  finished(options?: FinishedOptions): Promise<void>;
}

/** Options of {@linkcode Elected}. */
export interface ElectedOptions extends RunnerOptions {
  /** What is contended for: at most one node has it. */
  readonly key: string;
  /**
   * What happens when the inner run ends or fails by itself: `release`, the key is
   * given up and gone for again, after a pause; `fail`, this runner ends as the
   * inner run did.
   *
   * @default "release"
   */
  readonly then?: "release" | "fail" | undefined;
  /**
   * What happens when an inner run goes on though its lease is over: it is told
   * and recorded, and with `exit` the process ends with code 70.
   *
   * @default "tell"
   */
  readonly overrun?: "tell" | "exit" | undefined;
}

/** Options of {@linkcode Sharded}. */
export interface ShardedOptions extends RunnerOptions {
  /**
   * Names the group of nodes that share the keys.
   *
   * @default "shards"
   */
  readonly key?: string | undefined;
  /**
   * How long after the last change of the members the plan changes, in ms.
   *
   * @default 1000
   */
  readonly settle?: number | undefined;
  /** As with {@linkcode ElectedOptions.overrun}. */
  readonly overrun?: "tell" | "exit" | undefined;
}

/** Makes the runner of a term. */
export type MakeLeased = (lease: Lease) => LeasedRunner;
