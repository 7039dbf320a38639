/** The options of a supervisor, checked, with their defaults. */

import type { Child, SupervisorOptions } from "./options.ts";

/** A child as it is supervised. */
export type Spec = Required<Omit<Child, "dependsOn">> & {
  readonly dependsOn: readonly string[] | undefined;
};

/** What a supervisor goes by. */
export type Settings = ReturnType<typeof settingsOf>;

type Bag = Record<string, unknown>;

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (value === null) return "null";
  if (typeof value === "function") return "a function";
  return typeof value === "object" ? "an object" : String(value);
}

function says(what: string, name: string, expected: string, value: unknown) {
  return `Cannot ${what}: '${name}' must be ${expected}: current value is ${
    shown(value)
  }`;
}

/** Throws unless the value is of its type. */
export function must<T>(
  what: string,
  name: string,
  expected: string,
  value: T,
  right: boolean,
): T {
  if (right) return value;
  throw new TypeError(says(what, name, expected, value));
}

/** A bag of options, an empty one where it is absent. */
export function bagOf<T extends object>(
  what: string,
  name: string,
  value: T | undefined,
): Partial<T> {
  if (value === undefined) return {};
  const right = typeof value === "object" && value !== null;
  return must(what, name, "an object", value, right);
}

function number(
  what: string,
  name: string,
  value: number,
  expected: string,
  sense: boolean,
): number {
  must(what, name, expected, value, typeof value === "number");
  if (sense) return value;
  throw new RangeError(says(what, name, expected, value));
}

function limit(what: string, name: string, value: number): number {
  const expected = "a number of milliseconds of at least 0";
  return number(what, name, value, expected, value >= 0);
}

function span(what: string, name: string, value: number, min = 1): number {
  const expected = `a finite number of at least ${min}`;
  return number(what, name, value, expected, value >= min && value < Infinity);
}

function oneOf<T extends string>(
  what: string,
  name: string,
  value: T,
  ...values: T[]
): T {
  const expected = `one of ${values.map((each) => `"${each}"`).join(", ")}`;
  return must(what, name, expected, value, values.includes(value));
}

/** Checks a child; its runner is known by its shape. */
export function specOf(what: string, child: Child): Spec {
  const { runner, ...rest } = bagOf<Child>(
    what,
    "child",
    must(
      what,
      "child",
      "an object",
      child,
      child !== undefined,
    ),
  );
  const shape = runner as unknown as Bag | null | undefined;
  must(
    what,
    "runner",
    "a runner with start(), stop() and finished()",
    runner,
    ["start", "stop", "finished"].every((key) =>
      typeof shape?.[key] === "function"
    ),
  );
  const {
    name = runner!.name as string,
    restart = "transient",
    dependsOn,
    startTimeout = Infinity,
    stopTimeout = Infinity,
  } = rest;
  if (dependsOn !== undefined) {
    const right = Array.isArray(dependsOn) &&
      dependsOn.every((each) => typeof each === "string");
    must(what, "dependsOn", "a list of names", dependsOn, right);
  }
  return {
    runner: runner!,
    name: must(what, "name", "a string", name, typeof name === "string"),
    restart: oneOf(
      what,
      "restart",
      restart,
      "permanent",
      "transient",
      "temporary",
    ),
    dependsOn: dependsOn && [...dependsOn],
    startTimeout: limit(what, "startTimeout", startTimeout),
    stopTimeout: limit(what, "stopTimeout", stopTimeout),
  };
}

/** Reads each option once; throws before anything has changed. */
export function settingsOf(what: string, options: SupervisorOptions) {
  const {
    name = "supervisor",
    strategy = "one-for-one",
    stopTimeout = 5_000,
    maxErrors = 100,
    printErrors = true,
    observer,
  } = options;
  const {
    initial = 100,
    max = Math.max(15_000, initial),
    factor = 2,
    resetAfter = 30_000,
    random = Math.random,
  } = bagOf(what, "backoff", options.backoff);
  const {
    restarts = 5,
    window = 30_000,
    then = "fail",
    coolDown = 15_000,
  } = bagOf(what, "intensity", options.intensity);
  const isFunction = (key: string, value: unknown) =>
    must(what, key, "a function", value, typeof value === "function");
  if (observer !== undefined) isFunction("observer", observer);
  isFunction("backoff.random", random);
  span(what, "backoff.initial", initial);
  return {
    name: must(what, "name", "a string", name, typeof name === "string"),
    strategy: oneOf(
      what,
      "strategy",
      strategy,
      "one-for-one",
      "one-for-all",
      "rest-for-one",
    ),
    stopTimeout: limit(what, "stopTimeout", stopTimeout),
    maxErrors: number(
      what,
      "maxErrors",
      maxErrors,
      "a whole number of at least 1",
      maxErrors === Infinity || Number.isInteger(maxErrors) && maxErrors > 0,
    ),
    printErrors: must(
      what,
      "printErrors",
      "a boolean",
      printErrors,
      typeof printErrors === "boolean",
    ),
    observer,
    initial,
    max: span(what, "backoff.max", max, initial),
    factor: span(what, "backoff.factor", factor),
    resetAfter: limit(what, "backoff.resetAfter", resetAfter),
    random,
    restarts: number(
      what,
      "intensity.restarts",
      restarts,
      "a whole number of at least 0",
      restarts === Infinity || Number.isInteger(restarts) && restarts >= 0,
    ),
    window: number(
      what,
      "intensity.window",
      window,
      "a finite number of milliseconds above 0",
      window > 0 && window < Infinity,
    ),
    then: oneOf(what, "intensity.then", then, "fail", "break"),
    coolDown: span(what, "intensity.coolDown", coolDown),
  };
}
