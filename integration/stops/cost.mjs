// What `httpServer` costs in requests per second, beside the bare server, by
// autocannon: `npm run bench:http`. Both run all the time; the load goes to the one
// and the other in turn, and a ratio is taken within each pair.
//
//   node integration/stops/cost.mjs [--rounds=N] [--seconds=N] [engine …]

import { spawn } from "node:child_process";
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

async function rate({ url }) {
  const { requests, errors, non2xx } = await autocannon({
    url,
    duration,
    connections: 20,
  });
  if (errors + non2xx > 0) throw new Error(`${errors} errors at ${url}`);
  return requests.average;
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
    const logs = [];
    const rates = [];
    for (let round = 0; round < rounds; round++) {
      const isBackwards = round % 2 === 1;
      const first = await rate(isBackwards ? ours : bare);
      const second = await rate(isBackwards ? bare : ours);
      const [one, other] = isBackwards ? [second, first] : [first, second];
      logs.push(Math.log(other / one));
      rates.push(one);
    }
    const mean = logs.reduce((sum, each) => sum + each, 0) / rounds;
    const spread = Math.sqrt(
      logs.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (rounds - 1),
    );
    // Student's t for some 14 degrees of freedom.
    const half = 2.14 * spread / Math.sqrt(rounds);
    const percent = (log) => `${((Math.exp(log) - 1) * 100).toFixed(1)} %`;
    rows.push([
      id,
      form,
      String(Math.round(rates.reduce((a, b) => a + b) / rounds)),
      percent(mean),
      `${percent(mean - half)} to ${percent(mean + half)}`,
    ]);
    console.log(rows.at(-1).join("  "));
  } finally {
    bare.child.kill("SIGKILL");
    ours.child.kill("SIGKILL");
  }
}
printTable(["engine", "form", "bare, requests/s", "ours", "95 %"], rows);
