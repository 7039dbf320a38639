import { peek } from "../../_internal/errors.ts";
import { checkUnknown } from "../../_internal/unknown_options.ts";
import { bag, says, timeout, typed } from "../../_internal/validate.ts";
import type { Observer, RunnerEvent } from "../../runner.ts";
import { recoveryCaller } from "../../tools.ts";
import { redactSecrets, shownBy } from "../_access.ts";

/** Options of {@linkcode ping}. */
export interface PingOptions {
  /**
   * How the service is called.
   *
   * @default the global `fetch`
   */
  readonly fetch?: typeof fetch | undefined;
  /**
   * How long a call may take, in milliseconds.
   *
   * @default 10000
   */
  readonly timeout?: number | undefined;
  /**
   * Takes secrets out of messages.
   *
   * @default passwords in URLs and bearer tokens are taken out
   */
  readonly redact?: ((message: string) => string) | undefined;
}

/**
 * An observer that tells a dead-man service, such as healthchecks.io, what a runner
 * does: the service raises the alarm when it hears nothing.
 *
 * - A tick that did not fail: the URL. One that failed: `/fail`, with the message.
 * - A service that is launched: `/start`; that has ended: the URL, or `/fail`.
 *
 * Nothing waits for a call. There is one at a time; of those that come meanwhile the
 * last is made after it. A call that fails is printed.
 *
 * @example Usage
 * ```ts
 * import { ping } from "@golib/runner/health";
 * import { Ticker } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const called: string[] = [];
 * const fetch = (url: string | URL | Request) => {
 *   called.push(String(url));
 *   return Promise.resolve(new Response());
 * };
 * const backup = new Ticker(86_400_000, () => {}, {
 *   observer: ping("https://hc.example/uuid", { fetch }),
 * });
 * await backup.tick();
 * assertEquals(called, ["https://hc.example/uuid"]);
 * ```
 *
 * @param url Where the service listens for this runner.
 * @param options How it is called.
 * @returns an observer, for `observe` or the option of that name.
 * @throws {TypeError} if an argument or option is not of its type.
 */
export function ping(url: string | URL, options?: PingOptions): Observer {
  const what = "ping";
  const { fetch: call, timeout: ms = 10_000, redact = redactSecrets } = bag(
    what,
    options,
  );
  checkUnknown(what, "ping", options, ["fetch", "timeout", "redact"]);
  if (call !== undefined) typed(what, "fetch", call, "function");
  timeout(what, "timeout", ms);
  typed(what, "redact", redact, "function");
  let base: string;
  try {
    base = new URL(url).href;
  } catch {
    throw new TypeError(says(what, "url", "a URL", url));
  }
  const say = shownBy(redact);
  let next: [path: string, body: string] | undefined;
  let isBusy = false;

  const send = async (path: string, body: string) => {
    next = [path, body];
    if (isBusy) return;
    isBusy = true;
    while (next) {
      const [path, body] = next as [string, string];
      next = undefined;
      const controller = new AbortController();
      const timer = setTimeout(
        () => controller.abort(),
        Math.min(ms, 2 ** 31 - 1),
      );
      const { signal } = controller;
      const target = new URL(base);
      if (path) {
        target.pathname = `${target.pathname.replace(/\/$/, "")}${path}`;
      }
      try {
        const answer = await (call ?? fetch)(target.href, {
          method: "POST",
          body,
          signal,
        });
        await answer.body?.cancel();
        if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      } catch (error) {
        recoveryCaller(`ping of ${target.host}`, error);
      }
      clearTimeout(timer);
    }
    isBusy = false;
  };

  let failure: Error | undefined;
  return (event: RunnerEvent) => {
    if (event.type === "tick") {
      if (event.skipped) return;
      void send(event.error ? "/fail" : "", say(event.error?.message ?? ""));
    } else if (event.type === "error" && event.phase !== "tick") {
      failure = event.error;
    } else if (
      event.type === "state" && peek(event.runner, "tick") === undefined
    ) {
      if (event.from === "stopped") {
        failure = undefined;
        void send("/start", "");
      } else if (event.to === "stopped") {
        void send(failure ? "/fail" : "", say(failure?.message ?? ""));
      }
    }
  };
}
