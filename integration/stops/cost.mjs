// What `httpServer` costs in requests per second, beside the bare server, by
// autocannon: `npm run bench:http`. Both run all the time; the load goes to the one
// and the other in turn, and a ratio is taken within each pair.
//
//   node integration/stops/cost.mjs [--rounds=N] [--seconds=N] [engine …]

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import {
  environment,
  fileCommand,
  findEngines,
  root,
} from "../../_tools/engines.mjs";
import { install } from "../../_tools/install.mjs";
import { printTable } from "../../_tools/table.mjs";

install("integration/stops", "the servers and their peers");
const { default: autocannon } = await import("autocannon");

const values = process.argv.slice(2);
const option = (name, otherwise) =>
  Number(
    values.find((each) => each.startsWith(`--${name}=`))?.split("=")[1] ??
      otherwise,
  );
const rounds = option("rounds", 15);
const duration = option("seconds", 2);
const asked = values.filter((each) => !each.startsWith("--"));
const forms = [
  ["node24", "server"],
  ["node20", "server"],
  ["deno", "fetch"],
  ["bun", "fetch"],
];

function start(engine, kind, form) {
  const child = spawn(
    engine.binary,
    fileCommand(engine.kind, "integration/stops/_bare.mjs", [kind, form]),
    { cwd: root, env: environment(), stdio: ["ignore", "pipe", "inherit"] },
  );
  return new Promise((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const port = /listening (\d+)/.exec(text)?.[1];
      if (port) resolve({ child, url: `http://127.0.0.1:${port}` });
    });
  });
}

/** The processor's time of a process so far, in ms; undefined where that is unknown. */
function cpu({ child }) {
  try {
    const text = readFileSync(`/proc/${child.pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

/** Requests per second, and what each costs the server in microseconds. */
async function rate(server) {
  const before = cpu(server);
  const { requests, errors, non2xx } = await autocannon({
    url: server.url,
    duration,
    connections: 20,
  });
  if (errors + non2xx > 0) throw new Error(`${errors} errors at ${server.url}`);
  const used = before === undefined ? NaN : cpu(server) - before;
  return [requests.average, used * 1_000 / requests.total];
}

/** The mean of ratios, and where it lies with 95 %, in percent. */
function shown(logs) {
  const mean = logs.reduce((sum, each) => sum + each, 0) / logs.length;
  const spread = Math.sqrt(
    logs.reduce((sum, each) => sum + (each - mean) ** 2, 0) /
      (logs.length - 1),
  );
  // Student's t for some 14 degrees of freedom.
  const half = 2.14 * spread / Math.sqrt(logs.length);
  const percent = (log) => `${((Math.exp(log) - 1) * 100).toFixed(1)} %`;
  return `${percent(mean)} (${percent(mean - half)} to ${
    percent(mean + half)
  })`;
}

const rows = [];
for (const [id, form] of forms) {
  if (asked.length > 0 && !asked.includes(id)) continue;
  const engine = findEngines().find((each) => each.id === id);
  if (!engine?.binary) continue;
  const bare = await start(engine, "bare", form);
  const ours = await start(engine, "ours", form);
  try {
    await rate(bare);
    await rate(ours);
    const ratios = [[], []];
    const bares = [];
    for (let round = 0; round < rounds; round++) {
      const isBackwards = round % 2 === 1;
      const first = await rate(isBackwards ? ours : bare);
      const second = await rate(isBackwards ? bare : ours);
      const [one, other] = isBackwards ? [second, first] : [first, second];
      for (const index of [0, 1]) {
        ratios[index].push(Math.log(other[index] / one[index]));
      }
      bares.push(one);
    }
    const mean = (index) =>
      bares.reduce((sum, each) => sum + each[index], 0) / rounds;
    rows.push([
      id,
      form,
      mean(0).toFixed(0),
      shown(ratios[0]),
      mean(1).toFixed(1),
      shown(ratios[1]),
    ]);
    console.log(rows.at(-1).join("  "));
  } finally {
    bare.child.kill("SIGKILL");
    ours.child.kill("SIGKILL");
  }
}
printTable([
  "engine",
  "form",
  "bare, requests/s",
  "ours (95 %)",
  "bare, µs of the processor",
  "ours (95 %)",
], rows);
