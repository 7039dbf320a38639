/** Prints what was caught, whatever it is. */

import { isError, peek, text } from "./errors.ts";

const MAX_FRAMES = 10;
const MAX_CAUSES = 10;
const MAX_LENGTH = 300;

// Control characters could forge further lines or drive a terminal; the
// directional ones could make a line read as another.
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

function escaped(value: string): string {
  return value.replace(
    UNSAFE,
    (char) =>
      char === "\n"
        ? "\\n"
        : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function messageOf(value: unknown): string {
  if (!isError(value)) return text(value);
  return text(peek(value, "message") || peek(value, "name"));
}

function dataOf(value: unknown): string {
  if (isError(value)) return messageOf(value);
  try {
    // A `toJSON` may give what has no JSON.
    const json = typeof value === "object" ? JSON.stringify(value) : undefined;
    return json ?? text(value);
  } catch {
    return text(value);
  }
}

function framesOf(value: unknown): string[] {
  const stack = peek(value, "stack");
  if (typeof stack !== "string") return [];
  // Engines of the V8 family repeat the message, line breaks and all.
  const message = messageOf(value);
  const header = stack.indexOf(message);
  return stack.slice(header < 0 ? 0 : header + message.length).split("\n")
    .map((line) => line.trim().replace(/^at /, "")).filter(Boolean)
    .slice(0, MAX_FRAMES)
    .map((line, index) => `trace #${index} => ${line}`.slice(0, MAX_LENGTH));
}

function causesOf(value: unknown): string[] {
  const causes: unknown[] = [];
  let cause = peek(value, "cause");
  while (
    cause != null && causes.length < MAX_CAUSES && !causes.includes(cause)
  ) {
    causes.push(cause);
    cause = peek(cause, "cause");
  }
  return causes.map((each, index) => `cause #${index} => ${messageOf(each)}`);
}

/**
 * Prints what a `catch` or a rejection handler was given, with up to ten frames
 * of its stack and the chain of its causes, in one write to standard error.
 *
 * It never throws, whatever it is given, and does nothing for `null` and
 * `undefined`. Control characters are escaped, so that a message can neither
 * forge a line nor drive a terminal.
 *
 * @example Usage
 * ```ts
 * import { recoveryCaller } from "@golib/runner/tools";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: string[] = [];
 * const print = console.error;
 * console.error = (text: string) => lines.push(...text.split("\n"));
 * try {
 *   throw new Error("disk full");
 * } catch (error) {
 *   recoveryCaller("backup", error, "volume 7");
 * }
 * console.error = print;
 *
 * assertEquals(lines.slice(0, 2), [
 *   "Recovering process 'backup': disk full",
 *   "volume 7",
 * ]);
 * ```
 *
 * @param process What was under way, as a name.
 * @param recovered What was caught.
 * @param data More to print, a line each.
 */
export function recoveryCaller(
  process: string,
  recovered: unknown,
  ...data: unknown[]
): void {
  if (recovered == null) return;
  try {
    const lines = [
      `Recovering process '${text(process)}': ${messageOf(recovered)}`,
      ...data.map(dataOf),
      ...framesOf(recovered),
      ...causesOf(recovered),
    ];
    console.error(lines.map(escaped).join("\n"));
  } catch {
    // Standard error itself is broken: there is nowhere left to tell it.
  }
}
