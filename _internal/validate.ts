/** Checks of what a caller gives; each throws before anything has changed. */

import { text } from "./errors.ts";

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

/** A bag of options, an empty one where it is absent. */
export function bag<T extends object>(
  what: string,
  value: T | undefined,
): Partial<T> {
  if (value === undefined) return {};
  if (typeof value === "object" && value !== null) return value;
  throw new TypeError(says(what, "options", "an object", value));
}

/** A value of a primitive type or a function; absent where it may be. */
export function typed<T>(
  what: string,
  name: string,
  value: T,
  type: "function" | "boolean" | "string",
): T {
  const found = typeof value;
  if (found === type) return value;
  throw new TypeError(says(what, name, `a ${type}`, value));
}

/** A number that makes sense. */
export function numeric(
  what: string,
  name: string,
  expected: string,
  value: number,
  makesSense: (value: number) => boolean,
): number {
  const message = () => says(what, name, expected, value);
  if (typeof value !== "number") throw new TypeError(message());
  if (makesSense(value)) return value;
  throw new RangeError(message());
}

/** A number of milliseconds from 0 on; `Infinity` is one. */
export function timeout(what: string, name: string, value: number): number {
  return numeric(
    what,
    name,
    "a number of milliseconds of at least 0",
    value,
    (ms) => ms >= 0,
  );
}

/** A whole number from `min` on. */
export function whole(
  what: string,
  name: string,
  value: number,
  min: number,
): number {
  return numeric(
    what,
    name,
    `a whole number of at least ${min}`,
    value,
    (count) => Number.isInteger(count) && count >= min,
  );
}

/** A finite number of milliseconds, of any sign. */
export function finite(what: string, name: string, value: number): number {
  return numeric(
    what,
    name,
    "a finite number of milliseconds",
    value,
    Number.isFinite,
  );
}

/** A finite number of milliseconds above 0. */
export function positive(what: string, name: string, value: number): number {
  return numeric(
    what,
    name,
    "a finite number of milliseconds above 0",
    value,
    (ms) => ms > 0 && ms < Infinity,
  );
}

/** A signal, known by its shape, for those of other realms and polyfills. */
export function signalLike(
  what: string,
  value: AbortSignal | undefined,
): AbortSignal | undefined {
  if (
    value === undefined ||
    typeof value === "object" && value !== null &&
      typeof value.aborted === "boolean" &&
      typeof value.addEventListener === "function" &&
      typeof value.removeEventListener === "function"
  ) return value;
  throw new TypeError(says(what, "signal", "an AbortSignal", value));
}
