/**
 * {@linkcode postgresStore}: sessions and keys in PostgreSQL, 12 or later, by the
 * program's own client.
 *
 * @example With a pool of `pg`
 * ```ts
 * import { Member } from "@golib/runner/coordination";
 * import { postgresStore } from "@golib/runner/coordination/postgres";
 * import { assertEquals } from "@std/assert";
 *
 * // const pool = new pg.Pool({ connectionString });
 * const pool = { query: () => Promise.resolve({ rows: [] }) };
 * const node = new Member(postgresStore({ client: pool }), { name: "web-1" });
 * assertEquals(node.state, "stopped");
 * ```
 *
 * @module
 */

export type * from "../store.ts";
export { postgresStore, type PostgresStoreOptions } from "./store.ts";
