// The checker: nodes of Node, Deno and Bun, each behind proxies of its own, under
// faults. Its last line is "N passed, N failed".
//
//   npm run test:chaos -- --store=etcd --seconds=1800 --seed=7
//   npm run test:chaos -- --break=signal     must fail: looks at the signal only
//   npm run test:chaos -- --break=answer     must fail: deadline from the answer

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "esbuild";
import { findEngines, root } from "../../../_tools/engines.mjs";
import { install } from "../../../_tools/install.mjs";
import { binaryOf } from "../debian.mjs";
import { proxy } from "../proxy.mjs";
import {
  etcd,
  folder,
  postgres,
  redis,
  sleep,
  stopAll,
  until,
} from "../servers.mjs";

const asked = Object.fromEntries(
  process.argv.slice(2).map((each) => each.replace(/^--/, "").split("=")),
);
const kind = asked.store ?? "etcd";
const broken = asked.break ?? "";
const seconds = Number(asked.seconds ?? 100);
const seed = Number(asked.seed ?? Math.floor(Math.random() * 1e6));
const ttl = Number(asked.ttl ?? 3_000);
const every = Number(asked.every ?? 2_000);

/** mulberry32: the same numbers for the same seed. */
let state = seed >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const pick = (list) => list[Math.floor(random() * list.length)];
const between = (low, high) => low + random() * (high - low);

install("integration/coordination", "the clients of the stores");
const base = folder("chaos");
const program = join(base, "program.mjs");
// In its second form the library itself is wrong, in one place.
const right = "if (!isAlive || !life.renewed(began)) return life.end();";
const wrong = "if (!isAlive || !life.renewed(now())) return life.end();";
let isChanged = false;
await build({
  entryPoints: [join(root, "integration/coordination/chaos/program.mjs")],
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2022",
  outfile: program,
  external: ["pg-native", "cloudflare:sockets"],
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module"; ' +
      "const require = makeRequire(import.meta.url);",
  },
  plugins: broken !== "answer" ? [] : [{
    name: "break",
    setup({ onLoad }) {
      onLoad({ filter: /_membership\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, "utf8");
        isChanged = text.includes(right);
        return { contents: text.replace(right, wrong), loader: "ts" };
      });
    },
  }],
});
if (broken === "answer" && !isChanged) {
  throw new Error("the break finds nothing");
}

// The servers; `--etcd=3.5` takes the newer one.
const etcdBinary = asked.etcd === "3.5"
  ? binaryOf("sid", "etcd-server", "usr/bin/etcd") ??
    binaryOf("trixie", "etcd-server", "usr/bin/etcd")
  : "etcd";
if (!etcdBinary) throw new Error("there is no etcd 3.5 to be had");
const servers = [];
if (kind === "etcd") servers.push(...(await etcd(etcdBinary, 3)).members);
else servers.push(await (kind === "postgres" ? postgres() : redis()));

// The nodes.
const wanted = (asked.engines ?? "node,node,deno,deno,bun").split(",");
const engines = findEngines([...new Set(wanted)].filter((id) => id !== "node"));
const engine = (id) => engines.find((each) => each.id === id && each.binary);
const log = join(base, "log");
writeFileSync(log, "");
const nodes = [];
for (const [index, id] of wanted.entries()) {
  const proxies = [];
  for (const { port } of servers) proxies.push(await proxy(port, ttl * 0.31));
  const found = id === "node" ? undefined : engine(id);
  if (id !== "node" && !found) continue;
  nodes.push({ id, name: `${id}-${index}`, proxies, lives: 0, kills: [] });
}
function run(node) {
  const values = {
    store: kind,
    urls: node.proxies.map(({ port }) =>
      `${kind === "redis" ? "redis" : "http"}://127.0.0.1:${port}`
    ),
    ttl,
    log,
    name: `${node.name}-${++node.lives}`,
    mode: broken === "signal" ? "signal" : "clock",
  };
  const binary = node.id === "node" ? process.execPath : engine(node.id).binary;
  const before = node.id === "deno"
    ? ["run", "--allow-all", "--quiet", "--no-config"]
    : [];
  node.child = spawn(binary, [...before, program, JSON.stringify(values)], {
    cwd: base,
    stdio: ["pipe", "ignore", "pipe"],
    env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
  });
  node.child.ended = new Promise((resolve) =>
    node.child.once("close", resolve)
  );
  const { name } = values;
  node.child.stderr.on("data", (text) => {
    for (const line of String(text).split("\n")) {
      if (line.trim() && asked.verbose) console.log(`${name}: ${line}`);
    }
  });
  node.child.stdin.on("error", () => {});
  node.present = name;
}
/** When the life of a process has ended, for those that were killed. */
const killedAt = new Map();
const monotonic = () => performance.timeOrigin + performance.now();

for (const each of nodes) run(each);

// What was written so far.
let read = 0;
const events = [];
function follow() {
  const text = readFileSync(log, "utf8");
  const end = text.lastIndexOf("\n") + 1;
  for (const line of text.slice(read, end).split("\n")) {
    if (line) events.push(JSON.parse(line));
  }
  read = end;
}
const leader = () => {
  follow();
  const last = events.findLast(({ act }) => act);
  return nodes.find(({ present }) => present === last?.name);
};
await until("a first leader", () => leader() !== undefined);

// The faults.
const counts = {};
const pending = new Set();
function later(ms, undo) {
  const entry = { undo };
  pending.add(entry);
  entry.timer = setTimeout(() => {
    pending.delete(entry);
    undo();
  }, ms);
}
function again(node) {
  if (node.child.exitCode === null && node.child.signalCode === null) return;
  run(node);
}
const faults = {
  stop(node) {
    node.child.kill("SIGSTOP");
    later(between(0.3, 2.5) * ttl, () => node.child.kill("SIGCONT"));
  },
  kill(node) {
    node.child.kill("SIGCONT");
    node.child.kill("SIGKILL");
    killedAt.set(node.present, monotonic());
    later(between(200, 3_000), () => again(node));
  },
  term(node) {
    const { child } = node;
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    void child.ended.then(() => later(between(200, 3_000), () => again(node)));
  },
  cut: (node) => through(node, ["cut"], between(100, 2_000)),
  hole: (node) => through(node, ["hole"], between(0.3, 2) * ttl),
  deaf: (node) => through(node, ["deaf"], between(0.3, 2) * ttl),
  mute: (node) => through(node, ["mute"], between(0.3, 2) * ttl),
  // Late answers, then none: where a deadline from the answer shows.
  slow: (node) =>
    through(node, ["slow", "hole"], between(0.4, 0.8) * ttl, 2 * ttl),
  // One way of many is gone: the next one is taken.
  holeOne(node) {
    const one = pick(node.proxies);
    one.set(pick(["hole", "deaf", "mute"]));
    later(between(0.5, 2) * ttl, () => one.set("pass"));
  },
  shift(node) {
    const ms = Math.round(between(-1, 1) * pick([500, 5_000, 3_600_000]));
    node.child.stdin.write(`${ms}\n`);
  },
  // One member is stopped, killed or two at once: the quorum is lost.
  server: () => away(1, between(0.5, 3) * ttl),
  // A leader of etcd that is stopped for longer than a lease lives ends leases that
  // live, once it goes on: nothing here can be right then but the fence.
  serverStop: () =>
    away(1, between(0.2, kind === "etcd" ? 0.5 : 2) * ttl, "SIGSTOP"),
  serverStopLong: () => away(1, between(1, 2) * ttl, "SIGSTOP"),
  quorum: () => kind === "etcd" ? away(2, between(0.5, 2) * ttl) : undefined,
};
function through(node, modes, ...times) {
  const set = (mode) => node.proxies.forEach((each) => each.set(mode));
  set(modes[0]);
  later(times[0], () => {
    if (!modes[1]) return set("pass");
    set(modes[1]);
    later(times[1], () => set("pass"));
  });
}
function away(count, ms, signal = "SIGKILL") {
  const present = servers.filter(({ isAway }) => !isAway);
  const some = present.sort(() => random() - 0.5).slice(0, count);
  for (const each of some) {
    each.isAway = true;
    // The children of PostgreSQL go on where the first process is stopped.
    const how = kind === "postgres" ? "SIGINT" : signal;
    each.child.kill(how);
    later(ms, () => {
      if (how === "SIGSTOP") each.child.kill("SIGCONT");
      else void each.child.ended.then(() => each.run());
      each.isAway = false;
    });
  }
}
// With a break the faults are those that show it.
let minutes = 0;
const names = broken === "answer"
  ? ["slow", "slow", "slow", "stop", "deaf", "kill"]
  : broken === "signal"
  ? ["stop", "stop", "stop", "kill", "hole"]
  : asked.faults
  ? asked.faults.split(",")
  : [
    "stop",
    "stop",
    "kill",
    "term",
    "cut",
    "hole",
    "deaf",
    "mute",
    "slow",
    "shift",
    "holeOne",
    "server",
    "serverStop",
    "quorum",
  ];
console.log(
  `store ${kind}, seed ${seed}, ${seconds} s, ttl ${ttl} ms` +
    (broken && `, broken: ${broken}`),
);
const began = performance.now();
while (performance.now() - began < seconds * 1_000) {
  const minute = Math.floor((performance.now() - began) / 60_000);
  if (minute > minutes) {
    minutes = minute;
    follow();
    const total = Object.values(counts).reduce((sum, each) => sum + each, 0);
    const writes = events.filter(({ act }) => act).length;
    console.log(`${minute} min: ${total} faults, ${writes} writes`);
  }
  const name = pick(names);
  const node = random() < (broken ? 1 : 0.6)
    ? leader() ?? pick(nodes)
    : pick(nodes);
  counts[name] = (counts[name] ?? 0) + 1;
  if (asked.verbose) {
    console.log(
      `${
        ((performance.now() - began) / 1_000).toFixed(1)
      } s: ${name} ${node.name}`,
    );
  }
  faults[name](node);
  await sleep(between(0.5, 1.5) * every);
}

// All is made good again; then there is a leader in time.
function heal() {
  for (const entry of [...pending]) {
    pending.delete(entry);
    clearTimeout(entry.timer);
    entry.undo();
  }
}
heal();
for (const each of nodes) each.child.kill("SIGCONT");
// What an end of a process has set going, too.
await sleep(1_000);
heal();
for (const each of nodes) {
  each.proxies.forEach((one) => one.set("pass"));
  again(each);
}
for (const each of servers) await until("a server", each.isReady);
const healed = monotonic();
// A session of a node that was killed begins anew with a new etcd leader.
const promised = ttl + 500 + 1_000;
let isThere = false;
await until("a leader after all", () => {
  follow();
  return isThere = events.some(({ act, t }) => act && t > healed);
}, 60_000).catch(() => {});
const waited = monotonic() - healed;
await sleep(500);
for (const each of nodes) {
  if (each.child.exitCode === null) each.child.kill("SIGKILL");
}
follow();
await stopAll();
for (const each of nodes) each.proxies.forEach((one) => one.close());

// What the log says.
const failures = [];
let highest = 0n;
let refused = 0;
let acts = 0;
const terms = new Map();
for (const event of events) {
  if (event.fence === undefined) continue;
  const fence = BigInt(event.fence);
  const term = terms.get(event.fence) ??
    { fence, name: event.name, begin: event.t, until: 0, end: Infinity };
  if (term.name !== event.name) {
    failures.push(`fence ${fence} of both ${term.name} and ${event.name}`);
  }
  terms.set(event.fence, term);
  if (event.until) term.until = event.until;
  if (event.end) term.end = event.t;
  if (event.overrun) failures.push(`${event.name} ran on after its lease`);
  if (!event.act) continue;
  acts++;
  if (fence < highest) {
    refused++;
    failures.push(
      `the resource refused ${event.name}: fence ${fence} after ${highest}`,
    );
  }
  if (fence > highest) highest = fence;
}
const list = [...terms.values()].sort((a, b) => a.begin - b.begin);
let overlaps = 0;
const slack = 1;
for (const [index, term] of list.entries()) {
  const last = Math.min(
    term.until,
    term.end,
    killedAt.get(term.name) ?? Infinity,
  );
  for (const next of list.slice(index + 1, index + 4)) {
    if (next.fence <= term.fence) {
      failures.push(
        `the fence ${next.fence} of ${next.name} came after ${term.fence}`,
      );
    }
    if (next.begin < last - slack) {
      overlaps++;
      failures.push(
        `${term.name} believed until ${
          (last - next.begin).toFixed(0)
        } ms after ${next.name} began`,
      );
    }
  }
}
if (!isThere || waited > promised) {
  failures.push(
    `no leader within ${promised} ms after the last fault: ${
      waited.toFixed(0)
    } ms`,
  );
}
const gaps = [];
let covered = 0;
for (let index = 1; index < events.length; index++) {
  const gap = events[index].t - events[index - 1].t;
  if (gap > 250) gaps.push(gap);
  else covered += gap;
}
if (failures.length > 0 && asked.keep) {
  writeFileSync(
    asked.keep,
    events.map((each) => JSON.stringify(each)).join("\n"),
  );
}
const total = Object.values(counts).reduce((sum, each) => sum + each, 0);
const byEngine = {};
for (const { name } of list) {
  byEngine[name.split("-")[0]] = (byEngine[name.split("-")[0]] ?? 0) + 1;
}
console.log(JSON.stringify({
  store: kind,
  seed,
  seconds,
  faults: total,
  counts,
  terms: list.length,
  byEngine,
  writes: acts,
  overlaps,
  refused,
  leaderShare: Number((covered / (events.at(-1).t - events[0].t)).toFixed(2)),
  longestGap: Math.round(Math.max(0, ...gaps)),
  leaderAfterLastFault: Math.round(waited),
  promised,
}));
for (const each of failures.slice(0, 20)) console.log(`FAILED: ${each}`);
const checks = ["overlaps", "refusals", "fences", "a leader again"].length;
const isWrong = failures.length > 0;
if (broken) {
  // The checker that does not see this sees nothing.
  const isSeen = overlaps + refused > 0;
  console.log(isSeen ? "the break was seen" : "FAILED: the break was not seen");
  console.log(`${isSeen ? 1 : 0} passed, ${isSeen ? 0 : 1} failed`);
  process.exit(isSeen ? 0 : 1);
}
console.log(
  `${isWrong ? 0 : checks} passed, ${isWrong ? failures.length : 0} failed`,
);
process.exit(isWrong ? 1 : 0);
