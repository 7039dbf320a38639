// A cluster of three on this machine: `node examples/cluster/main.mjs`.
//
//   --store=postgres        PostgreSQL in etcd's place
//   --engines=node,deno,bun an engine for each process
//   --seconds=20            ends by itself; without it Ctrl-C does
//   --kill=6                kills the process with the mailer after so many seconds
//
// In a terminal the keys 1, 2 and 3 kill a process, or start it again; q ends all.

import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import {
  environment,
  fileCommand,
  findEngines,
  root,
} from "../../_tools/engines.mjs";
import {
  etcd,
  postgres,
  runs,
  stopAll,
} from "../../integration/coordination/servers.mjs";

const option = (name) =>
  process.argv.find((each) => each.startsWith(`--${name}=`))
    ?.slice(name.length + 3);
const kind = option("store") ?? "etcd";
const ids = (option("engines") ?? "node,deno,bun").split(",");

async function startStore() {
  if (kind === "postgres") {
    const server = await postgres();
    return server && `postgres://postgres@127.0.0.1:${server.port}/postgres`;
  }
  return runs("etcd") ? (await etcd()).urls[0] : undefined;
}
const url = await startStore();
if (!url) {
  console.error(
    `${kind} is not installed: apt-get install etcd-server, or postgresql`,
  );
  process.exit(1);
}

const own = `node${process.versions.node.split(".")[0]}`;
const found = findEngines(ids.map((id) => id === "node" ? own : id));
const nodes = found.map(({ id, kind: engine, binary }, index) => ({
  id,
  engine,
  binary,
  name: `${index + 1} ${engine}`,
  state: undefined,
  child: undefined,
}));
const lives = ({ child }) =>
  child && child.exitCode === null && child.signalCode === null;

function run(node) {
  const file = join("examples", "cluster", "node.ts");
  const values = fileCommand(node.engine, file, [node.name, kind, url]);
  node.child = spawn(node.binary, values, {
    cwd: root,
    env: environment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let rest = "";
  node.child.stdout.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const each of lines) {
      if (each.startsWith("{")) node.state = JSON.parse(each);
    }
    draw();
  });
  node.child.once("close", () => {
    node.state = undefined;
    draw();
  });
}
for (const each of nodes) run(each);

let before = "";
function draw() {
  const rows = nodes.map((node) => {
    const { mailer, fence, reports, lastReport, pollers } = node.state ?? {};
    return [
      node.name,
      lives(node) ? "up" : "down",
      mailer ? `here, fence ${fence}` : "",
      node.state ? `${reports}${lastReport && `, last ${lastReport}`}` : "",
      String(pollers ?? ""),
    ];
  });
  const header = ["process", "state", "mailer", "reports", "pollers"];
  const all = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => row[column].length))
  );
  const text = all.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()
  ).join("\n");
  if (text === before) return;
  before = text;
  if (process.stdout.isTTY) {
    process.stdout.write(
      `\x1b[H\x1b[2J${text}\n\n1, 2, 3: kill or start; q: end\n`,
    );
  } else console.log(`${text}\n`);
}

async function end() {
  clearInterval(killing);
  const up = nodes.filter(lives);
  const pollers = up.reduce((sum, { state }) => sum + (state?.pollers ?? 0), 0);
  for (const each of up) each.child.kill("SIGTERM");
  await Promise.all(
    nodes.map(({ child }) =>
      child.exitCode !== null || child.signalCode !== null
        ? undefined
        : new Promise((resolve) => child.once("close", resolve))
    ),
  );
  await stopAll();
  const wrong = [];
  if (option("kill")) {
    if (!moved) wrong.push("The mailer did not move.");
    if (pollers !== 100) wrong.push(`${pollers} of 100 pollers ran.`);
    for (const { name, child } of up) {
      const { exitCode, signalCode } = child;
      if (exitCode !== 0) {
        wrong.push(`${name} ended with ${exitCode ?? signalCode}.`);
      }
    }
  }
  console.log(wrong.length > 0 ? wrong.join("\n") : "The end.");
  process.exit(wrong.length > 0 ? 1 : 0);
}

// A kill, for those who watch without a terminal.
let killed;
let moved;
const killing = setInterval(() => {
  const leader = nodes.find((each) => lives(each) && each.state?.mailer);
  if (!leader) return;
  if (
    !killed && option("kill") &&
    performance.now() > Number(option("kill")) * 1_000
  ) {
    killed = leader;
    leader.child.kill("SIGKILL");
    console.log(`Killed ${leader.name}, which had the mailer.\n`);
  } else if (killed && leader !== killed && !moved) {
    moved = leader;
    console.log(`The mailer moved to ${leader.name}.\n`);
  }
}, 100);
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => void end());
if (option("seconds")) {
  setTimeout(() => void end(), Number(option("seconds")) * 1_000);
}
if (process.stdin.isTTY) {
  process.stdin.setRawMode(true);
  process.stdin.on("data", (key) => {
    const node = nodes[Number(String(key)) - 1];
    if (String(key) === "q" || String(key) === "\x03") void end();
    else if (node && lives(node)) node.child.kill("SIGKILL");
    else if (node) run(node);
  });
}
