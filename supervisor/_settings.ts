/** The options of a supervisor, checked, with their defaults. */

import type {
  Child,
  RestartType,
  Strategy,
  SupervisedRunner,
  SupervisorOptions,
} from "./options.ts";
import type { SupervisorObserver } from "./events.ts";

/** A child as it is supervised. */
export type Spec = ReturnType<typeof specOf>;

/** What a supervisor goes by. */
export type Settings = ReturnType<typeof settingsOf>;

type Names = readonly string[] | undefined;

// A wait that is not finite would never end.
const FINITE = Number.MAX_VALUE;

function isName(value: unknown): boolean {
  return typeof value === "string";
}

function shown(value: unknown): string {
  if (isName(value)) return JSON.stringify(value);
  return typeof value === "function" || typeof value === "object" && value
    ? `a value of type ${typeof value}`
    : String(value);
}

/** Reads values from a bag, each once; what is wrong throws at once. */
export class Reader {
  readonly #what: string;
  readonly #bag: object;
  readonly #prefix: string;

  constructor(what: string, bag: object, prefix = "") {
    this.#what = what;
    this.#bag = bag;
    this.#prefix = prefix;
  }

  read<T>(
    key: string,
    fallback: T,
    expected: string,
    isRight: (value: T) => boolean,
    Kind: ErrorConstructor = TypeError,
  ): T {
    const { [key as never]: value = fallback } = this.#bag;
    if (isRight(value)) return value;
    throw new Kind(
      `Cannot ${this.#what}: '${this.#prefix}${key}' must be ${expected}: ` +
        `current value is ${shown(value)}`,
    );
  }

  typed<T>(
    key: string,
    fallback: T,
    type: "string" | "boolean" | "function",
  ): T {
    return this.read(
      key,
      fallback,
      `a ${type}`,
      (value) => {
        const found = typeof value;
        return found === type;
      },
    );
  }

  number(
    key: string,
    fallback: number,
    min: number,
    max: number = Infinity,
    whole = false,
  ): number {
    const expected = `a ${whole ? "whole " : ""}number of at least ${min}${
      max < Infinity ? ", and finite" : ""
    }`;
    const value = this.read(
      key,
      fallback,
      expected,
      (value) => typeof value === "number",
    );
    const isRight = () => value >= min && value <= max && !(whole && value % 1);
    return this.read(key, value, expected, isRight, RangeError);
  }

  choice<T extends string>(key: string, ...values: T[]): T {
    return this.read(
      key,
      values[0]!,
      `one of ${values.join(", ")}`,
      (value) => values.includes(value),
    );
  }

  bag(key: string, prefix = `${key}.`): Reader {
    const bag = this.read(
      key,
      {},
      "an object",
      (value) => typeof value === "object" && value !== null,
    );
    return new Reader(this.#what, bag, prefix);
  }
}

/** Checks a child; its runner is known by its shape. */
export function specOf(what: string, child: Child) {
  const from = new Reader(what, { child: child ?? null }).bag("child", "");
  const runner = from.read(
    "runner",
    undefined as SupervisedRunner | undefined,
    "a runner with start(), stop() and finished()",
    (value) =>
      ["start", "stop", "finished"].every((key) =>
        typeof value?.[key as "start"] === "function"
      ),
  )!;
  return {
    runner,
    name: from.typed("name", runner.name as string, "string"),
    restart: from.choice<RestartType>(
      "restart",
      "transient",
      "permanent",
      "temporary",
    ),
    dependsOn: from.read(
      "dependsOn",
      undefined as Names,
      "a list of names",
      (value) =>
        value === undefined || Array.isArray(value) && value.every(isName),
    ),
    startTimeout: from.number("startTimeout", Infinity, 0),
    stopTimeout: from.number("stopTimeout", Infinity, 0),
  };
}

/** Reads each option once; throws before anything has changed. */
export function settingsOf(what: string, options: SupervisorOptions = {}) {
  const from = new Reader(what, { options }).bag("options", "");
  const backoff = from.bag("backoff");
  const intensity = from.bag("intensity");
  const initial = backoff.number("initial", 100, 1, FINITE);
  return {
    name: from.typed("name", "supervisor", "string"),
    strategy: from.choice<Strategy>(
      "strategy",
      "one-for-one",
      "one-for-all",
      "rest-for-one",
    ),
    stopTimeout: from.number("stopTimeout", 5_000, 0),
    maxErrors: from.number("maxErrors", 100, 1, Infinity, true),
    printErrors: from.typed("printErrors", true, "boolean"),
    observer: from.read(
      "observer",
      undefined as SupervisorObserver | undefined,
      "a function",
      (value) => value === undefined || typeof value === "function",
    ),
    initial,
    max: backoff.number("max", Math.max(15_000, initial), initial, FINITE),
    factor: backoff.number("factor", 2, 1, FINITE),
    resetAfter: backoff.number("resetAfter", 30_000, 0),
    random: backoff.typed("random", Math.random, "function"),
    restarts: intensity.number("restarts", 5, 0, Infinity, true),
    window: intensity.number("window", 30_000, 1, FINITE),
    then: intensity.choice<"fail" | "break">("then", "fail", "break"),
    coolDown: intensity.number("coolDown", 15_000, 1, FINITE),
  };
}
