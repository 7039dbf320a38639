/** What coordination tells, beside the events of all runners. */

import type { Runner, RunnerEvent } from "../runner.ts";

/** An elected runner has won or lost its key. */
export interface LeaderEvent {
  /** Tells this event from the others. */
  readonly type: "leader";
  /** The runner it happened to. */
  readonly runner: Runner;
  /** The key. */
  readonly key: string;
  /** Whether this node has the key now. */
  readonly held: boolean;
  /** The fence of the term. */
  readonly fence: bigint;
  /** Why the term is over; `undefined` where it begins. */
  readonly reason: string | undefined;
}

/** Members have come or gone, as this member sees it. */
export interface MemberEvent {
  /** Tells this event from the others. */
  readonly type: "member";
  /** The member that saw it. */
  readonly runner: Runner;
  /** The names of those that have joined. */
  readonly joined: readonly string[];
  /** The names of those that have left. */
  readonly left: readonly string[];
}

/** A run of a schedule was claimed by this node, or by another. */
export interface ClaimEvent {
  /** Tells this event from the others. */
  readonly type: "claim";
  /** The member. */
  readonly runner: Runner;
  /** The key of the schedule. */
  readonly key: string;
  /** The run, in epoch milliseconds. */
  readonly scheduledAt: number;
  /** Whether this node runs it. */
  readonly won: boolean;
  /** The name of the node that has claimed the run, where it is known. */
  readonly by: string | undefined;
}

/** The store has stopped or begun to answer, or its clock is another. */
export interface StoreEvent {
  /** Tells this event from the others. */
  readonly type: "store";
  /** The member. */
  readonly runner: Runner;
  /** Whether the store answers. */
  readonly ok: boolean;
  /** What the last request failed with. */
  readonly error: Error | undefined;
  /** Since when it does or does not answer, in epoch milliseconds. */
  readonly since: number;
  /** How far this node's clock is ahead of the store's, in ms, where that is told. */
  readonly skew: number | undefined;
}

/** A run goes on though its lease is over. */
export interface OverrunEvent {
  /** Tells this event from the others. */
  readonly type: "overrun";
  /** The runner it happened to. */
  readonly runner: Runner;
  /** The key. */
  readonly key: string;
  /** The fence of the term that is over. */
  readonly fence: bigint;
}

/**
 * What an observer of a member, an elected runner or shards is told, told apart by
 * `type`. More types may come: ignore those you do not know.
 */
export type CoordinationEvent =
  | RunnerEvent
  | LeaderEvent
  | MemberEvent
  | ClaimEvent
  | StoreEvent
  | OverrunEvent;

/** A function that is told what happens to a member or to what it runs. */
export type CoordinationObserver = (event: CoordinationEvent) => void;
