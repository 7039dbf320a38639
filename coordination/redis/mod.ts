/**
 * {@linkcode redisStore}: sessions and keys in Redis, 6 or later, by the program's
 * own client. For efficiency only: fences begin again where Redis loses its data.
 *
 * @example With a client of `ioredis`
 * ```ts
 * import { Member } from "@golib/runner/coordination";
 * import { redisStore } from "@golib/runner/coordination/redis";
 * import { assertEquals } from "@std/assert";
 *
 * // const client = new Redis(url);
 * const client = { call: () => Promise.resolve(1) };
 * const node = new Member(redisStore({ client }), { name: "web-1" });
 * assertEquals(node.state, "stopped");
 * ```
 *
 * @module
 */

export type * from "../store.ts";
export { redisStore, type RedisStoreOptions } from "./store.ts";
