/**
 * {@linkcode Resource}: something that is opened, used and closed, such as a pool
 * of connections, a client or a server.
 *
 * @example A pool of connections
 * ```ts
 * import { Resource } from "@golib/runner/resource";
 * import { assertEquals } from "@std/assert";
 *
 * class Pool {
 *   query(text: string): Promise<string> {
 *     return Promise.resolve(`answer to ${text}`);
 *   }
 *   async end(): Promise<void> {}
 * }
 *
 * const database = new Resource({
 *   name: "database",
 *   open: async () => {
 *     const pool = new Pool();
 *     await pool.query("select 1");
 *     return pool;
 *   },
 *   close: (pool) => pool.end(),
 * });
 *
 * await database.start();
 * assertEquals(await database.value.query("select 2"), "answer to select 2");
 * await database.stop();
 * ```
 *
 * @module
 */

export type * from "../start_stop/mod.ts";
export {
  Resource,
  type ResourceOptions,
  type ResourceValue,
} from "./resource.ts";
