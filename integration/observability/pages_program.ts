// What the browsers look at. A second port steers it:
//
//   /fail /well   whether the job fails      /cut /back   whether the page is served

import { StartStop, Ticker, untilAborted } from "../../mod.ts";
import { httpServer } from "../../http/mod.ts";
import { Health } from "../../observability/health/mod.ts";
import { Metrics } from "../../observability/metrics/mod.ts";
import { statusPage } from "../../observability/status/mod.ts";
import { Supervisor } from "../../supervisor/mod.ts";

export const hostile = [
  `<img src=x onerror="globalThis.pwned=1">`,
  `</title><script>globalThis.pwned=2</script>`,
  `"><svg onload=globalThis.pwned=3>`,
  "' style=\"display:none",
  "</td></tr></table>",
  "&lt;b&gt;",
  "\u202egnitseretni",
  "a\nb",
];

let isBad = false;
const quiet = { printErrors: false };
const job = new Ticker(300, () => {
  if (isBad) throw new Error(`<script>globalThis.pwned=4</script> disk full`);
}, { ...quiet, name: "job" });
const children = [
  job,
  new Ticker(
    400,
    () => new Promise<void>((resolve) => setTimeout(resolve, 7)),
    {
      name: "steady",
    },
  ),
  new Ticker(300, () => {
    throw new Error("postgres://me:secret@db refused");
  }, { ...quiet, name: "broken" }),
  new StartStop((signal) => untilAborted(signal), { name: "web" }),
  ...hostile.map((name) => new Ticker(3_600_000, () => {}, { name })),
].map((runner) => ({ runner }));
const app = new Supervisor(children, { name: "shop" });
const many = new Supervisor(
  Array.from({ length: 1_000 }, (_each, index) => ({
    runner: new Ticker(3_600_000, () => {}, { name: `job ${index}` }),
  })),
  { name: "many" },
);
await app.start();
await many.start();

const metrics = new Metrics({ maxRunners: 2_000 });
metrics.watch(app);
metrics.watch(many);
const health = new Health(app, { checks: { archive: () => "warn" } });

let closing = new AbortController();
const pages = () => {
  const options = { metrics, authorize: () => true, signal: closing.signal };
  return {
    small: statusPage(app, { ...options, health, title: "shop" }),
    large: statusPage(many, options),
  };
};
let { small, large } = pages();
const front = httpServer({
  hostname: "127.0.0.1",
  port: 0,
  linger: 0,
  onDrain: () => closing.abort(),
  fetch: (request) =>
    new URL(request.url).pathname === "/many" ? large(request) : small(request),
});
await front.start();
const { port } = front.url;
let again: ReturnType<typeof httpServer> | undefined;

const control = httpServer({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/fail") isBad = true;
    if (pathname === "/well") isBad = false;
    if (pathname === "/cut") await (again ?? front).stop();
    if (pathname === "/back") {
      closing = new AbortController();
      ({ small, large } = pages());
      again = httpServer({
        hostname: "127.0.0.1",
        port: Number(port),
        linger: 0,
        onDrain: () => closing.abort(),
        fetch: (request) => small(request),
      });
      await again.start();
    }
    return new Response("done");
  },
});
await control.start();
console.log(`control ${control.url.port}`);
console.log(`listening ${port}`);
