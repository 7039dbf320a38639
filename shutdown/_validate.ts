/** Checks of what a caller gives; each throws before anything has changed. */

/** Throws an error that says what was asked, what was expected and what came. */
export function refuse(
  what: string,
  name: string,
  expected: string,
  value: unknown,
  Kind: ErrorConstructor = TypeError,
): never {
  const kind = typeof value;
  const shown = kind === "function" || value && kind === "object"
    ? `of type ${kind}`
    : String(value);
  throw new Kind(
    `Cannot ${what}: '${name}' must be ${expected}: current value is ${shown}`,
  );
}

/** A bag of options, an empty one where it is absent. */
export function bag<T extends object>(
  what: string,
  options: T | undefined,
): Partial<T> {
  return options === undefined || options && typeof options === "object"
    ? options ?? {}
    : refuse(what, "options", "an object", options);
}

/** A number of milliseconds from 0 on; `Infinity` is one. */
export function milliseconds(
  what: string,
  name: string,
  value: unknown,
): number {
  const isNumber = typeof value === "number";
  if (isNumber && value >= 0) return value;
  const expected = "a number of milliseconds of at least 0";
  return refuse(what, name, expected, value, isNumber ? RangeError : TypeError);
}
