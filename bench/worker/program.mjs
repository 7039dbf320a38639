// What a worker costs on one engine, in one process: `program.mjs FOLDER [--smoke]
// [--kills=N]`. FOLDER has the bundled library and its worker.

import process from "node:process";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const folder = process.argv[2];
const { WorkerRunner } = await import(
  pathToFileURL(join(folder, "library.mjs")).href
);
const url = pathToFileURL(join(folder, "echo_worker.mjs"));
const bareUrl = new URL("./bare_worker.mjs", import.meta.url);
const isSmoke = process.argv.includes("--smoke");
const kills = Number(
  process.argv.find((each) => each.startsWith("--kills="))?.slice(8) ??
    (isSmoke ? 3 : 200),
);
const isDeno = "Deno" in globalThis;
const isBun = "Bun" in globalThis;
const isNode = !isDeno && !isBun;
const starts = isSmoke ? 3 : 25;
const calls = isSmoke ? 100 : 3_000;
const median = (list) =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

async function bare() {
  let on;
  let worker;
  if (isNode) {
    const { Worker } = await import("node:worker_threads");
    worker = new Worker(bareUrl);
    on = (handle) => worker.on("message", handle);
  } else {
    worker = new Worker(bareUrl, { type: "module" });
    on = (handle) =>
      worker.addEventListener("message", ({ data }) => handle(data));
  }
  let answer;
  on((data) => answer(data));
  const next = () => new Promise((resolve) => answer = resolve);
  await next();
  return {
    call(value) {
      const promise = next();
      worker.postMessage(value);
      return promise;
    },
    end: () => worker.terminate(),
  };
}
/** A runner of ours: threads where a blocked one can be killed. */
const make = (options = {}) =>
  new WorkerRunner(url, {
    printErrors: false,
    isolation: "thread",
    ...options,
  });

async function startOf(begin, end) {
  const began = performance.now();
  const it = await begin();
  const took = performance.now() - began;
  await end(it);
  return took;
}

const result = {};
const times = { bare: [], ours: [] };
for (let round = 0; round < starts; round++) {
  times.bare.push(await startOf(bare, (it) => it.end()));
  times.ours.push(
    await startOf(async () => {
      const runner = make();
      await runner.start();
      return runner;
    }, (it) => it.stop()),
  );
}
result["start, bare, ms"] = median(times.bare);
result["start, WorkerRunner, ms"] = median(times.ours);
result["start, to bare (1.5)"] = median(times.ours) / median(times.bare);

const contenders = {};
const one = await bare();
contenders.bare = (value) => one.call(value);
const runner = make();
await runner.start();
contenders.WorkerRunner = (value) => runner.call("echo", value);
const ends = [() => one.end(), () => runner.stop()];
if (isNode) {
  const { Piscina } = await import("piscina");
  const { default: Tinypool } = await import("tinypool");
  const { wrap } = await import("comlink");
  const { default: nodeEndpoint } = await import(
    "comlink/dist/esm/node-adapter.mjs"
  );
  const { Worker } = await import("node:worker_threads");
  const filename = new URL("./pool_worker.mjs", import.meta.url).href;
  const piscina = new Piscina({ filename, maxThreads: 1, minThreads: 1 });
  const tinypool = new Tinypool({ filename, maxThreads: 1, minThreads: 1 });
  const worker = new Worker(new URL("./comlink_worker.mjs", import.meta.url));
  const remote = wrap(nodeEndpoint(worker));
  contenders.piscina = (value) => piscina.run(value);
  contenders.tinypool = (value) => tinypool.run(value);
  contenders.comlink = (value) => remote.echo(value);
  ends.push(
    () => piscina.destroy(),
    () => tinypool.destroy(),
    () => worker.terminate(),
  );
}
const found = {};
for (let round = 0; round < 7; round++) {
  for (const [name, call] of Object.entries(contenders)) {
    const began = performance.now();
    for (let count = 0; count < calls; count++) await call(count);
    if (round > 0) {
      (found[name] ??= []).push((performance.now() - began) * 1e3 / calls);
    }
  }
}
for (const [name, list] of Object.entries(found)) {
  result[`call, ${name}, µs`] = median(list);
}
result["call, to bare (1.5)"] = median(found.WorkerRunner) /
  median(found.bare);
if (found.piscina) {
  result["call, to piscina (1)"] = median(found.WorkerRunner) /
    median(found.piscina);
}
for (const end of ends) await end();

// A blocked worker: killed, and running again.
const stallTimeout = 500;
const isolation = isDeno ? "process" : "thread";
const own = [];
for (let round = 0; round < (isSmoke ? 1 : 5); round++) {
  const blocked = make({ stallTimeout, isolation });
  let began = performance.now();
  await blocked.start();
  const start = performance.now() - began;
  began = performance.now();
  blocked.call("loop", 0).catch(() => {});
  await blocked.finished().catch(() => {});
  await blocked.start();
  own.push((performance.now() - began) / (stallTimeout + 2 * start));
  await blocked.stop();
}
result["killed and running again, to its limit (1)"] = median(own);

// Kills: memory by the slope of its second half.
const used = async () => {
  for (let count = 0; count < 3; count++) {
    (globalThis.Bun?.gc ?? globalThis.gc)?.(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss;
};
const points = [];
const every = Math.max(1, Math.floor(kills / 10));
for (let count = 0; count < kills; count++) {
  const one = make({ isolation, stopTimeout: 0 });
  await one.start();
  one.call("loop", 0).catch(() => {});
  await one.stop().catch(() => {});
  await one.finished().catch(() => {});
  if (count % every === every - 1) points.push([count, await used()]);
}
const half = points.slice(points.length >> 1);
const mean = (index) =>
  half.reduce((sum, each) => sum + each[index], 0) / half.length;
const [x, y] = [mean(0), mean(1)];
const slope = half.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) /
  half.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
result[`bytes of memory a kill, of ${kills}`] = slope;
if (isNode) {
  result["handles left"] = process.getActiveResourcesInfo()
    .filter((each) => /Worker|MessagePort|Process/.test(each)).length;
}
console.log(JSON.stringify(result));
process.exit(0);
