// Servers under the load of raw sockets, stopped over and over: `npm run test:stops`.
//
//   node integration/stops/main.mjs                     1,000 stops each
//   node integration/stops/main.mjs --stops=30          fewer
//   node integration/stops/main.mjs --smoke             what CI runs
//   node integration/stops/main.mjs node24 plain tls    these engines and servers
//   node integration/stops/main.mjs --peers             the table beside the peers
//
// It asserts what no stop may lose, and prints all counts by kind.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  environment,
  fileCommand,
  findEngines,
  root,
} from "../../_tools/engines.mjs";
import { install } from "../../_tools/install.mjs";
import { printTable } from "../../_tools/table.mjs";
import { Load } from "./_load.mjs";

install("integration/stops", "the servers and their peers");

const values = process.argv.slice(2);
const option = (name, otherwise) =>
  values.find((each) => each.startsWith(`--${name}=`))?.split("=")[1] ??
    otherwise;
const isSmoke = values.includes("--smoke");
const stops = Number(option("stops", isSmoke ? 30 : 1_000));
const linger = Number(option("linger", isSmoke ? 200 : 500));
const warm = Number(option("load", isSmoke ? 150 : 250));

const servers = [
  "plain",
  "express",
  "fastify",
  "koa",
  "hono",
  "fetch",
  "tls",
  "http2",
];
/** What CI runs: each engine, and each server at least once. */
const smoke = [
  "node20 plain",
  "node20 http2",
  "node22 express",
  "node24 fastify",
  "node24 tls",
  "node26 koa",
  "node26 fetch",
  "deno fetch",
  "deno plain",
  "bun fetch",
  "bun hono",
];
/** What an engine cannot do. */
const impossible = new Set([
  // It ignores what is on the wire.
  "deno http2",
]);
const hasSockets = (kind, name) =>
  ["plain", "express", "tls"].includes(name) ||
  name === "fetch" && kind !== "node";

const engines = findEngines().filter(({ binary }) => binary);
const asked = values.filter((each) => !each.startsWith("--"));
const chosen = (all) => {
  const some = all.filter((each) => asked.includes(each));
  return some.length > 0 ? some : all;
};

const folder = mkdtempSync(join(tmpdir(), "stops-"));
const cert = join(folder, "cert.pem");
const key = join(folder, "key.pem");
const made = spawnSync("openssl", [
  ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"],
  ...["-subj", "/CN=localhost", "-keyout", key, "-out", cert],
], { stdio: "ignore" });
const hasTls = made.status === 0;
if (!hasTls) console.log("openssl is not installed: nothing with TLS is run");

/** A server in a process of its own. */
class Child {
  constructor(engine, name, linger, drain = 0) {
    this.process = spawn(
      engine.binary,
      fileCommand(engine.kind, "integration/stops/_child.mjs", [
        name,
        String(linger),
        String(drain),
      ]),
      {
        cwd: root,
        env: environment({
          NODE_NO_WARNINGS: "1",
          STOPS_CERT: cert,
          STOPS_KEY: key,
        }),
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    this.said = [];
    this.errors = "";
    let text = "";
    this.process.stdout.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
      const lines = text.split("\n");
      text = lines.pop();
      this.said.push(...lines);
      this.wake?.();
    });
    this.process.stderr.setEncoding("utf8").on("data", (chunk) => {
      this.errors += chunk;
    });
    this.exited = new Promise((resolve) =>
      this.process.on("exit", (code, signal) => {
        this.hasExited = true;
        this.wake?.();
        resolve({ code, signal });
      })
    );
  }

  async line(start) {
    for (;;) {
      const index = this.said.findIndex((each) => each.startsWith(start));
      if (index >= 0) return this.said.splice(index, 1)[0].slice(start.length);
      if (this.hasExited) {
        throw new Error(`It ended without "${start}": ${this.errors}`);
      }
      await new Promise((resolve) => this.wake = resolve);
    }
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (all) => all.toSorted((a, b) => a - b)[all.length >> 1] ?? NaN;

/** Adds what one stop came to. */
function add(total, result, ms) {
  total.stops++;
  total.times.push(ms);
  for (const [name, value] of Object.entries(result)) {
    if (typeof value === "number") total[name] = (total[name] ?? 0) + value;
  }
  for (const [name, value] of Object.entries(result.byKind)) {
    total.byKind[name] = (total.byKind[name] ?? 0) + value;
  }
  total.faults.push(...result.faults.slice(0, 3));
}

const fresh = () => ({ stops: 0, times: [], byKind: {}, faults: [] });

async function loadOf(engine, name, port) {
  const options = {
    secure: name === "tls",
    sockets: hasSockets(engine.kind, name),
    // Bun's node:http resets the connection of an upload that it has not read.
    numbers: engine.kind === "bun" && name !== "fetch" ? { early: 0 } : {},
  };
  if (name !== "http2") return new Load(port, options);
  const { Http2Load } = await import("./_load_http2.mjs");
  return new Http2Load(port);
}

/** So many stops of one server on one engine, and the last one by SIGTERM. */
async function run(engine, name) {
  const total = fresh();
  const child = new Child(engine, name, linger);
  try {
    for (let stop = 0; stop < stops; stop++) {
      const isLast = stop === stops - 1;
      if (isLast) {
        await child.line("listening ");
        child.process.stdin.write("main\n");
      }
      const port = Number(await child.line("listening "));
      const load = await loadOf(engine, name, port);
      await Promise.race([load.ready(), sleep(10_000)]);
      await sleep(warm);
      load.stop();
      const began = performance.now();
      if (isLast) {
        child.process.kill("SIGTERM");
        const { code } = await child.exited;
        if (code !== 0) {
          total.faults.push({ exit: code, errors: child.errors });
          total.exits = 1;
        }
        await load.end();
        add(total, load.result(linger), performance.now() - began);
      } else {
        child.process.stdin.write("stop\n");
        const [ms, ...failure] = (await child.line("stopped ")).split(" ");
        await load.end();
        add(total, load.result(linger), Number(ms));
        if (failure.join(" ").trim()) {
          total.failures = (total.failures ?? 0) + 1;
          total.faults.push({ failure: failure.join(" ") });
        }
      }
    }
  } finally {
    child.process.kill("SIGKILL");
  }
  total.errors = child.errors;
  return total;
}

/** Stops of a peer, each in a process of its own. */
async function runPeer(engine, name, count) {
  const total = fresh();
  for (let stop = 0; stop < count; stop++) {
    const child = new Child(engine, name, linger);
    const port = Number(await child.line("listening "));
    const load = new Load(port, { numbers: { websocket: 0, stalled: 1 } });
    await Promise.race([load.ready(), sleep(10_000)]);
    await sleep(250);
    load.stop();
    const began = performance.now();
    child.process.kill("SIGTERM");
    const { code } = await Promise.race([
      child.exited,
      sleep(10_000).then(() => ({ code: "none in 10 s" })),
    ]);
    const ms = performance.now() - began;
    child.process.kill("SIGKILL");
    if (code !== 0) total.exits = (total.exits ?? 0) + 1;
    await load.end();
    add(total, load.result(linger), ms);
  }
  return total;
}

const columns = [
  "answered",
  "cut",
  "strange",
  "lost",
  "late",
  "reset",
  "refused",
  "websockets",
  "websocketsCut",
];
const rowOf = (label, total) => [
  label,
  String(total.stops),
  ...columns.map((name) => String(total[name] ?? 0)),
  String(Math.round(median(total.times))),
  String(Math.round(Math.max(...total.times))),
];
const header = ["server", "stops", ...columns, "median ms", "most ms"];

let passed = 0;
let failed = 0;
const rows = [];
try {
  if (values.includes("--peers")) {
    const engine = engines.find(({ id }) => id === (asked[0] ?? "node24"));
    const count = Number(option("stops", 10));
    for (
      const name of [
        "server.close()",
        "close-with-grace",
        "http-terminator",
        "stoppable",
        "terminus",
        "httpServer",
      ]
    ) {
      const total = await runPeer(engine, name, count);
      rows.push([...rowOf(name, total), String(total.exits ?? 0)]);
      console.log(rows.at(-1).join("  "));
      passed++;
    }
    printTable([...header, "exits not 0"], rows);
  } else {
    for (const engine of engines) {
      if (!chosen(engines.map(({ id }) => id)).includes(engine.id)) continue;
      for (const name of chosen(servers)) {
        const label = `${engine.id} ${name}`;
        if (impossible.has(label)) continue;
        if (isSmoke && asked.length === 0 && !smoke.includes(label)) continue;
        if (!hasTls && name === "tls") continue;
        const began = performance.now();
        const total = await run(engine, name).catch((error) => {
          console.log(String(error));
          return { ...fresh(), exits: 1, times: [NaN] };
        });
        const faults = [
          "cut",
          "strange",
          "lost",
          "websocketsCut",
          "exits",
          "failures",
        ]
          .filter((each) => total[each] > 0);
        const seconds = ((performance.now() - began) / 1_000).toFixed(0);
        console.log(
          `${faults.length > 0 ? "FAILED" : "ok    "}  ${label}, ${seconds} s`,
        );
        if (faults.length > 0) {
          failed++;
          console.log(faults.join(", "), total.byKind);
          for (const each of total.faults.slice(0, 5)) {
            console.log(JSON.stringify(each));
          }
          console.log(total.errors?.slice(0, 2_000));
        } else passed++;
        rows.push(rowOf(label, total));
      }
    }
    printTable(header, rows);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
