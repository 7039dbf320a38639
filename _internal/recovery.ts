/** Prints what was caught, whatever it is. */

import { isError, peek, text } from "./errors.ts";

/** How many frames are printed, and how many causes. */
const MOST = 10;

// Control characters could forge further lines or drive a terminal; the
// directional ones could make a line read as another.
const UNSAFE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

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
  return text(
    isError(value) ? peek(value, "message") || peek(value, "name") : value,
  );
}

function dataOf(value: unknown): string {
  try {
    // A `toJSON` may give what has no JSON.
    const json = typeof value === "object" && !isError(value)
      ? JSON.stringify(value)
      : undefined;
    return json ?? messageOf(value);
  } catch {
    // What refuses has a text at least.
    return messageOf(value);
  }
}

// A line of data that began like one of another kind would pass for it.
function lineOf(value: unknown): string {
  const line = dataOf(value);
  return /^(Recovering|trace #|cause #)/.test(line)
    ? JSON.stringify(line)
    : line;
}

function framesOf(value: unknown): string[] {
  const stack = peek(value, "stack");
  if (typeof stack !== "string") return [];
  // Engines of the V8 family repeat the message, line breaks and all.
  const message = messageOf(value);
  const header = stack.indexOf(message);
  const lines = stack.slice(header < 0 ? 0 : header + message.length)
    .match(/\S[^\n]*/g) ?? [];
  // A line of 300 characters is long enough for any eye.
  return lines.slice(0, MOST).map((line, index) =>
    `trace #${index} => ${line.replace(/^at /, "")}`.slice(0, 300)
  );
}

function causesOf(value: unknown): string[] {
  const causes: unknown[] = [];
  for (
    let cause = value;
    (cause = peek(cause, "cause")) != null && causes.length < MOST &&
    !causes.includes(cause);
  ) causes.push(cause);
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
      ...data.map(lineOf),
      ...framesOf(recovered),
      ...causesOf(recovered),
    ];
    console.error(lines.map(escaped).join("\n"));
  } catch {
    // Standard error itself is broken: there is nowhere left to tell it.
  }
}

/** Prints one line to standard error, safely as above: no failure, but to be seen. */
export function warn(line: string): void {
  try {
    console.error(escaped(line));
  } catch {
    // As above.
  }
}
