/** The options of health, checked, with their defaults. */

import { checkUnknown } from "../../_internal/unknown_options.ts";
import { bag, finite, timeout, typed } from "../../_internal/validate.ts";
import { guarded, hostsOf, redactSecrets, shownBy } from "../_access.ts";
import { DEFAULT_RULE, type StallRule } from "../_stall.ts";
import type { Access } from "./_answer.ts";
import { Check, type CheckSpec } from "./_check.ts";
import type {
  HealthCheck,
  HealthCheckFunction,
  HealthChecks,
  HealthOptions,
  StallOptions,
} from "./options.ts";

const KNOWN = ["required", "stall", "checks", "details", "hosts", "redact"];
const IN_STALL = ["intervals", "min", "after", "fatal"];
const IN_CHECK = ["check", "groups", "timeout", "maxAge"];
// A probe of Kubernetes waits for a second.
const LONGEST_CHECK = 800;

/** What health goes by. What functions of the user throw is caught. */
export interface HealthSettings {
  readonly required: ((path: string) => boolean) | undefined;
  readonly rule: StallRule;
  readonly fatal: ((path: string) => boolean) | undefined;
  readonly checks: readonly Check[];
  readonly access: Access;
  say(value: unknown): string;
}

/** Checks the options. */
export function settingsOf(
  what: string,
  options: HealthOptions | undefined,
): HealthSettings {
  const { required, stall, checks, details, hosts, redact = redactSecrets } =
    bag(what, options);
  checkUnknown(what, "Health", options, KNOWN);
  for (const [name, each] of Object.entries({ required, details, redact })) {
    if (each !== undefined) typed(what, name, each, "function");
  }
  const rule = ruleOf(what, stall);
  const say = shownBy(redact);
  // What cannot be told is asked for, and restarts nothing.
  const isRequired = required && guarded("health: required", required);
  const isFatal = stall?.fatal && guarded("health: fatal", stall.fatal);
  return {
    required: isRequired && ((path) => isRequired(path) ?? true),
    rule,
    fatal: isFatal && ((path) => isFatal(path) === true),
    say,
    checks: Object.entries(bag(what, checks) as HealthChecks).map((
      [name, each],
    ) => new Check(name, specOf(what, name, each), say)),
    access: { details, hosts: hostsOf(what, hosts) },
  };
}

function ruleOf(what: string, options: StallOptions | undefined): StallRule {
  const { intervals = DEFAULT_RULE.intervals, min = DEFAULT_RULE.min, after } =
    bag(what, options);
  checkUnknown(what, "Health", options, IN_STALL);
  finite(what, "intervals", intervals, 0);
  timeout(what, "min", min);
  if (options?.fatal !== undefined) {
    typed(what, "fatal", options.fatal, "function");
  }
  if (typeof after === "function") {
    const patience = guarded("health: after", after);
    return {
      intervals,
      min,
      after(path) {
        const ms = patience(path);
        return typeof ms === "number" && ms >= 0 ? ms : undefined;
      },
    };
  }
  if (after !== undefined) timeout(what, "after", after);
  return { intervals, min, after: () => after };
}

function specOf(
  what: string,
  name: string,
  given: HealthCheck | HealthCheckFunction,
): CheckSpec {
  const options = typeof given === "function"
    ? { check: given }
    : bag(what, given);
  checkUnknown(what, "Health", options, IN_CHECK);
  const { check, groups = ["ready", "health"], timeout: ms = 500 } = options;
  const { maxAge = 1_000 } = options;
  typed(what, name, check as HealthCheckFunction, "function");
  typed(
    what,
    "groups",
    groups,
    "object",
    'a list of "ready" and "health"',
    (list) =>
      Array.isArray(list) &&
      list.every((each) => each === "ready" || each === "health"),
  );
  timeout(what, "timeout", ms);
  timeout(what, "maxAge", maxAge);
  return {
    check: check!,
    groups,
    timeout: Math.min(ms, LONGEST_CHECK),
    maxAge,
  };
}
