/** Requests of stores that are reached by `fetch`. */

import { reasonOf, toError } from "../_internal/errors.ts";
import { says } from "../_internal/validate.ts";
import { StoreError } from "./errors.ts";
import type { StoreFetch } from "./store.ts";

/** Several addresses of one engine: the next one where one fails. */
export class Endpoints {
  readonly #urls: readonly string[];
  readonly #fetch: StoreFetch;
  #index = 0;

  constructor(
    what: string,
    urls: readonly string[] | string,
    request: StoreFetch | undefined,
  ) {
    const list = typeof urls === "string" ? [urls] : urls;
    const isList = Array.isArray(list) && list.length > 0;
    for (const each of isList ? list as string[] : [""]) {
      if (/^https?:\/\/[^/]/.test(each)) continue;
      const need = "addresses that begin with http:// or https://";
      throw new TypeError(says(what, "endpoints", need, each));
    }
    this.#urls = list.map((each) => each.replace(/\/+$/, ""));
    // Called as a plain function: some engines refuse another `this`.
    this.#fetch = request ?? ((url, init) => fetch(url, init));
  }

  /** Begins with a random one, so that many nodes spread over them. */
  shuffle(): void {
    this.#index = Math.floor(Math.random() * this.#urls.length);
  }

  /** Goes to the next for the requests to come. */
  next(): void {
    this.#index++;
  }

  /** Sends a request; what fails on its way is a {@linkcode StoreError}. */
  async send(
    what: string,
    path: string,
    signal: AbortSignal,
    init: {
      readonly method: string;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    },
  ): Promise<Response> {
    const index = this.#index;
    const url = this.#urls[index % this.#urls.length]!;
    try {
      return await this.#fetch(url + path, { headers: {}, ...init, signal });
    } catch (error) {
      // Others that failed at the same time have moved on already.
      if (this.#index === index) this.next();
      if (signal.aborted) throw reasonOf(signal);
      const { message, cause } = toError(error);
      const why = cause ? `${message}: ${toError(cause).message}` : message;
      throw new StoreError(
        "unavailable",
        `Cannot ${what}: ${url} is not reached: ${why}`,
        { cause: error },
      );
    }
  }

  /** Reads a body, within the same limits. */
  async text(
    what: string,
    response: Response,
    signal: AbortSignal,
  ): Promise<string> {
    const index = this.#index;
    try {
      return await response.text();
    } catch (error) {
      if (this.#index === index) this.next();
      if (signal.aborted) throw reasonOf(signal);
      const { message } = toError(error);
      throw new StoreError("unknown", `Cannot ${what}: ${message}`, {
        cause: error,
      });
    }
  }
}

/** The value of JSON that may be none. */
export function json<T>(what: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    const why = `the answer is no JSON: ${JSON.stringify(text.slice(0, 200))}`;
    throw new StoreError("refused", `Cannot ${what}: ${why}`);
  }
}

/** The lines of a body that goes on, as they come. */
export async function* lines(
  response: Response,
): AsyncGenerator<string, void, undefined> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true }))
        .split("\n");
      rest = parts.pop()!;
      for (const each of parts) if (each.trim()) yield each;
    }
  } finally {
    // It closes the connection; on one that has failed it fails as well.
    await reader.cancel().catch(() => {});
  }
}

/** The date header in epoch milliseconds: whole seconds, so half of one more. */
export function dateOf(response: Response): number | undefined {
  const time = Date.parse(response.headers.get("date") ?? "");
  return Number.isNaN(time) ? undefined : time + 500;
}
