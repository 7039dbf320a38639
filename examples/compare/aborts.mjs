// Work that a stop aborts ends clean, without a line of code; a time limit of the
// library at work is still an error. Each is asked for an answer that never comes.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import process from "node:process";
import { promisify } from "node:util";
import axios from "axios";
import got from "got";
import ky from "ky";
import { request } from "undici";
import { StartStop } from "../../mod.ts";

const server = createServer(() => {});
await once(server.listen(0, "127.0.0.1"), "listening");
const url = `http://127.0.0.1:${server.address().port}`;

const works = {
  "fetch": (signal) => fetch(url, { signal }),
  "undici": (signal) => request(url, { signal }),
  "got": (signal) => got(url, { signal }),
  "ky": (signal) => ky(url, { signal }),
  "axios": (signal) => axios(url, { signal }),
  "timers/promises": (signal) => delay(60_000, undefined, { signal }),
  "child process": (signal) =>
    promisify(execFile)(process.execPath, ["-e", "setTimeout(() => {}, 6e4)"], {
      signal,
    }),
};
const limits = {
  "fetch": () => fetch(url, { signal: AbortSignal.timeout(200) }),
  // Bun puts an undici of its own in its place, which knows no such limit.
  ...!process.versions.bun && {
    "undici": () => request(url, { headersTimeout: 200 }),
  },
  "got": () => got(url, { timeout: { request: 200 }, retry: { limit: 0 } }),
  "ky": () => ky(url, { timeout: 200, retry: 0 }),
  "axios": () => axios(url, { timeout: 200 }),
};

async function errorsOf(work, end) {
  const service = new StartStop(work, undefined, { printErrors: false });
  await service.start();
  await end(service);
  const error = service.errorsLast();
  return error ? `an error, ${error.name}` : "clean";
}

async function stopped(service) {
  await delay(300);
  await service.stop();
}

console.log("what             a stop ends it        its own time limit");
for (const [name, work] of Object.entries(works)) {
  const stop = await errorsOf(work, stopped);
  const limit = limits[name];
  const late = limit
    ? await errorsOf(limit, (service) => service.finished().catch(() => {}))
    : "-";
  console.log(`${name.padEnd(16)} ${stop.padEnd(21)} ${late}`);
}
server.closeAllConnections();
server.close();
