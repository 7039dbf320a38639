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

/** Where the frames begin in a stack: engines of the V8 family begin with the message. */
function endOfHeader(value: unknown, stack: string): number {
  const message = messageOf(value);
  const firstLine = stack.indexOf("\n") < 0
    ? stack.length
    : stack.indexOf("\n");
  const name = text(peek(value, "name"));
  // The name may have the message in it, and the message may have line breaks.
  for (
    let start = stack.indexOf(message);
    start >= 0 && start <= firstLine;
    start = stack.indexOf(message, start + 1)
  ) {
    const end = start + message.length;
    const isWhole = end === stack.length || stack[end] === "\n";
    const isHeader = /^\s*at /m.test(stack.slice(end)) || start === 0 ||
      start === `${name}: `.length;
    if (isWhole && isHeader) return end;
    if (message === "") break;
  }
  return 0;
}

/** What all frames of this library have in common; nothing where it is bundled. */
function findLibrary(): string | undefined {
  return /([^\s(@]*[/\\])_internal[/\\]recovery\.[cm]?[jt]s/.exec(
    text(new Error().stack),
  )?.[1];
}

/** Frames of what stands beside the library in its repository are somebody's code. */
const BESIDE =
  /^(tests|examples|bench|integration|docs|_tools|node_modules|README)/;

function isOwn(line: string, library: string | undefined): boolean {
  const start = library ? line.indexOf(library) : -1;
  return start >= 0 && !BESIDE.test(line.slice(start + library!.length));
}

function framesOf(value: unknown): string[] {
  const stack = peek(value, "stack");
  if (typeof stack !== "string") return [];
  const all = stack.slice(endOfHeader(value, stack)).match(/\S[^\n]*/g) ?? [];
  // Those of this library tell its users nothing.
  const library = findLibrary();
  const others = all.filter((line) => !isOwn(line, library));
  // A line of 300 characters is long enough for any eye.
  return (others.length ? others : all).slice(0, MOST).map((line, index) =>
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
 * Frames of this library are left out, unless there are no others.
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
