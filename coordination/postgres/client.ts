/** The clients of PostgreSQL that people have, behind two functions. */

import { peek, toError } from "../../_internal/errors.ts";
import { checkedClient, has, Hints, invoke, until } from "../_clients.ts";
import { StoreError } from "../errors.ts";

/** A row, by the names of its columns; all are asked for as text. */
export type Row = Readonly<Record<string, string | null>>;

// Classes of SQLSTATE after which the same request fails again: data, integrity,
// authorization, catalog, syntax or access.
const REFUSED = /^(22|23|28|3D|3F|42)/;

export class PostgresClient {
  readonly #client: object;

  constructor(what: string, client: object) {
    const need = "a Pool or Client of pg, or the function of postgres";
    this.#client = checkedClient(what, client, ["query", "unsafe"], need);
  }

  /** One statement, on its own: the time stands still within a transaction. */
  async query(
    what: string,
    text: string,
    values: readonly string[],
  ): Promise<readonly Row[]> {
    const client = this.#client;
    const method = has(client, "unsafe") ? "unsafe" : "query";
    try {
      const answer = await invoke(client, method, text, [...values]);
      return (method === "query" ? peek(answer, "rows") : answer) as Row[];
    } catch (error) {
      throw failed(what, error);
    }
  }

  /** What is told on a channel. */
  async *listen(
    channel: string,
    signal: AbortSignal,
  ): AsyncGenerator<string | undefined, void, undefined> {
    const client = this.#client;
    const hints = new Hints();
    if (has(client, "listen")) {
      // It listens again by itself where its connection was lost.
      const listening = Promise.resolve(
        invoke(
          client,
          "listen",
          channel,
          (key: string) => hints.push(key),
          () => hints.push(undefined),
        ),
      ) as Promise<{ unlisten(): Promise<void> }>;
      try {
        await until(signal, listening);
        yield* hints.each(signal);
      } finally {
        listening.then(({ unlisten }) => unlisten()).catch(() => {});
      }
      return;
    }
    if (!has(client, "on")) {
      // Nothing is told, and the member looks by itself.
      hints.push(undefined);
      return yield* hints.each(signal);
    }
    // A pool lends a client; a client lends itself.
    const isPool = has(client, "connect") && "totalCount" in client;
    const lent = isPool
      ? Promise.resolve(invoke(client, "connect")) as Promise<object>
      : Promise.resolve(client);
    const told = ({ payload }: { payload?: string }) => hints.push(payload);
    // More than once for each loss; without a listener it ends the process.
    const lost = (error: unknown) => hints.fail(error);
    let own: object | undefined;
    try {
      own = await until(signal, lent);
      invoke(own, "on", "notification", told);
      invoke(own, "on", "error", lost);
      invoke(own, "on", "end", lost);
      await until(signal, invoke(own, "query", `listen "${channel}"`));
      hints.push(undefined);
      yield* hints.each(signal);
    } finally {
      lent.then((each) => {
        invoke(each, "removeListener", "notification", told);
        if (isPool) invoke(each, "release", true);
        else invoke(each, "removeListener", "error", lost);
      }).catch(() => {});
    }
  }
}

function failed(what: string, thrown: unknown): StoreError {
  const error = toError(thrown);
  const kind = REFUSED.test(String(peek(error, "code")))
    ? "refused"
    : "unknown";
  const message = error.message || String(peek(error, "code"));
  return new StoreError(kind, `Cannot ${what} in PostgreSQL: ${message}`, {
    cause: error,
  });
}
