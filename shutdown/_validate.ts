/** Checks of what a caller gives; each throws before anything has changed. */

/** Throws an error that says what was asked, what was expected and what came. */
export function refuse(
  what: string,
  name: string,
  expected: string,
  value: unknown,
  Kind: ErrorConstructor = TypeError,
): never {
  let shown = typeof value === "object" && value ? "an object" : typeof value;
  if (shown !== "an object" && shown !== "function") shown = String(value);
  throw new Kind(
    `Cannot ${what}: '${name}' must be ${expected}: current value is ${shown}`,
  );
}

/** A bag of options, an empty one where it is absent. */
export function bag<T extends object>(
  what: string,
  options: T | undefined,
): Partial<T> {
  return options === undefined || typeof options === "object" && options
    ? options ?? {}
    : refuse(what, "options", "an object", options);
}

/** A number of milliseconds from 0 on; `Infinity` is one. */
export function milliseconds(
  what: string,
  name: string,
  value: unknown,
): number {
  const expected = "a number of milliseconds of at least 0";
  if (typeof value !== "number") refuse(what, name, expected, value);
  return value >= 0 ? value : refuse(what, name, expected, value, RangeError);
}
