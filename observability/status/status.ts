import { untilAborted } from "../../_internal/until_aborted.ts";
import { checkUnknown } from "../../_internal/unknown_options.ts";
import { bag, signalLike, typed } from "../../_internal/validate.ts";
import type { Runner } from "../../runner.ts";
import { hostsOf, isHost, redactSecrets, says, shownBy } from "../_access.ts";
import { DEFAULT_RULE, rules } from "../_stall.ts";
import { runnerLike, Tree } from "../_tree.ts";
import type { Health } from "../health/health.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { pageHtml, rowHtml } from "./_html.ts";
import { type Frame, Hub } from "./_hub.ts";
import { modelOf } from "./_model.ts";
import { script } from "./_script.ts";
import { style } from "./_style.ts";
import { headOf, slotsOf } from "./_words.ts";

/** Options of {@linkcode statusPage}. */
export interface StatusPageOptions {
  /**
   * Whether a request may see the page. On a port that only operators reach:
   * `() => true`.
   *
   * @default none may
   */
  readonly authorize?:
    | ((request: Request) => boolean | Promise<boolean>)
    | undefined;
  /**
   * The names of hosts under which the page is shown, beside what `authorize` says.
   *
   * @default ["localhost", "127.0.0.1", "[::1]"]
   */
  readonly hosts?: readonly string[] | undefined;
  /** What counts the ticks: the page shows how long they took. */
  readonly metrics?: Metrics | undefined;
  /** What is asked for its checks. */
  readonly health?: Health | undefined;
  /**
   * The title of the page.
   *
   * @default the name of the runner
   */
  readonly title?: string | undefined;
  /**
   * Ends the open pages when it aborts: a server that ends gracefully would wait for
   * them.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Takes secrets out of messages, which are cut at 500 characters.
   *
   * @default passwords in URLs and bearer tokens are taken out
   */
  readonly redact?: ((message: string) => string) | undefined;
}

const KNOWN = [
  "authorize",
  "hosts",
  "metrics",
  "health",
  "title",
  "signal",
  "redact",
];
const MOST_ROWS = 200;
const MOST_PAGES = 32;

const CLOSED = `This page is closed.

To open it, say who may look: statusPage(app, { authorize: (request) => ... });
on a port that only operators reach, { authorize: () => true }.
`;

async function hash(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

async function policy(): Promise<string> {
  return [
    "default-src 'none'",
    `style-src 'sha256-${await hash(style)}'`,
    `script-src 'sha256-${await hash(script)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/**
 * A page that shows a runner and all that it runs, the worst first: how it is, since
 * when, when it runs next, what its ticks came to and what it last failed with.
 *
 * It is complete without JavaScript; with it the page follows by a stream of events
 * while it is seen. It only shows, and has no assets. With `?json` it is data.
 *
 * It is closed: `authorize` says who may look. Constructing starts nothing; while a
 * page is open, the runners are looked at once a second.
 *
 * @example On a port of its own
 * ```ts
 * import { statusPage } from "@golib/runner/status";
 * import { Ticker } from "@golib/runner";
 * import { assertEquals, assertStringIncludes } from "@std/assert";
 *
 * const app = new Ticker(60_000, () => {}, { name: "report" });
 * const page = statusPage(app, { authorize: () => true });
 * const answer = await page(new Request("http://localhost:9090/"));
 * assertEquals(answer.status, 200);
 * assertStringIncludes(await answer.text(), "report");
 * ```
 *
 * @param runner What is shown.
 * @param options Who may look, and what else is shown.
 * @returns what answers requests, at whatever path.
 * @throws {TypeError} if an argument or option is not of its type.
 */
export function statusPage(
  runner: Runner,
  options?: StatusPageOptions,
): (request: Request) => Promise<Response> {
  const what = "create a status page";
  const tree = new Tree(runnerLike(what, runner));
  const { authorize, metrics, health, title = tree.root.name, signal } = bag(
    what,
    options,
  );
  const { redact = redactSecrets } = options ?? {};
  checkUnknown(what, "statusPage", options, KNOWN);
  for (const [name, each] of Object.entries({ authorize, redact })) {
    if (each !== undefined) typed(what, name, each, "function");
  }
  for (const [name, each] of Object.entries({ metrics, health })) {
    if (each !== undefined) typed(what, name, each as object, "object");
  }
  typed(what, "title", title, "string");
  signalLike(what, signal);
  const hosts = hostsOf(what, options?.hosts);
  const rule = health && rules.get(health) || DEFAULT_RULE;
  const sources = { tree, metrics, health, rule, say: shownBy(redact) };

  const look = async (): Promise<Frame> => {
    const model = await modelOf(sources, MOST_ROWS);
    return {
      head: headOf(model, title),
      rows: new Map(
        model.rows.map((row) => [row.path, slotsOf(row, model.at)]),
      ),
    };
  };
  const hub = new Hub(MOST_PAGES, look);
  let secured: Promise<string> | undefined;
  let isFollowed = false;

  const events = (): Response => {
    if (signal?.aborted) return new Response("Ending\n", { status: 503 });
    if (signal && !isFollowed) {
      isFollowed = true;
      void untilAborted(signal).then(() => hub.close());
    }
    const stream = hub.open();
    if (!stream) {
      return new Response(`More than ${MOST_PAGES} pages are open\n`, {
        status: 503,
        headers: { "retry-after": "5" },
      });
    }
    return new Response(stream, {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      },
    });
  };

  return async (request) => {
    const { method } = request;
    if (method !== "GET" && method !== "HEAD") {
      return new Response("Only GET and HEAD\n", {
        status: 405,
        headers: { allow: "GET, HEAD" },
      });
    }
    if (!authorize || !await says(authorize, request)) {
      return new Response(authorize ? "Not allowed by 'authorize'\n" : CLOSED, {
        status: 403,
      });
    }
    if (!isHost(request, hosts)) {
      const why = "Not a host of the option 'hosts'\n";
      return new Response(why, { status: 403 });
    }
    const isHead = method === "HEAD";
    const { searchParams } = new URL(request.url);
    const common = {
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    };
    if (searchParams.has("json")) {
      const model = await modelOf(sources, Infinity);
      const headers = { ...common, "content-type": "application/json" };
      return new Response(isHead ? null : JSON.stringify(model), { headers });
    }
    if (searchParams.has("events") && !isHead) return events();
    const { head, rows } = await look();
    const html = pageHtml(
      title,
      head,
      [...rows].map(([key, slots]) => rowHtml(key, slots)),
    );
    return new Response(isHead ? null : html, {
      headers: {
        ...common,
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": await (secured ??= policy()),
      },
    });
  };
}
