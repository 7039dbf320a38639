/** The HTTP interface of Consul. */

import { dateOf, Endpoints, json } from "../_fetch.ts";
import { StoreError } from "../errors.ts";
import type { ConsulStoreOptions } from "./options.ts";

/** An answer that is no failure. */
export interface ConsulAnswer {
  readonly status: number;
  readonly text: string;
  /** Where the next question that waits goes on. */
  readonly index: number;
  readonly time: number | undefined;
}

/** One entry, as Consul shows it. */
export interface ConsulEntry {
  readonly Key: string;
  readonly Value: string | null;
  readonly Session?: string;
  readonly ModifyIndex: number;
}

/** The answer to a transaction: all of it, or what was in the way. */
interface TxnAnswer {
  readonly Results: readonly { readonly KV: ConsulEntry }[] | null;
  readonly Errors:
    | readonly { readonly OpIndex: number; readonly What: string }[]
    | null;
}

/** What a transaction came to. */
export interface ConsulTxn {
  readonly entries: readonly ConsulEntry[];
  /** The indexes of what was in the way, where anything was. */
  readonly refused: ReadonlySet<number>;
}

export class ConsulClient {
  readonly #endpoints: Endpoints;
  readonly #headers: Record<string, string>;

  constructor({ endpoints, fetch: request, token }: ConsulStoreOptions) {
    const what = "create a Consul store";
    this.#endpoints = new Endpoints(what, endpoints, request);
    this.#headers = token === undefined ? {} : { "x-consul-token": token };
  }

  /** Asks; a status that is not expected is an error. */
  async ask(
    what: string,
    method: string,
    path: string,
    signal: AbortSignal,
    body?: unknown,
    expected: readonly number[] = [200],
  ): Promise<ConsulAnswer> {
    const response = await this.#endpoints.send(what, path, signal, {
      method,
      headers: this.#headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const { status } = response;
    const text = await this.#endpoints.text(what, response, signal);
    if (expected.includes(status)) {
      const index = Number(response.headers.get("x-consul-index") ?? 0);
      return { status, text, index, time: dateOf(response) };
    }
    // A server that finds no leader says 500; so does one that refuses a TTL.
    const isRefused = status < 500 || /invalid (session|ttl)/i.test(text);
    if (!isRefused) this.#endpoints.next();
    const kind = isRefused ? "refused" : "unknown";
    const why = `${status} ${text.trim().slice(0, 200)}`;
    throw new StoreError(kind, `Cannot ${what} in Consul: ${why}`);
  }

  async txn(
    what: string,
    operations: readonly object[],
    signal: AbortSignal,
  ): Promise<ConsulTxn> {
    const body = operations.map((KV) => ({ KV }));
    const path = "/v1/txn";
    const { text } = await this.ask(what, "PUT", path, signal, body, [
      200,
      409,
    ]);
    const { Results, Errors } = json<TxnAnswer>(what, text);
    const gone = Errors?.find(({ What }) => /invalid session/.test(What));
    if (gone) {
      const why = `the session is over: ${gone.What}`;
      throw new StoreError("refused", `Cannot ${what} in Consul: ${why}`);
    }
    return {
      entries: (Results ?? []).map(({ KV }) => KV),
      refused: new Set((Errors ?? []).map(({ OpIndex }) => OpIndex)),
    };
  }

  /** The entries of a key, or of all with a prefix. */
  async entries(
    what: string,
    key: string,
    query: string,
    signal: AbortSignal,
  ): Promise<readonly ConsulEntry[]> {
    const path = `${pathOf(key)}?consistent${query}`;
    const { status, text } = await this.ask(
      what,
      "GET",
      path,
      signal,
      undefined,
      [200, 404],
    );
    return status === 404 ? [] : json(what, text);
  }
}

/** Where an entry is; a key may have characters that a path may not. */
export function pathOf(key: string): string {
  return `/v1/kv/${key.split("/").map(encodeURIComponent).join("/")}`;
}
