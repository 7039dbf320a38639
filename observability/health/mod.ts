/**
 * Answers to probes: is the program alive, ready, started, well; and pings for
 * services that raise the alarm when they hear nothing.
 *
 * @example A program that is not ready before it has started
 * ```ts
 * import { Health } from "@golib/runner/health";
 * import { StartStop, untilAborted } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const app = new StartStop((signal) => untilAborted(signal), { name: "app" });
 * const health = new Health(app);
 * assertEquals((await health.check("ready")).status, "fail");
 *
 * await app.start();
 * assertEquals((await health.check("ready")).status, "pass");
 * await app.stop();
 * ```
 *
 * @module
 */

export { Health } from "./health.ts";
export type {
  HealthCheck,
  HealthCheckFunction,
  HealthChecks,
  HealthOptions,
  StallOptions,
} from "./options.ts";
export { ping, type PingOptions } from "./ping.ts";
export type {
  HealthFinding,
  HealthGroup,
  HealthReport,
  HealthStatus,
} from "./report.ts";
