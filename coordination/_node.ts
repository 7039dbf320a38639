/** What the parts of a membership need of it. */

import type { HeldLease } from "./_lease.ts";
import type { Life } from "./_life.ts";
import type { MemberSettings } from "./_settings.ts";
import type { Bell } from "./_wait.ts";
import type { Store, StoreSession } from "./store.ts";

/** What a membership tells its member. */
export interface Report {
  record(error: Error): void;
  emit(event: { readonly type: string }): void;
}

/** A membership, as its parts know it. */
export interface Node {
  readonly store: Store;
  readonly settings: MemberSettings;
  readonly report: Report;
  /** Tells that the member has joined, or that members have come or gone. */
  readonly turned: Bell;
  /** The present session, joined. */
  readonly life: Life | undefined;
  /** The highest fence seen. */
  readonly highest: bigint;
  /** What the store is known by. */
  identity: string | undefined;
  /** A request of a session. */
  ask<T>(
    life: Life,
    what: string,
    call: (session: StoreSession, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** Fences have gone back, or the store is another: nothing holds any more. */
  reset(why: string): void;
  /** A key was taken with this fence; tells whether the fence can be. */
  saw(fence: bigint, before: bigint | undefined): boolean;
  /** These keys may be taken later, by requests whose answers were lost. */
  doubt(keys: readonly string[]): void;
  isDoubtful(key: string): boolean;
  /** Gives up what a lease has; resolves once that is done or its session over. */
  free(lease: HeldLease): Promise<void>;
}
