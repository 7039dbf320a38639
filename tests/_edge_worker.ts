/**
 * What `_tools/web/edge_checks.mjs` asks of workerd: a Worker that has runners at
 * module scope, where nothing may be started.
 */

import {
  runNbr,
  type Runner,
  StartStop,
  Ticker,
  untilAborted,
} from "@golib/runner";
import { Health } from "@golib/runner/health";
import { Metrics } from "@golib/runner/metrics";
import { Reloadable } from "@golib/runner/reload";
import { every } from "@golib/runner/schedule";
import { main, shutdownSignal } from "@golib/runner/shutdown";
import { statusPage } from "@golib/runner/status";
import { Supervisor } from "@golib/runner/supervisor";

/** What the platform gives a request. */
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

interface Namespace {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(request: Request): Promise<Response> };
}

const counts: Record<string, number> = {};
const tickers: Record<string, Ticker> = {};

function count(name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

function counting(name: string): Ticker {
  return tickers[name] ??= new Ticker(10, () => count(name), {
    name,
    printErrors: false,
  });
}

const service = new StartStop((signal) => untilAborted(signal), () => {}, {
  name: "service",
  stopTimeout: 1_000,
  printErrors: false,
});
const atModuleScope: Record<string, Runner> = {
  service,
  ticker: counting("module"),
  scheduled: new Ticker(every(60_000), () => {}),
  supervisor: new Supervisor([{
    name: "only",
    runner: new Ticker(10, () => {}),
  }]),
  reloadable: new Reloadable(() => service),
};

// What looks at them starts nothing either.
const looked = new Ticker(60_000, () => {}, { name: "looked" });
const metrics = new Metrics();
metrics.watch(looked);
metrics.watch(atModuleScope["supervisor"]!);
const health = new Health(looked, { checks: { it: () => true } });
const page = statusPage(looked, { metrics, health, authorize: () => true });

const unfinished = new Ticker(10, () => pause(500), {
  name: "unfinished",
  stopTimeout: 100,
  printErrors: false,
});

// What must not be done here.
const early = { timer: "no error", start: "pending" };
try {
  setTimeout(() => {}, 1);
} catch (error) {
  early.timer = String(error);
}
const tooEarly = new Ticker(10, () => {}, { printErrors: false });
tooEarly.start().then(
  () => early.start = "resolved",
  (error) => early.start = String(error),
);

/** How a promise ends within a second, as text. */
async function ending(promise: Promise<unknown>): Promise<string> {
  const late = pause(1_000).then(() => "pending");
  return await Promise.race([
    promise.then(() => "resolved", (error) => `rejected: ${error}`),
    late,
  ]);
}

/** What a handler answers for a path: its status, and how its text begins. */
async function seen(
  handler: (request: Request) => Promise<Response>,
  path: string,
): Promise<[number, string]> {
  const answer = await handler(new Request(`http://localhost${path}`));
  return [answer.status, (await answer.text()).slice(0, 30)];
}

const routes: Record<
  string,
  (query: URLSearchParams, context: Context) => Promise<unknown>
> = {
  "/states": () =>
    Promise.resolve({
      running: Object.values(atModuleScope).map((each) => each.isRunning()),
      tools: [typeof runNbr, typeof main],
    }),
  "/early": () =>
    Promise.resolve({
      ...early,
      state: tooEarly.state,
      error: String(tooEarly.errorsLast()),
    }),
  "/signals"() {
    const printed: string[] = [];
    const print = console.error;
    console.error = (text: string) => void printed.push(text);
    try {
      const { signals, aborted } = shutdownSignal();
      return Promise.resolve({ signals, aborted, printed });
    } finally {
      console.error = print;
    }
  },
  // A ticker that elsewhere would keep nothing alive.
  async "/quiet"() {
    let ticks = 0;
    const quiet = new Ticker(10, () => void ticks++, { persistent: false });
    await quiet.start();
    await pause(105);
    await quiet.stop();
    return ticks;
  },
  async "/looked"() {
    await looked.tick();
    const text = await (await metrics.handler(new Request("http://localhost/")))
      .text();
    return {
      counted: text.includes(
        'golib_runner_ticks_total{runner="looked",outcome="success"} ',
      ),
      answers: [
        await seen(health.handler, "/livez"),
        await seen(health.handler, "/readyz"),
        await seen(page, "/"),
      ],
    };
  },
  "/counts": () => Promise.resolve(counts),
  // A request that has a ticker for as long as it lasts, and does not stop it.
  async "/tick"(query) {
    const name = query.get("name")!;
    await counting(name).start();
    await pause(Number(query.get("ms")));
    return counts[name] ?? 0;
  },
  async "/stop"(query) {
    const ticker = counting(query.get("name")!);
    const outcome = await ending(ticker.stop());
    return { outcome, state: ticker.state };
  },
  async "/restart"(query) {
    const name = query.get("name")!;
    const outcome = await ending(counting(name).restart());
    const before = counts[name] ?? 0;
    await pause(105);
    return { outcome, ticks: (counts[name] ?? 0) - before };
  },
  // Holds the service, until another request stops it.
  async "/hold"() {
    await service.start();
    return { outcome: await ending(service.finished()), state: service.state };
  },
  async "/release"() {
    const outcome = await ending(service.stop());
    return { outcome, state: service.state };
  },
  // A request that ends in the middle of a tick.
  async "/unfinished"() {
    await unfinished.start();
    await pause(15);
    return unfinished.state;
  },
  async "/unfinished/stop"() {
    const outcome = await ending(unfinished.stop({ timeout: 100 }));
    return { outcome, state: unfinished.state };
  },
  async "/unfinished/start"() {
    const outcome = await ending(unfinished.start());
    return { outcome, state: unfinished.state };
  },
  /** Whose context each tick is in: of two requests in one, and of none. */
  async "/contexts"() {
    const { process } = globalThis as unknown as {
      process?: {
        getBuiltinModule?(name: string): {
          AsyncLocalStorage: new () => {
            run<T>(value: string, work: () => T): T;
            getStore(): string | undefined;
          };
        };
      };
    };
    const hooks = process?.getBuiltinModule?.("node:async_hooks");
    if (!hooks) return "no contexts here";
    const storage = new hooks.AsyncLocalStorage();
    const seen = new Set<string>();
    const start = (name: string, context: "keep" | "none") => {
      const ticker = new Ticker(5, () => {
        seen.add(`${name} in ${storage.getStore()}`);
      }, { context });
      return storage.run(name, async () => {
        await ticker.start();
        return ticker;
      });
    };
    const all = await Promise.all([
      start("one", "keep"),
      start("two", "keep"),
      start("none", "none"),
    ]);
    await storage.run("other", () => pause(50));
    for (const each of all) await storage.run("other", () => each.stop());
    return [...seen].sort();
  },
  "/background"(_query, context) {
    const ticker = new Ticker(10, (_signal, { stop }) => {
      count("background");
      if (counts["background"] === 20) stop();
    });
    context.waitUntil(ticker.start().then(() => ticker.finished()));
    return Promise.resolve("answered");
  },
};

async function answer(request: Request, context: Context): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const route = routes[pathname.replace("/actor", "")];
  if (route === undefined) {
    return new Response("no such route", { status: 404 });
  }
  return Response.json(await route(searchParams, context));
}

/** A Durable Object: its requests are one, as far as timers go. */
export class Actor {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  fetch(request: Request): Promise<Response> {
    return answer(request, this.#context);
  }
}

export default {
  fetch(
    request: Request,
    { ACTOR }: { ACTOR: Namespace },
    context: Context,
  ): Promise<Response> {
    return new URL(request.url).pathname.startsWith("/actor/")
      ? ACTOR.get(ACTOR.idFromName("only")).fetch(request)
      : answer(request, context);
  },
};
