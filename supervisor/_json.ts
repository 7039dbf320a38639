/** What a status is as JSON, whatever is in it. */

import { isError, peek, text } from "../_internal/errors.ts";

// So deep are errors shown within errors.
const DEEPEST = 10;

/** Gives a status a `toJSON` that nobody sees who looks at its properties. */
export function readable<T extends object>(status: T): T {
  return Object.defineProperty(status, "toJSON", {
    value: () => plain(status, 0, []),
    enumerable: false,
    configurable: true,
    writable: true,
  });
}

function errorOf(error: unknown, depth: number, above: unknown[]): unknown {
  const cause = peek(error, "cause");
  const errors = peek(error, "errors");
  const next = [...above, error];
  return {
    name: text(peek(error, "name")),
    message: text(peek(error, "message")),
    ...(cause !== undefined && { cause: plain(cause, depth + 1, next) }),
    ...(Array.isArray(errors) &&
      { errors: errors.map((each) => plain(each, depth + 1, next)) }),
  };
}

/** A value as JSON can hold it. */
function plain(value: unknown, depth: number, above: unknown[]): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value === null || value === undefined) return value;
  if (typeof value !== "object") return text(value);
  if (above.includes(value)) return "[circular]";
  if (isError(value)) {
    return depth > DEEPEST ? text(peek(value, "message")) : errorOf(
      value,
      depth,
      above,
    );
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? null : value.toISOString();
  }
  const next = [...above, value];
  if (Array.isArray(value)) {
    return value.map((each) => plain(each, depth, next));
  }
  // Of what somebody has thrown that is no error, the text is enough.
  const isOurs = above.every((each) => !isError(each));
  if (!isOurs) return text(value);
  return Object.fromEntries(
    Object.keys(value).map((
      key,
    ) => [key, plain(peek(value, key), depth, next)]),
  );
}
