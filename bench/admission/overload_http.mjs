// A real HTTP service under four times what it can do, by autocannon: what the
// highest priority waits, and how much is done in all, without a limit, with a
// fixed one and with one that is found. On Node 24, Deno and Bun.
//
//   npm run bench:admission -- --http [--smoke] [--engine=ENGINE] [--only=GATE]

import autocannon from "autocannon";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { environment } from "../../_tools/engines.mjs";

const program = fileURLToPath(new URL("./http_server.mjs", import.meta.url));
// What the service can do in a second, and how long the load is there before the
// highest priority comes, in seconds.
const CAPACITY = 500;
const WARM = 2;

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
    const low = isLoaded &&
      shoot(port, 0, 4 * CAPACITY, 800, seconds + 2 * WARM);
    await new Promise((resolve) => setTimeout(resolve, WARM * 1_000));
    const high = await shoot(port, 10, CAPACITY / 20, 10, seconds);
    const all = low ? (await low)["2xx"] + high["2xx"] : high["2xx"];
    const refused = high.non2xx + (low ? (await low).non2xx : 0);
    return {
      done: all / (low ? seconds + 2 * WARM : seconds) / CAPACITY,
      p50: high.latency.p50,
      p99: high.latency.p99,
      served: high["2xx"],
      refused,
    };
  } finally {
    child.stdin.write("end\n");
    await new Promise((resolve) => child.once("exit", resolve));
  }
}

/** The rows of one engine, the first without load. */
export async function overHttp(engine, bundle, { isSmoke, only = "" }) {
  const seconds = isSmoke ? 2 : 15;
  const rows = {
    unloaded: await play(engine, bundle, "fixed", false, seconds),
  };
  for (const gate of ["none", "fixed", "adaptive"]) {
    if (!gate.includes(only)) continue;
    rows[gate] = await play(engine, bundle, gate, true, seconds);
  }
  return rows;
}
