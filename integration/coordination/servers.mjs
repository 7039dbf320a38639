// Real servers on free ports of this machine, each in a folder of its own.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const started = new Set();
const folders = new Set();

/** A port that nobody has at the moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export function folder(name) {
  const path = mkdtempSync(join(tmpdir(), `golib-${name}-`));
  folders.add(path);
  return path;
}

/** Starts a program, which ends with this one. */
export function start(binary, values, options = {}) {
  const child = spawn(binary, values, {
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  child.said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (text) => {
      child.said = (child.said + text).slice(-20_000);
    });
  }
  started.add(child);
  child.ended = new Promise((resolve) =>
    child.once("close", () => {
      started.delete(child);
      resolve();
    })
  );
  child.on("error", (error) => child.said += String(error));
  return child;
}

export async function stop(child, signal = "SIGKILL") {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGCONT");
  child.kill(signal);
  await child.ended;
}

/** Ends all that was started here, and takes the folders away. */
export async function stopAll() {
  await Promise.all([...started].map((each) => stop(each)));
  for (const path of folders) rmSync(path, { recursive: true, force: true });
}
process.once("exit", () => {
  for (const each of started) each.kill("SIGKILL");
});
for (const name of ["SIGINT", "SIGTERM"]) {
  process.once(name, () => void stopAll().finally(() => process.exit(1)));
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until something is so, for a minute at most. */
export async function until(what, check, limit = 60_000) {
  const end = Date.now() + limit;
  for (;;) {
    if (await Promise.resolve(check()).catch(() => false)) return;
    if (Date.now() > end) throw new Error(`${what}: not within ${limit} ms`);
    await sleep(50);
  }
}

export function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

/** Members of one etcd cluster. */
export async function etcd(binary = "etcd", count = 1, more = []) {
  const base = folder("etcd");
  const members = [];
  for (let index = 0; index < count; index++) {
    const [port, peer] = [await freePort(), await freePort()];
    members.push({ name: `m${index}`, port, peer });
  }
  const cluster = members.map((each) =>
    `${each.name}=http://127.0.0.1:${each.peer}`
  ).join(",");
  for (const each of members) {
    const url = `http://127.0.0.1:${each.port}`;
    const peer = `http://127.0.0.1:${each.peer}`;
    each.run = () => {
      each.child = start(binary, [
        ...["--name", each.name, "--data-dir", join(base, each.name)],
        ...["--listen-client-urls", url, "--advertise-client-urls", url],
        ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
        ...["--initial-cluster", cluster, "--initial-cluster-state", "new"],
        ...["--log-level", "error"],
        ...more,
      ]);
    };
    each.isReady = async () =>
      (await fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000) })).ok;
    each.run();
  }
  for (const each of members) await until(`etcd ${each.name}`, each.isReady);
  return {
    members,
    base,
    urls: members.map(({ port }) => `http://127.0.0.1:${port}`),
  };
}

/** Where Debian puts the binaries of PostgreSQL; undefined where it is not. */
function postgresFolder() {
  const base = "/usr/lib/postgresql";
  const version = existsSync(base)
    ? readdirSync(base).sort().at(-1)
    : undefined;
  return version && join(base, version, "bin");
}

/** A PostgreSQL server; it refuses to run as root, so that it has a user then. */
export async function postgres() {
  const bin = postgresFolder();
  if (!bin) return undefined;
  const base = folder("postgres");
  const data = join(base, "data");
  const port = await freePort();
  const isRoot = process.getuid() === 0;
  const as = isRoot
    ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    : [];
  if (isRoot) spawnSync("chown", ["postgres", base]);
  const run = (name, ...values) => [...as, join(bin, name), ...values];
  const [first, ...rest] = run(
    "initdb",
    ...["-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"],
    "--locale=C",
  );
  const made = spawnSync(first, rest, { cwd: "/", encoding: "utf8" });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const server = { port };
  server.run = () => {
    const [binary, ...values] = run(
      "postgres",
      ...["-D", data, "-h", "127.0.0.1", "-p", String(port), "-k", base],
      ...["-c", "max_connections=200"],
    );
    server.child = start(binary, values, { cwd: "/" });
  };
  server.isReady = () => isOpen(port);
  server.run();
  await until(
    "PostgreSQL",
    async () =>
      await isOpen(port) && server.child.said.includes("ready to accept"),
  );
  return server;
}

export async function redis(
  more = ["--appendonly", "yes", "--appendfsync", "always"],
) {
  const base = folder("redis");
  const port = await freePort();
  const server = { port, base };
  server.run = () => {
    server.child = start("redis-server", [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", base],
      ...["--save", "", ...more],
    ]);
  };
  server.isReady = () => isOpen(port);
  server.run();
  await until("Redis", server.isReady);
  return server;
}

/** Whether a program is there. */
export function runs(binary) {
  const { status, error } = spawnSync(binary, ["--version"], {
    encoding: "utf8",
  });
  return !error && status === 0;
}

export async function consul(binary) {
  const names = ["http", "server", "serf_lan", "serf_wan", "dns", "grpc"];
  const ports = {};
  for (const each of names) ports[each] = await freePort();
  const server = { url: `http://127.0.0.1:${ports.http}` };
  server.run = () => {
    server.child = start(binary, [
      ...["agent", "-dev", "-bind", "127.0.0.1", "-client", "127.0.0.1"],
      ...["-http-port", String(ports.http), "-dns-port", "-1"],
      ...["-grpc-port", "-1", "-server-port", String(ports.server)],
      ...["-serf-lan-port", String(ports.serf_lan)],
      ...["-serf-wan-port", String(ports.serf_wan), "-log-level", "err"],
    ]);
  };
  server.isReady = async () => {
    const answer = await fetch(`${server.url}/v1/status/leader`);
    return answer.ok && (await answer.text()).length > 5;
  };
  server.run();
  await until("Consul", server.isReady);
  return server;
}
