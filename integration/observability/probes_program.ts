// A program as Kubernetes sees it: a service, and probes at a port of their own.
//
//   probes_program.ts [cost]

import process from "node:process";
import { Ticker } from "../../mod.ts";
import { httpServer } from "../../http/mod.ts";
import { Health } from "../../observability/health/mod.ts";
import { main } from "../../shutdown/mod.ts";
import { Supervisor } from "../../supervisor/mod.ts";

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** What a thousand probes a second cost, in parts of a core. */
async function cost(): Promise<void> {
  const app = new Supervisor(
    Array.from({ length: 1_000 }, (_each, index) => ({
      runner: new Ticker(3_600_000, () => {}, { name: `job ${index}` }),
    })),
    { name: "app" },
  );
  await app.start();
  const health = new Health(app);
  // The request is made by whoever serves, which is not what is measured here.
  const used = async (
    path: string,
    work: (request: Request) => unknown,
  ): Promise<number> => {
    const began = performance.now();
    const before = process.cpuUsage();
    let made = 0;
    while (performance.now() - began < 2_000) {
      await pause(10);
      // As many as are due by now, however late the timer was.
      const due = Math.floor(performance.now() - began);
      for (; made < due; made++) {
        await work(new Request(`http://localhost${path}`));
      }
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000 / (performance.now() - began);
  };
  const ask = async (request: Request) => {
    const { status } = await health.handler(request);
    if (status !== 200) throw new Error(`${status}`);
  };
  // What the engine takes for an answer, whoever makes it.
  const answer = () =>
    new Response("pass\n", { headers: { "cache-control": "no-store" } });
  await used("/readyz", ask);
  await used("/readyz", answer);
  const idle = await used("/readyz", () => {});
  const found: Record<string, number> = {};
  for (const path of ["/livez", "/readyz"]) {
    found[path] = await used(path, ask) - idle;
  }
  found["a Response alone"] = await used("/readyz", answer) - idle;
  console.log(JSON.stringify(found));
  await app.stop();
}

async function serve(): Promise<void> {
  let block = 0;
  const busy = new Ticker(1_000, () => {
    const end = performance.now() + block;
    block = 0;
    while (performance.now() < end);
  }, { name: "busy" });
  const web = httpServer({
    name: "web",
    hostname: "127.0.0.1",
    port: 0,
    linger: 100,
    stopTimeout: 10_000,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      const ms = Number(searchParams.get("ms"));
      if (pathname === "/slow") await pause(ms);
      if (pathname === "/block") block = ms;
      return new Response("done");
    },
  });
  const app = new Supervisor([{ runner: web }, { runner: busy }], {
    name: "app",
    stopTimeout: 10_000,
  });
  const health = new Health(app, {
    stall: { min: 500, intervals: 1 },
    checks: {
      hangs: { check: () => new Promise(() => {}), groups: ["health"] },
    },
    details: () => true,
  });
  const ops = httpServer({
    name: "ops",
    hostname: "127.0.0.1",
    port: 0,
    linger: 0,
    fetch: health.handler,
  });
  await main([ops, app], {
    notReady: () => health.drain(),
    drainDelay: 1_500,
    onReady() {
      console.log(`web ${web.url.port}`);
      console.log(`listening ${ops.url.port}`);
    },
  });
}

await (process.argv[2] === "cost" ? cost() : serve());
