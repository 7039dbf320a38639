/** How healthy: `warn` is still served, `fail` is not. */
export type HealthStatus = "pass" | "warn" | "fail";

/** What is asked: of the loop, of those that serve, of the start, of everything. */
export type HealthGroup = "live" | "ready" | "startup" | "health";

/** What was found of one runner or check. */
export interface HealthFinding {
  /** The path of the runner, or the name of the check. */
  readonly name: string;
  /** Which of the two it is. */
  readonly kind: "runner" | "check";
  /** How healthy it is. */
  readonly status: HealthStatus;
  /** Why, where it is not `pass`. */
  readonly output?: string;
  /** Milliseconds since a check was made; absent for runners. */
  readonly age?: number;
}

/** The answer to a question. */
export interface HealthReport {
  /** The worst of what was found. */
  readonly status: HealthStatus;
  /** What was asked. */
  readonly group: HealthGroup;
  /** Runners that are not well, and all checks that were made. */
  readonly findings: readonly HealthFinding[];
}

const ORDER: readonly HealthStatus[] = ["pass", "warn", "fail"];

/** The report of some findings: its status is the worst of theirs. */
export function reportOf(
  group: HealthGroup,
  findings: readonly HealthFinding[],
): HealthReport {
  const worst = Math.max(
    0,
    ...findings.map(({ status }) => ORDER.indexOf(status)),
  );
  return { status: ORDER[worst]!, group, findings };
}
