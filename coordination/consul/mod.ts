/**
 * {@linkcode consulStore}: sessions and keys in Consul, 1.8 or later, by HTTP.
 *
 * @example Usage
 * ```ts
 * import { Member } from "@golib/runner/coordination";
 * import { consulStore } from "@golib/runner/coordination/consul";
 * import { assertEquals } from "@std/assert";
 *
 * const store = consulStore({ endpoints: "http://127.0.0.1:8500" });
 * const node = new Member(store, { name: "web-1", ttl: 15_000 });
 * assertEquals(node.state, "stopped");
 * ```
 *
 * @module
 */

export type * from "../store.ts";
export type { ConsulStoreOptions } from "./options.ts";
export { consulStore } from "./store.ts";
