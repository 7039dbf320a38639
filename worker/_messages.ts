/** What the two ends of a worker say to one another. */

import type { Ticks } from "../ticker/spec.ts";
import { isError, peek, text } from "../_internal/errors.ts";

/** Both ends have to be of one version; a message that changes raises it. */
export const PROTOCOL = "golib-runner-1";

/** An error as it crosses over. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly cause?: SentError | undefined;
  readonly errors?: readonly SentError[] | undefined;
}

/** One runner of the worker, as it was a moment ago. Times are epoch ms. */
export interface Snapshot {
  readonly name: string;
  readonly state: "stopped" | "starting" | "running" | "stopping";
  readonly since: number;
  readonly nextRun?: number | undefined;
  readonly tickingSince?: number | undefined;
  readonly ticks?: SentTicks | undefined;
  readonly errorsTotal: number;
  readonly children?: readonly Snapshot[] | undefined;
}

/** What a ticker counts, with times as epoch ms. */
export interface SentTicks extends Omit<Ticks, "lastStart" | "lastSuccess"> {
  readonly lastStart?: number | undefined;
  readonly lastSuccess?: number | undefined;
}

/** What the program says to the worker. */
export type Order =
  | { readonly type: "start"; readonly carried?: unknown }
  | { readonly type: "stop" }
  | {
    readonly type: "call";
    readonly id: number;
    readonly name: string;
    readonly value: unknown;
    /** What the program has `carry` give. */
    readonly carried?: unknown;
  }
  | { readonly type: "abort"; readonly id: number; readonly reason: SentError }
  | { readonly type: "ping" };

/** What the worker says to the program. */
export type Answer =
  | { readonly type: "hello"; readonly protocol: string }
  | { readonly type: "ready" }
  | { readonly type: "ended"; readonly error?: SentError | undefined }
  | { readonly type: "crashed"; readonly error: SentError }
  | { readonly type: "value"; readonly id: number; readonly value: unknown }
  | { readonly type: "failed"; readonly id: number; readonly error: SentError }
  | { readonly type: "pong" }
  | {
    readonly type: "error";
    readonly error: SentError;
    readonly phase: "start" | "stop" | "tick";
  }
  | { readonly type: "tree"; readonly tree: Snapshot };

/** Takes an error apart, so that every engine's clone has all of it. */
export function sentError(value: unknown, depth = 0): SentError {
  if (!isError(value)) {
    const message = text(value);
    return { name: "Error", message, stack: undefined };
  }
  const { name, message } = value;
  const cause = peek(value, "cause");
  const errors = peek(value, "errors");
  return {
    name: text(name),
    message: text(message),
    stack: typeof value.stack === "string" ? value.stack : undefined,
    ...(cause !== undefined && depth < 10 &&
      { cause: sentError(cause, depth + 1) }),
    ...(Array.isArray(errors) && depth < 10 &&
      { errors: errors.map((each) => sentError(each, depth + 1)) }),
  };
}

/** Puts an error together again: as what it was, by its name. */
export function receivedError(sent: SentError): Error {
  const { name, message, stack, cause, errors } = sent;
  const options = cause && { cause: receivedError(cause) };
  const error = name === "AbortError" || name === "TimeoutError"
    ? new DOMException(message, name)
    : errors
    ? new AggregateError(errors.map(receivedError), message, options)
    : new Error(message, options);
  const define = (key: string, value: unknown) =>
    Object.defineProperty(error, key, {
      value,
      configurable: true,
      writable: true,
    });
  if (error.name !== name) define("name", name);
  if (stack !== undefined) define("stack", stack);
  if (cause && !("cause" in error)) define("cause", receivedError(cause));
  return error;
}
