/**
 * {@linkcode etcdStore}: sessions and keys in etcd, 3.4 or later, by its JSON
 * gateway.
 *
 * @example Three members of a cluster
 * ```ts
 * import { Member } from "@golib/runner/coordination";
 * import { etcdStore } from "@golib/runner/coordination/etcd";
 * import { assertEquals } from "@std/assert";
 *
 * const store = etcdStore({
 *   endpoints: ["http://10.0.0.1:2379", "http://10.0.0.2:2379"],
 *   prefix: "shop/",
 * });
 * const node = new Member(store, { name: "web-1", ttl: 15_000 });
 * assertEquals(node.state, "stopped");
 * ```
 *
 * @module
 */

export type * from "../store.ts";
export type { EtcdStoreOptions } from "./options.ts";
export { etcdStore } from "./store.ts";
