/** Checks of what a caller gives; each throws before anything has changed. */

import { peek, text } from "./errors.ts";

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value ? "an object" : text(value);
}

/** The message of every error that bad input causes. */
export function says(
  what: string,
  name: string,
  expected: string,
  value: unknown,
): string {
  return `Cannot ${what}: '${name}' must be ${expected}: current value is ${
    shown(value)
  }`;
}

/** A value of a type and, where that is not enough, one that makes sense. */
export function typed<T>(
  what: string,
  name: string,
  value: T,
  type: string,
  expected = `a ${type}`,
  makesSense?: (value: T) => boolean,
): T {
  const isTyped = typeof value === type && value !== null;
  if (isTyped && makesSense?.(value) !== false) return value;
  const Failure = isTyped ? RangeError : TypeError;
  throw new Failure(says(what, name, expected, value));
}

/** Whether a value has the shape of a signal; one that refuses to say has none. */
function isSignal(value: unknown): boolean {
  return typeof peek(value, "aborted") === "boolean" &&
    typeof peek(value, "addEventListener") === "function" &&
    typeof peek(value, "removeEventListener") === "function";
}

/**
 * A bag of options, an empty one where it is absent.
 *
 * @param call How a signal is given in the bag, for those who give it instead of
 * the bag: `start({ signal })`.
 */
export function bag<T extends object>(
  what: string,
  value: T = {} as T,
  call?: string,
): Partial<T> {
  const expected = call ? `an object, as in ${call}` : "an object";
  if (isSignal(value)) {
    const said = `Cannot ${what}: 'options' must be ${expected}`;
    throw new TypeError(`${said}: current value is an AbortSignal`);
  }
  return typed(what, "options", value, "object", "an object");
}

/** One of some texts. */
export function choice(
  what: string,
  name: string,
  value: unknown,
  ...all: readonly string[]
): void {
  if (all.includes(value as string)) return;
  const expected = `one of ${all.map((each) => `"${each}"`).join(", ")}`;
  throw new TypeError(says(what, name, expected, value));
}

/** A number of milliseconds from 0 on; `Infinity` is one. */
export function timeout(what: string, name: string, value: number): number {
  return typed(
    what,
    name,
    value,
    "number",
    "a number of milliseconds of at least 0",
    (ms) => ms >= 0,
  );
}

/** A whole number from `min` on, or `most`. */
export function whole(
  what: string,
  name: string,
  value: number,
  min: number,
  most?: number,
): number {
  return typed(
    what,
    name,
    value,
    "number",
    `a whole number of at least ${min}`,
    (count) => count === most || count >= min && Number.isInteger(count),
  );
}

/** A finite number of milliseconds above `least`, and said to be so. */
export function finite(
  what: string,
  name: string,
  value: number,
  least = -Infinity,
): number {
  if (typeof value === "number" && value > least && value < Infinity) {
    return value;
  }
  return typed(
    what,
    name,
    value,
    "number",
    `a finite number of milliseconds${least ? "" : " above 0"}`,
    // Such a number has been returned.
    () => false,
  );
}

/** A signal, known by its shape, for those of other realms and polyfills. */
export function signalLike(
  what: string,
  value: AbortSignal | undefined,
): AbortSignal | undefined {
  if (
    value === undefined ||
    typeof value === "object" && typeof value?.aborted === "boolean" &&
      typeof value.addEventListener === "function" &&
      typeof value.removeEventListener === "function"
  ) return value;
  throw new TypeError(says(what, "signal", "an AbortSignal", value));
}
