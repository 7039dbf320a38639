// What `httpServer` costs in requests per second, beside the bare server, by
// autocannon: `npm run bench:http`. Both run all the time; the load goes to the one
// and the other in turn, in many short slices, and a ratio is taken within each pair.
//
//   node integration/stops/cost.mjs [--seconds=N of each form] [engine …]

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
const seconds = option("seconds", 75);
/** How long the load goes to one of both, in seconds: as long as a machine is even. */
const SLICE = 0.25;
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

/** What the main thread of a process has run so far, in µs; NaN where that is unknown. */
function cpu({ child }) {
  try {
    const text = readFileSync(`/proc/${child.pid}/schedstat`, "utf8");
    return Number(text.split(" ")[0]) / 1_000;
  } catch {
    return NaN;
  }
}

/** Requests per second, and what each costs the server in µs of the processor. */
async function rate(server, duration = SLICE) {
  const before = cpu(server);
  const { errors, non2xx, requests, start, finish } = await autocannon({
    url: server.url,
    connections: 20,
    duration,
    sampleInt: 25,
  });
  if (errors + non2xx > 0) throw new Error(`${errors} errors at ${server.url}`);
  const { total } = requests;
  return [total * 1_000 / (finish - start), (cpu(server) - before) / total];
}

const sorted = (all) => all.toSorted((one, other) => one - other);
const median = (all) => sorted(all)[all.length >> 1];

/** The median of ratios, and where it lies with 95 %, by their order, in percent. */
function shown(ratios) {
  const all = sorted(ratios);
  const half = 0.98 * Math.sqrt(all.length);
  const at = (place) =>
    all[Math.min(all.length - 1, Math.max(0, Math.round(place)))];
  const percent = (ratio) => `${((ratio - 1) * 100).toFixed(1)} %`;
  const middle = (all.length - 1) / 2;
  return `${percent(at(middle))} (${percent(at(middle - half))} to ${
    percent(at(middle + half))
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
    // Until both are warm.
    for (const server of [bare, ours]) await rate(server, 2);
    const ratios = [[], []];
    const bares = [];
    const until = performance.now() + seconds * 1_000;
    while (performance.now() < until) {
      const isBackwards = bares.length % 2 === 1;
      const first = await rate(isBackwards ? ours : bare);
      const second = await rate(isBackwards ? bare : ours);
      const [one, other] = isBackwards ? [second, first] : [first, second];
      for (const index of [0, 1]) ratios[index].push(other[index] / one[index]);
      bares.push(one);
    }
    const middle = (index) => median(bares.map((each) => each[index]));
    rows.push([
      id,
      form,
      String(bares.length),
      middle(0).toFixed(0),
      shown(ratios[0]),
      middle(1).toFixed(1),
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
  "pairs",
  "bare, requests/s",
  "ours (95 %)",
  "bare, µs of the processor",
  "ours (95 %)",
], rows);
