/** What a supervisor and its children are given, checked, with the defaults. */

import { defaultsOf, settingsOf as read } from "../_internal/settings.ts";
import { bag, says, timeout, typed, whole } from "../_internal/validate.ts";
import type { Child, SupervisorOptions } from "./options.ts";

/** What a supervisor goes by. */
export type Settings = ReturnType<typeof settingsOf>;

/** A child as it is supervised. */
export type Spec = ReturnType<typeof specOf>;

const DEFAULTS = /* @__PURE__ */ defaultsOf("supervisor", {
  stopTimeout: 5_000,
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

/** Checks a child; its runner is known by its shape. */
export function specOf(what: string, child: Child) {
  const {
    runner,
    name = runner?.name as string,
    restart = "transient",
    dependsOn,
    startTimeout,
    stopTimeout = Infinity,
  } = object(what, "child", child);
  const isRunner = [
    runner?.start,
    runner?.stop,
    runner?.finished,
    runner?.uptime,
  ].every((each) => typeof each === "function");
  ensure(isRunner, what, "runner", "a runner", runner);
  typed(what, "name", name, "string");
  choice(what, "restart", restart, "permanent, transient, temporary");
  const isList = dependsOn === undefined || Array.isArray(dependsOn) &&
      dependsOn.every((each) => typeof each === "string");
  ensure(isList, what, "dependsOn", "a list of names", dependsOn);
  if (startTimeout !== undefined) timeout(what, "startTimeout", startTimeout);
  timeout(what, "stopTimeout", stopTimeout);
  return { runner, name, restart, dependsOn, startTimeout, stopTimeout };
}

/** Checks what a supervisor is made of. */
export function settingsOf(
  what: string,
  children: Iterable<Child>,
  options?: SupervisorOptions,
) {
  const { strategy = "one-for-one", backoff = {}, intensity = {} } = bag(
    what,
    options,
  );
  const isList = typeof children?.[Symbol.iterator] === "function";
  ensure(isList, what, "children", "a list of children", children);
  choice(what, "strategy", strategy, "one-for-one, one-for-all, rest-for-one");
  const {
    initial = 100,
    max = Math.max(15_000, initial),
    factor = 2,
    resetAfter = 30_000,
    random = Math.random,
  } = object(what, "backoff", backoff);
  const {
    restarts = 5,
    window = 30_000,
    then = "fail",
    coolDown = 15_000,
  } = object(what, "intensity", intensity);
  finite(what, "backoff.initial", initial);
  finite(what, "backoff.max", max, initial);
  finite(what, "backoff.factor", factor);
  finite(what, "intensity.window", window);
  finite(what, "intensity.coolDown", coolDown);
  timeout(what, "backoff.resetAfter", resetAfter);
  typed(what, "backoff.random", random, "function");
  whole(what, "intensity.restarts", restarts, 0, Infinity);
  choice(what, "intensity.then", then, "fail, break");
  return {
    ...read(what, DEFAULTS, options as object | undefined),
    strategy,
    initial,
    max,
    factor,
    resetAfter,
    random,
    restarts,
    window,
    then,
    coolDown,
  };
}
