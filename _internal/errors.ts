/** Which values are errors, and which errors are the way an abort ends. */

/** Reads a property of a value that may be hostile. */
export function peek(value: unknown, key: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[key];
  } catch {
    return undefined;
  }
}

/** By shape and not by `instanceof`, which fails for errors of other realms. */
export function isError(value: unknown): value is Error {
  return typeof value === "object" && typeof peek(value, "name") === "string" &&
    typeof peek(value, "message") === "string";
}

/** A text for any value, also for one that refuses to have one. */
export function text(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "a value without a text";
  }
}

/** The value as an error, wrapped where it is none. */
export function toError(value: unknown): Error {
  return isError(value) ? value : new Error(text(value), { cause: value });
}

/** An error in the form that the platform's own aborts have. */
export function abortError(message: string): DOMException {
  return new DOMException(message, "AbortError");
}

/** An error in the form that the platform's own timeouts have. */
export function timeoutError(message: string): DOMException {
  return new DOMException(message, "TimeoutError");
}

/** The reason of an aborted signal, also of a look-alike without one. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    const {
      reason = new DOMException("The signal was aborted", "AbortError"),
    } = signal;
    return reason;
  } catch (error) {
    return error;
  }
}

/** Whether a rejection is how work ends that was asked to end by the signal. */
export function isCleanAbort(
  value: unknown,
  signal: Pick<AbortSignal, "aborted" | "reason"> | undefined,
): boolean {
  const found = [value];
  try {
    if (!signal?.aborted) return false;
    for (const each of found) {
      if (Object.is(each, signal.reason)) continue;
      // So many are beyond any real chain, and soon reached in an endless one.
      if (typeof each !== "object" || found.length > 1e4) return false;
      const name = peek(each, "name");
      if (name === "AbortError") continue;
      // A library that builds its time limit on an abort wraps that abort.
      if (name === "TimeoutError") return false;
      const errors = peek(each, "errors");
      if (Array.isArray(errors) && errors.length) found.push(...errors);
      else found.push(peek(each, "cause"));
    }
    return true;
  } catch {
    // A list of errors that throws, or is too long.
    return false;
  }
}
