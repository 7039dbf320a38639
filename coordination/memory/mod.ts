/**
 * {@linkcode memoryStore}: a store within one process, for tests and for programs
 * that may run on one machine alone.
 *
 * @example Two members of one store
 * ```ts
 * import { Member } from "@golib/runner/coordination";
 * import { memoryStore } from "@golib/runner/coordination/memory";
 * import { assertRejects } from "@std/assert";
 *
 * const store = memoryStore();
 * const [one, other] = [new Member(store), new Member(store)];
 * await one.start();
 * await other.start();
 * const lease = await one.lock("a");
 * await assertRejects(() => other.lock("a", { wait: 0 }), DOMException);
 * await lease.release();
 * await (await other.lock("a")).release();
 * await one.stop();
 * await other.stop();
 * ```
 *
 * @module
 */

export type * from "../store.ts";
export { memoryStore } from "./store.ts";
