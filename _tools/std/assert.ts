/**
 * What the tests use of `@std/assert`.
 *
 * @module
 */

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...values: any[]) => E;

/** Thrown by every assertion that fails. */
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

function refuse(what: string, message: string | undefined): never {
  throw new AssertionError(message ? `${what}: ${message}` : `${what}.`);
}

function show(value: unknown, depth = 0): string {
  const inner = (each: unknown) => show(each, depth + 1);
  try {
    if (typeof value === "string") return JSON.stringify(value);
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "function") return `[function ${value.name}]`;
    if (Object.is(value, -0)) return "-0";
    if (typeof value !== "object" || value === null) return String(value);
    if (value instanceof Date) return `Date(${value.valueOf()})`;
    if (value instanceof RegExp || value instanceof URL) return String(value);
    const name = Object.getPrototypeOf(value)?.constructor?.name ?? "";
    const prefix = name === "Object" || name === "Array" ? "" : `${name} `;
    if (value instanceof Error || value instanceof DOMException) {
      return `${prefix}(${value.name}: ${JSON.stringify(value.message)})`;
    }
    if (depth > 4) return `${prefix}…`;
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      return `${prefix}[${[...value as unknown[]].map(inner).join(", ")}]`;
    }
    if (value instanceof Set) {
      return `${prefix}{${[...value].map(inner).join(", ")}}`;
    }
    const entries = value instanceof Map
      ? [...value].map(([key, each]) => `${inner(key)} => ${inner(each)}`)
      : Reflect.ownKeys(value).map((key) =>
        `${String(key)}: ${inner(Reflect.get(value, key))}`
      );
    const text = `${prefix}{ ${entries.join(", ")} }`;
    return text.length > 100 && depth === 0
      ? `${prefix}{\n  ${entries.join(",\n  ")}\n}`
      : text;
  } catch {
    return "(a value that cannot be shown)";
  }
}

function compared(actual: unknown, expected: unknown): string {
  return `\n  actual:   ${show(actual)}\n  expected: ${show(expected)}\n`;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function keysInChain(value: object): Set<string | symbol> {
  const keys = new Set<string | symbol>();
  for (
    let each: object | null = value;
    each && each !== Object.prototype && each !== Array.prototype;
    each = Object.getPrototypeOf(each)
  ) {
    for (const key of Reflect.ownKeys(each)) keys.add(key);
  }
  return keys;
}

function sameKind(a: object, b: object): boolean {
  const [one, other] = [a, b].map((each) => {
    const prototype = Object.getPrototypeOf(each);
    return prototype === null ? Object.prototype : prototype;
  });
  return one === other;
}

function same(a: unknown, b: unknown, seen: Map<object, object>): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (!sameKind(a, b)) return false;
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError("Cannot compare WeakMap and WeakSet instances");
  }
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (
    a instanceof RegExp || a instanceof URL || a instanceof URLSearchParams
  ) return String(a) === String(b);
  if (a instanceof ArrayBuffer) {
    return same(new Uint8Array(a), new Uint8Array(b as ArrayBuffer), seen);
  }
  if (ArrayBuffer.isView(a) && !(a instanceof DataView)) {
    const [left, right] = [a, b].map((each) => Array.from(each as Uint8Array));
    return same(left, right, seen);
  }
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  if (a instanceof Map || a instanceof Set) {
    const left = [...a as Iterable<unknown>];
    const right = [...b as Iterable<unknown>];
    return left.length === right.length && left.every((each) => {
      const at = right.findIndex((other) => same(each, other, new Map(seen)));
      if (at >= 0) right.splice(at, 1);
      return at >= 0;
    });
  }
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  for (const key of new Set([...keysInChain(a), ...keysInChain(b)])) {
    if (key in a !== key in b) return false;
    if (!same(Reflect.get(a, key), Reflect.get(b, key), seen)) return false;
  }
  return true;
}

/** Whether two values are deeply equal; 0 and -0 are. */
export function equal(a: unknown, b: unknown): boolean {
  return same(a, b, new Map());
}

/** Fails unless `value` is truthy. */
export function assert(value: unknown, message = ""): asserts value {
  if (!value) throw new AssertionError(message);
}

/** Fails unless `value` is falsy. */
export function assertFalse(value: unknown, message = ""): asserts value is
  | false
  | 0
  | ""
  | null
  | undefined {
  if (value) throw new AssertionError(message);
}

/** Fails always. */
export function fail(message?: string): never {
  refuse("Failed assertion", message);
}

/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string) {
  if (equal(actual, expected)) return;
  refuse(`Values are not equal${compared(actual, expected)}`, message);
}

/** Fails if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string) {
  if (!equal(actual, expected)) return;
  refuse(`Values are equal${compared(actual, expected)}`, message);
}

/** Fails unless both are the same value, by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  refuse(`Values are not strictly equal${compared(actual, expected)}`, message);
}

/** Fails if both are the same value, by `Object.is`. */
export function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  message?: string,
) {
  if (!Object.is(actual, expected)) return;
  refuse(`Values are strictly equal: ${show(actual)}`, message);
}

/** Fails if `actual` is null or undefined. */
export function assertExists<T>(
  actual: T,
  message?: string,
): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  refuse(`Expected a value, not ${actual}`, message);
}

/** Fails unless `actual` is an instance of `expected`. */
export function assertInstanceOf<
  // deno-lint-ignore no-explicit-any
  T extends abstract new (...values: any[]) => any,
>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is InstanceType<T> {
  if (actual instanceof expected) return;
  refuse(`Expected an instance of ${expected.name}: ${show(actual)}`, message);
}

/** Fails unless `expected` matches. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
) {
  if (expected.test(actual)) return;
  refuse(`Expected ${show(actual)} to match ${expected}`, message);
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
) {
  if (actual.includes(expected)) return;
  refuse(`Expected ${show(actual)} to contain ${show(expected)}`, message);
}

/** Fails unless each value of `expected` is deeply equal to one of `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T> & object,
  expected: ArrayLike<T> & object,
  message?: string,
) {
  const values = Array.from(actual);
  const missing = Array.from(expected).filter((each) =>
    !values.some((value) => equal(value, each))
  );
  if (missing.length === 0) return;
  refuse(`Expected ${show(actual)} to include ${show(missing)}`, message);
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string) {
  if (actual > expected) return;
  throw new AssertionError(
    message ?? `Expect ${show(actual)} > ${show(expected)}`,
  );
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
) {
  if (actual >= expected) return;
  throw new AssertionError(
    message ?? `Expect ${show(actual)} >= ${show(expected)}`,
  );
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string) {
  if (actual < expected) return;
  throw new AssertionError(
    message ?? `Expect ${show(actual)} < ${show(expected)}`,
  );
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
) {
  if (actual <= expected) return;
  throw new AssertionError(
    message ?? `Expect ${show(actual)} <= ${show(expected)}`,
  );
}

interface ExpectedError {
  readonly expected: ErrorClass<Error> | undefined;
  readonly includes: string | undefined;
  readonly message: string | undefined;
}

function expectedError(
  classOrMessage: ErrorClass<Error> | string | undefined,
  includes: string | undefined,
  message: string | undefined,
): ExpectedError {
  return typeof classOrMessage === "string"
    ? { expected: undefined, includes: undefined, message: classOrMessage }
    : { expected: classOrMessage, includes, message };
}

function check(error: unknown, of: ExpectedError): void {
  if (!of.expected) return;
  if (!(error instanceof Error)) {
    refuse(`Expected an Error, not ${show(error)}`, of.message);
  }
  if (!(error instanceof of.expected)) {
    refuse(`Expected ${of.expected.name}, not ${show(error)}`, of.message);
  }
  if (of.includes && !error.message.includes(of.includes)) {
    refuse(
      `Expected error message to include ${show(of.includes)}, but got ${
        show(error.message)
      }`,
      of.message,
    );
  }
}

/** Fails unless `body` throws; returns what it threw. */
export function assertThrows(body: () => unknown, message?: string): unknown;
/** Fails unless `body` throws an `expected`; returns it. */
export function assertThrows<E extends Error = Error>(
  body: () => unknown,
  expected: ErrorClass<E>,
  includes?: string,
  message?: string,
): E;
export function assertThrows(
  body: () => unknown,
  classOrMessage?: ErrorClass<Error> | string,
  includes?: string,
  message?: string,
): unknown {
  const of = expectedError(classOrMessage, includes, message);
  try {
    body();
  } catch (error) {
    check(error, of);
    return error;
  }
  return refuse("Expected function to throw", of.message);
}

/** Fails unless what `body` returns rejects; returns the reason. */
export function assertRejects(
  body: () => PromiseLike<unknown>,
  message?: string,
): Promise<unknown>;
/** Fails unless what `body` returns rejects with an `expected`; returns it. */
export function assertRejects<E extends Error = Error>(
  body: () => PromiseLike<unknown>,
  expected: ErrorClass<E>,
  includes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects(
  body: () => PromiseLike<unknown>,
  classOrMessage?: ErrorClass<Error> | string,
  includes?: string,
  message?: string,
): Promise<unknown> {
  const of = expectedError(classOrMessage, includes, message);
  let promise: PromiseLike<unknown>;
  try {
    promise = body();
  } catch {
    return refuse("Function throws when expected to reject", of.message);
  }
  if (typeof promise?.then !== "function") {
    refuse("Function throws when expected to reject", of.message);
  }
  try {
    await promise;
  } catch (error) {
    check(error, of);
    return error;
  }
  return refuse("Expected function to reject", of.message);
}
