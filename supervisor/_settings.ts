/** What a supervisor and its children are given, checked, with the defaults. */

import type { SupervisorObserver } from "./events.ts";
import type {
  Backoff,
  Child,
  Intensity,
  RestartType,
  Strategy,
  SupervisedRunner,
  SupervisorOptions,
} from "./options.ts";

/** All that may be left out, with what stands for it. */
type Full<T> = { readonly [Key in keyof T]-?: Exclude<T[Key], undefined> };

type Own = Full<Omit<SupervisorOptions, "observer">> & {
  readonly observer: SupervisorObserver | undefined;
};

/** What a supervisor goes by. */
export type Settings =
  & Omit<Own, "backoff" | "intensity">
  & Full<Backoff>
  & Full<Intensity>;

/** A child as it is supervised. */
export type Spec = Full<Omit<Child, "dependsOn">> & {
  readonly dependsOn: readonly string[] | undefined;
};

/** The default of an option, what it has to be, and whether it is that. */
type Rule = readonly [
  fallback: unknown,
  expected: string,
  isRight: (value: never) => unknown,
];

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return Object(value) === value ? `of type ${typeof value}` : String(value);
}

/** Reads each option once; throws what is wrong before anything has changed. */
function read<T>(
  what: string,
  options: object,
  rules: Record<string, Rule>,
  prefix = "",
): T {
  const values: Record<string, unknown> = {};
  for (const [key, [fallback, expected, isRight]] of Object.entries(rules)) {
    const { [key as never]: value = fallback } = options;
    if (!isRight(value as never)) {
      const isNumber = typeof value === "number" &&
        typeof fallback === "number";
      throw new (isNumber ? RangeError : TypeError)(
        `Cannot ${what}: '${prefix}${key}' must be ${expected}: ` +
          `current value is ${shown(value)}`,
      );
    }
    values[key] = value;
  }
  return values as T;
}

function typed(
  type: "string" | "boolean" | "function",
  fallback: unknown,
): Rule {
  const isRight = (value: unknown) => {
    const found = typeof value;
    return found === type;
  };
  return [fallback, `a ${type}`, isRight];
}

function number(
  fallback: number,
  min: number,
  kind: "" | "finite " | "whole " = "",
): Rule {
  const isRight = (value: unknown) =>
    typeof value === "number" && value >= min &&
    !(kind === "finite " && value === Infinity) &&
    !(kind === "whole " && value % 1);
  return [fallback, `a ${kind}number of at least ${min}`, isRight];
}

function choice<T extends string>(...values: T[]): Rule {
  const isRight = (value: T) => values.includes(value);
  return [values[0], `one of ${values.join(", ")}`, isRight];
}

const bag: Rule = [
  {},
  "an object",
  (value: unknown) => typeof value === "object" && value,
];

const list: Rule = [
  undefined,
  "a list of children",
  (value?: Iterable<Child>) => typeof value?.[Symbol.iterator] === "function",
];

/** Checks a child; its runner is known by its shape. */
export function specOf(what: string, child: Child): Spec {
  read(what, { child }, { child: bag });
  return read(what, child, {
    runner: [
      undefined,
      "a runner",
      (value?: SupervisedRunner) =>
        (["start", "stop", "finished"] as const).every((key) =>
          typeof value?.[key] === "function"
        ),
    ],
    name: typed("string", child.runner?.name),
    restart: choice<RestartType>("transient", "permanent", "temporary"),
    dependsOn: [
      undefined,
      "a list of names",
      (value: unknown) =>
        value === undefined ||
        Array.isArray(value) && value.every((each) => typeof each === "string"),
    ],
    startTimeout: number(Infinity, 0),
    stopTimeout: number(Infinity, 0),
  });
}

/** Checks what a supervisor is made of. */
export function settingsOf(
  what: string,
  children: Iterable<Child>,
  options: SupervisorOptions = {},
): Settings {
  read(what, { options, children }, { options: bag, children: list });
  const { backoff, intensity, ...own } = read<Own>(what, options, {
    name: typed("string", "supervisor"),
    strategy: choice<Strategy>("one-for-one", "one-for-all", "rest-for-one"),
    stopTimeout: number(5_000, 0),
    maxErrors: number(100, 1, "whole "),
    printErrors: typed("boolean", true),
    observer: [
      undefined,
      "a function",
      (value: unknown) => value === undefined || typeof value === "function",
    ],
    backoff: bag,
    intensity: bag,
  });
  // A wait that is not finite would never end.
  const { initial } = read<{ initial: number }>(what, backoff, {
    initial: number(100, 1, "finite "),
  }, "backoff.");
  return {
    ...own,
    initial,
    ...read<Full<Omit<Backoff, "initial">>>(what, backoff, {
      max: number(Math.max(15_000, initial), initial, "finite "),
      factor: number(2, 1, "finite "),
      resetAfter: number(30_000, 0),
      random: typed("function", Math.random),
    }, "backoff."),
    ...read<Full<Intensity>>(what, intensity, {
      restarts: number(5, 0, "whole "),
      window: number(30_000, 1, "finite "),
      then: choice("fail", "break"),
      coolDown: number(15_000, 1, "finite "),
    }, "intensity."),
  };
}
