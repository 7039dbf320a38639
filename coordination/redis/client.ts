/** The clients of Redis that people have, behind two functions. */

import { toError } from "../../_internal/errors.ts";
import { checkedClient, has, Hints, invoke, until } from "../_clients.ts";
import { StoreError } from "../errors.ts";

// Answers after which the same request fails again.
const REFUSED =
  /^(GONE|NOAUTH|WRONGPASS|NOPERM|ERR|WRONGTYPE|READONLY|MISCONF)/;

export class RedisClient {
  readonly #client: object;

  constructor(what: string, client: object) {
    const need = "a client of redis or of ioredis";
    this.#client = checkedClient(what, client, ["sendCommand", "call"], need);
  }

  async command(what: string, ...values: string[]): Promise<unknown> {
    const client = this.#client;
    try {
      // That of ioredis has both, and the second takes an object of its own.
      return await (has(client, "call")
        ? invoke(client, "call", ...values)
        : invoke(client, "sendCommand", values));
    } catch (thrown) {
      const error = toError(thrown);
      const kind = REFUSED.test(error.message) ? "refused" : "unknown";
      const why = error.message || error.name;
      throw new StoreError(kind, `Cannot ${what} in Redis: ${why}`, {
        cause: error,
      });
    }
  }

  /** What is told on a channel, by a connection of its own. */
  async *listen(
    channel: string,
    signal: AbortSignal,
  ): AsyncGenerator<string | undefined, void, undefined> {
    const client = this.#client;
    const hints = new Hints();
    if (!has(client, "duplicate")) {
      // Nothing is told, and the member looks by itself.
      hints.push(undefined);
      return yield* hints.each(signal);
    }
    const own = invoke(client, "duplicate") as object;
    invoke(own, "on", "error", (error: unknown) => hints.fail(error));
    try {
      if (has(own, "call")) {
        invoke(own, "on", "message", (_channel: string, key: string) => {
          hints.push(key);
        });
        await until(signal, invoke(own, "subscribe", channel));
      } else {
        await until(signal, invoke(own, "connect"));
        const told = (key: string) => hints.push(key);
        await until(signal, invoke(own, "subscribe", channel, told));
      }
      hints.push(undefined);
      yield* hints.each(signal);
    } finally {
      // Newer clients of redis say it otherwise than older ones.
      const end = has(own, "destroy") && !has(own, "call")
        ? "destroy"
        : "disconnect";
      try {
        Promise.resolve(invoke(own, end)).catch(() => {});
      } catch {
        // It is closed already.
      }
    }
  }
}
