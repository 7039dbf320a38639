/** What claims are told, and what they tell. */

import type { Schedule } from "../runner.ts";
import type { TickControl, TickerOptions } from "../ticker/mod.ts";
import type { Lease } from "./lease.ts";

/** How the runs of a schedule are claimed. */
export interface ClaimOptions {
  /** Names the schedule among all nodes. */
  readonly key: string;
  /**
   * Which runs that no node has claimed are made up for, when a node joins or
   * another leaves: none, the last one, or so many at most, in order.
   *
   * @default "last"
   */
  readonly catchUp?: "none" | "last" | { readonly most: number } | undefined;
  /**
   * `at-most-once`: the run is claimed, then made; a node that dies in it takes it
   * along. `at-least-once`: the run is made under a lock, then claimed; a node that
   * dies in it is followed by another. Exactly once takes a resource that looks at
   * the fence, or an effect that may happen twice.
   *
   * @default "at-most-once"
   */
  readonly delivery?: "at-most-once" | "at-least-once" | undefined;
  /**
   * What happens where the store does not answer for a `ttl`: the run is skipped,
   * or made on every node that cannot ask.
   *
   * @default "skip"
   */
  readonly unreachable?: "skip" | "run" | undefined;
}

/** A run that this node has claimed. */
export interface Claim {
  /** The key of the schedule. */
  readonly key: string;
  /** The run, in epoch milliseconds. */
  readonly scheduledAt: number;
  /** Larger than that of every earlier claim; hand it on to what is written to. */
  readonly fence: bigint;
  /** The lock under which the run is made, with `at-least-once`. */
  readonly lease: Lease | undefined;
}

/**
 * A tick of a claimed schedule.
 *
 * @param signal Aborts when the run is asked to stop, or the lease is lost.
 * @param control What to tell the ticker.
 * @param claim What was claimed; `undefined` for a tick without a claim.
 */
export type ClaimedTick = (
  signal: AbortSignal,
  control: TickControl,
  claim: Claim | undefined,
) => unknown;

/** Options of {@linkcode claimedTicker}. */
export interface ClaimedTickerOptions extends TickerOptions, ClaimOptions {}

/** Options of {@linkcode claimed}. */
export interface ClaimedOptions extends ClaimOptions {
  /** When to run; an interval is none, as nodes do not start at once. */
  readonly schedule: Schedule;
}
