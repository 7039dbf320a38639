// A real HTTP service under four times what it can do, by autocannon: what the
// highest priority waits, and how much is done in all, without a limit, with a
// fixed one and with one that is found. On Node 24, Deno and Bun.
//
//   npm run bench:admission -- --http [--smoke]

import autocannon from "autocannon";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { environment } from "../../_tools/engines.mjs";

const program = fileURLToPath(new URL("./http_server.mjs", import.meta.url));
// What the service can do in a second.
const CAPACITY = 1_000;

function shoot(port, priority, rate, connections, seconds) {
  return autocannon({
    url: `http://127.0.0.1:${port}/`,
    headers: { "x-priority": String(priority) },
    overallRate: rate,
    connections,
    duration: seconds,
    timeout: 30,
  });
}

async function play({ kind, binary }, bundle, gate, isLoaded, seconds) {
  const before = kind === "deno" ? ["run", "--allow-all", "--no-check"] : [];
  const child = spawn(binary, [...before, program, bundle, gate], {
    env: environment(),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const port = await new Promise((resolve, reject) => {
    child.stdout.once("data", (text) => resolve(Number(text)));
    child.once("exit", () => reject(new Error("the server has ended")));
  });
  try {
    const [high, low] = await Promise.all([
      shoot(port, 10, CAPACITY / 20, 10, seconds),
      isLoaded && shoot(port, 0, 4 * CAPACITY, 1_500, seconds),
    ]);
    const done = high["2xx"] + (low?.["2xx"] ?? 0);
    return {
      done: done / seconds / CAPACITY,
      p50: high.latency.p50,
      p99: high.latency.p99,
      served: high["2xx"],
      refused: high.non2xx + (low?.non2xx ?? 0),
    };
  } finally {
    child.stdin.write("end\n");
    await new Promise((resolve) => child.once("exit", resolve));
  }
}

/** The rows of one engine, the first without load. */
export async function overHttp(engine, bundle, isSmoke) {
  const seconds = isSmoke ? 1 : 6;
  const rows = {
    unloaded: await play(engine, bundle, "fixed", false, seconds),
  };
  for (const gate of ["none", "fixed", "adaptive"]) {
    rows[gate] = await play(engine, bundle, gate, true, seconds);
  }
  return rows;
}
