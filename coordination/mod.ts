/**
 * More than one machine: leaders, claimed schedules, shards, locks and semaphores,
 * each with a fencing token, on an engine that exists.
 *
 * A {@linkcode Member} joins a store, of etcd, Consul, PostgreSQL, Redis or
 * Kubernetes; {@linkcode Elected}, {@linkcode claimedTicker} and
 * {@linkcode Sharded} run on it.
 *
 * No clock and no timeout makes a lease safe by itself: a process may be stopped
 * between the look at its lease and the effect. What is written to has to refuse a
 * lower {@linkcode Lease.fence} than it has seen.
 *
 * @example A leader
 * ```ts
 * import { StartStop, untilAborted } from "@golib/runner";
 * import { Elected, Member } from "@golib/runner/coordination";
 * import { memoryStore } from "@golib/runner/coordination/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const node = new Member(memoryStore(), { name: "web-1", ttl: 15_000 });
 * const mailer = new Elected((lease) =>
 *   new StartStop(async (signal) => {
 *     lease.check();
 *     await untilAborted(signal);
 *   }), node, { key: "mailer" });
 *
 * await node.start();
 * await mailer.start();
 * assertEquals(mailer.state, "running");
 * await mailer.stop();
 * await node.stop();
 * ```
 *
 * @module
 */

export type * from "../runner.ts";
export type {
  Claim,
  ClaimedOptions,
  ClaimedTick,
  ClaimedTickerOptions,
  ClaimOptions,
} from "./claim_options.ts";
export { claimed, claimedTicker } from "./claims.ts";
export { Elected } from "./elected.ts";
export {
  LeaseLostError,
  type LeaseLostReason,
  StoreError,
  type StoreErrorKind,
  StoreResetError,
} from "./errors.ts";
export type {
  ClaimEvent,
  CoordinationEvent,
  CoordinationObserver,
  LeaderEvent,
  MemberEvent,
  OverrunEvent,
  StoreEvent,
} from "./events.ts";
export type { Lease } from "./lease.ts";
export { Member } from "./member.ts";
export type {
  ElectedOptions,
  LeasedRunner,
  LockOptions,
  MakeLeased,
  MemberOptions,
  ShardedOptions,
} from "./options.ts";
export { Semaphore } from "./semaphore.ts";
export { Sharded } from "./sharded.ts";
export type {
  Busy,
  HeldKey,
  Store,
  StoreEntry,
  StoreFetch,
  StoreSession,
  StoreTraits,
  Taken,
  Versioned,
} from "./store.ts";
