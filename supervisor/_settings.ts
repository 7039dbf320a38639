/** What a supervisor and its children are given, checked, with the defaults. */

import { defaultsOf, settingsOf as read } from "../_internal/settings.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { bag, says, timeout, typed, whole } from "../_internal/validate.ts";
import type { Spec } from "./_child.ts";
import { isRunner } from "./_ref.ts";
import type { Rules } from "./_tree.ts";
import type { Child, SupervisedRunner, SupervisorOptions } from "./options.ts";

const DEFAULTS = /* @__PURE__ */ defaultsOf("supervisor", {
  stopTimeout: 5_000,
  startTimeout: Infinity,
});

/** Refuses a value that is not what it has to be, however that is known. */
function ensure(
  isRight: unknown,
  what: string,
  name: string,
  expected: string,
  value: unknown,
): void {
  if (!isRight) throw new TypeError(says(what, name, expected, value));
}

function choice(what: string, name: string, value: string, all: string): void {
  ensure(all.split(", ").includes(value), what, name, `one of ${all}`, value);
}

/** What is not finite would never end. */
function finite(what: string, name: string, value: number, least = 1): void {
  const expected = `a finite number of at least ${least}`;
  const isRight = (ms: number) => ms >= least && ms < Infinity;
  typed(what, name, value, "number", expected, isRight);
}

function object<T>(what: string, name: string, value: T): T {
  return typed(what, name, value, "object", "an object");
}

const CHILD = [
  "runner",
  "create",
  "name",
  "restart",
  "dependsOn",
  "startTimeout",
  "stopTimeout",
  "firstStart",
  "significant",
];

/** A child as it was given, checked. */
export interface Given {
  readonly spec: Spec;
  readonly runner: SupervisedRunner | undefined;
  readonly create: Child["create"];
}

/**
 * Checks a child; its runner is known by its shape.
 *
 * @param nameOf Names one that has no name, where it may do without.
 */
export function givenOf(
  what: string,
  child: Child,
  nameOf?: () => string,
): Given {
  const {
    runner,
    create,
    restart = "transient",
    dependsOn,
    startTimeout,
    stopTimeout,
    firstStart = "fail",
    significant = false,
  } = object(what, "child", child);
  checkUnknown(what, "Child", child, CHILD);
  if (create !== undefined) {
    typed(what, "create", create, "function");
    ensure(
      runner === undefined,
      what,
      "runner",
      "absent where there is 'create'",
      runner,
    );
  } else ensure(isRunner(runner), what, "runner", "a runner", runner);
  const name = child.name ?? (create ? nameOf?.() : runner?.name);
  typed(what, "name", name as string, "string");
  choice(what, "restart", restart, "permanent, transient, temporary");
  choice(what, "firstStart", firstStart, "fail, retry");
  typed(what, "significant", significant, "boolean");
  if (significant && restart === "permanent") {
    const why = `"${name}" is permanent: 'significant' needs one that can end`;
    throw new TypeError(`Cannot ${what}: ${why}`);
  }
  const isList = dependsOn === undefined || Array.isArray(dependsOn) &&
      dependsOn.every((each) => typeof each === "string");
  ensure(isList, what, "dependsOn", "a list of names", dependsOn);
  if (startTimeout !== undefined) timeout(what, "startTimeout", startTimeout);
  if (stopTimeout !== undefined) timeout(what, "stopTimeout", stopTimeout);
  return {
    runner,
    create,
    spec: {
      name: name as string,
      restart,
      dependsOn: dependsOn && [...dependsOn],
      startTimeout,
      stopTimeout,
      firstStart,
      isSignificant: significant,
    },
  };
}

/** The platform's word that a run is over may be late on a busy machine. */
const KILL_MARGIN = 5_000;

const OPTIONS = [
  "name",
  "observer",
  "printErrors",
  "stopTimeout",
  "startTimeout",
  "maxErrors",
  "strategy",
  "order",
  "autoShutdown",
  "backoff",
  "intensity",
];
const BACKOFF = ["initial", "max", "factor", "resetAfter", "random"];
const INTENSITY = ["restarts", "window", "per", "then", "coolDown"];

/** Checks what a supervisor is made of. */
export function settingsOf(
  what: string,
  children: Iterable<Child>,
  options?: SupervisorOptions,
) {
  const {
    strategy = "one-for-one",
    order = "dependencies",
    autoShutdown = "never",
    backoff = {},
    intensity = {},
  } = bag(what, options);
  checkUnknown(what, "Supervisor", options, OPTIONS);
  const isList = typeof children?.[Symbol.iterator] === "function";
  ensure(isList, what, "children", "a list of children", children);
  choice(what, "strategy", strategy, "one-for-one, one-for-all, rest-for-one");
  choice(what, "order", order, "dependencies, list");
  choice(what, "autoShutdown", autoShutdown, "never, any, all");
  const {
    initial = 100,
    max = Math.max(15_000, initial),
    factor = 2,
    resetAfter = 30_000,
    random = Math.random,
  } = object(what, "backoff", backoff);
  checkUnknown(what, "Supervisor backoff", backoff, BACKOFF);
  const {
    restarts = 22,
    window = 600_000,
    per = "child",
    then = "fail",
    coolDown = 15_000,
  } = object(what, "intensity", intensity);
  checkUnknown(what, "Supervisor intensity", intensity, INTENSITY);
  finite(what, "backoff.initial", initial);
  finite(what, "backoff.max", max, initial);
  finite(what, "backoff.factor", factor);
  finite(what, "intensity.window", window);
  finite(what, "intensity.coolDown", coolDown);
  timeout(what, "backoff.resetAfter", resetAfter);
  typed(what, "backoff.random", random, "function");
  whole(what, "intensity.restarts", restarts, 0, Infinity);
  choice(what, "intensity.per", per, "child, supervisor");
  choice(what, "intensity.then", then, "fail, break");
  const own = read(what, DEFAULTS, options as object | undefined);
  const rules: Rules = {
    name: own.name,
    strategy,
    order,
    autoShutdown,
    stopTimeout: own.stopTimeout,
    killMargin: KILL_MARGIN,
    initial,
    max,
    factor,
    resetAfter,
    restarts,
    window,
    per,
    then,
    coolDown,
  };
  return { own, rules, random };
}
