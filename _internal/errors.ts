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
    const { reason } = signal;
    return reason === undefined ? abortError("The signal was aborted") : reason;
  } catch (error) {
    return error;
  }
}

// Beyond any real chain of causes, and soon reached in an endless one.
const MAX_STEPS = 10_000;

function stemsFrom(
  value: unknown,
  reason: unknown,
  steps: { left: number },
): boolean {
  for (; !Object.is(value, reason); value = peek(value, "cause")) {
    if (typeof value !== "object" || value === null || --steps.left < 0) {
      return false;
    }
    const name = peek(value, "name");
    if (name === "AbortError") return true;
    // A library that builds its time limit on an abort wraps that abort.
    if (name === "TimeoutError") return false;
    const errors = peek(value, "errors");
    if (Array.isArray(errors) && errors.length > 0) {
      return errors.every((each) => stemsFrom(each, reason, steps));
    }
  }
  return true;
}

/** Whether a rejection is how work ends that was told to end by the signal. */
export function isCleanAbort(value: unknown, signal: AbortSignal): boolean {
  try {
    return signal.aborted &&
      stemsFrom(value, signal.reason, { left: MAX_STEPS });
  } catch {
    // Errors nested too deep, or a list of them that throws.
    return false;
  }
}

/** The newest errors of a run, and the count of all. */
export class ErrorLog {
  readonly #max: number;
  readonly #ring: Error[] = [];
  #total = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get total(): number {
    return this.#total;
  }

  get last(): Error | undefined {
    return this.#ring[(this.#total - 1) % this.#max];
  }

  add(error: Error): void {
    this.#ring[this.#total++ % this.#max] = error;
  }

  list(): Error[] {
    const oldest = this.#total % this.#max;
    return [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)];
  }
}
