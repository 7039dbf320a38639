/**
 * A page for people: how a program is, the worst first, up to date, read only.
 *
 * @example The page of a program
 * ```ts
 * import { statusPage } from "@golib/runner/status";
 * import { Ticker } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const app = new Ticker(60_000, () => {}, { name: "report" });
 * const open = statusPage(app, { authorize: () => true });
 * const closed = statusPage(app);
 * const request = new Request("http://localhost:9090/");
 * assertEquals((await open(request)).status, 200);
 * assertEquals((await closed(request)).status, 403);
 * ```
 *
 * @module
 */

export { statusPage, type StatusPageOptions } from "./status.ts";
