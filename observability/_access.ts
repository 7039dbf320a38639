/** Who may look, and what of a message is shown. */

import { text } from "../_internal/errors.ts";
import { recoveryCaller } from "../_internal/recovery.ts";
import { typed } from "../_internal/validate.ts";

/** Decides on a request; anything but `true` is a no. */
export type Authorize = (request: Request) => boolean | Promise<boolean>;

/** The hosts that are answered where the options name none. */
export const LOCAL: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** A list of hosts, checked. */
export function hostsOf(
  what: string,
  hosts: readonly string[] = LOCAL,
): readonly string[] {
  return typed(
    what,
    "hosts",
    hosts,
    "object",
    "a list of host names",
    (list) =>
      Array.isArray(list) && list.every((each) => typeof each === "string"),
  );
}

/** The name in a host header, without its port. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}

/**
 * Whether a request names a host of the list: a page on the internet that has its
 * own name point here sends that name.
 */
export function isHost(request: Request, hosts: readonly string[]): boolean {
  const header = request.headers.get("host");
  const names = [new URL(request.url).host, ...header === null ? [] : [header]];
  return names.every((each) => hosts.includes(nameOf(each)));
}

/** How long a function may think about a request, in milliseconds. */
const PATIENCE = 10_000;

/** Whether a function says yes to a request in time; one that throws says no. */
export async function says(
  decide: Authorize | undefined,
  request: Request,
  patience = PATIENCE,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const answer = decide?.(request);
    if (typeof answer !== "object") return answer === true;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), patience);
    });
    return await Promise.race([answer, late]) === true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A function of the user that never throws: what it throws is printed once, and
 * stands for `undefined`.
 */
export function guarded<A extends unknown[], R>(
  name: string,
  work: (...args: A) => R,
): (...args: A) => R | undefined {
  let isSaid = false;
  return (...args) => {
    try {
      return work(...args);
    } catch (error) {
      if (!isSaid) recoveryCaller(name, error);
      isSaid = true;
      return undefined;
    }
  };
}

const SECRETS: readonly [RegExp, string][] = [
  [/(\b[a-z][a-z\d+.-]*:\/\/[^\s:@/]*:)[^\s@]+@/gi, "$1***@"],
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, "$1 ***"],
  [
    /\b(pass(?:word|wd)?|secret|token|api[_-]?key)(["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi,
    "$1$2***",
  ],
];

/** Takes out what looks like a password or a token. */
export function redactSecrets(message: string): string {
  return SECRETS.reduce(
    (found, [pattern, instead]) => found.replace(pattern, instead),
    message,
  );
}

const MOST = 500;

/** A message as it may be shown: without secrets, and of at most 500 characters. */
export function shownBy(
  redact: (message: string) => string,
): (value: unknown) => string {
  return (value) => {
    let found: string;
    try {
      // Cut before as well, for patterns are slow on what is endless.
      found = text(redact(text(value).slice(0, 10 * MOST)));
    } catch {
      found = "(not shown: 'redact' failed)";
    }
    return found.length > MOST ? `${found.slice(0, MOST)}…` : found;
  };
}
