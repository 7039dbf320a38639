/**
 * {@linkcode kubernetesStore}: keys as Lease objects of a Kubernetes API server.
 *
 * @example In a pod
 * ```ts
 * import { Member } from "@golib/runner/coordination";
 * import { kubernetesStore } from "@golib/runner/coordination/kubernetes";
 * import { assertEquals } from "@std/assert";
 *
 * const store = kubernetesStore({
 *   endpoint: "https://kubernetes.default.svc",
 *   namespace: "shop",
 *   token: () => "the text of the service account's token file",
 * });
 * const node = new Member(store, { name: "web-1", ttl: 15_000 });
 * assertEquals(node.state, "stopped");
 * ```
 *
 * @module
 */

export type * from "../store.ts";
export type { KubernetesStoreOptions } from "./options.ts";
export { kubernetesStore } from "./store.ts";
