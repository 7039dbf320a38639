// Cloudflare's engine, as it serves: the suite inside a request, and inside one
// to a Durable Object.

import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const { platform, arch } = process;
const names = { x64: "64", arm64: "arm64" };
const systems = { linux: "linux", darwin: "darwin", win32: "windows" };
const suffix = platform === "win32" ? ".exe" : "";

const name = `@cloudflare/workerd-${systems[platform]}-${names[arch]}`;
const before = "workerd-before";

function binaryOf(name) {
  const file = `node_modules/${name}/bin/workerd${suffix}`;
  return fileURLToPath(new URL(file, import.meta.url));
}

const current = binaryOf(name);

/** The engine before the autumn of 2026; for one platform, as it is for a look. */
export const workerdBefore = binaryOf(before);

/** What it says of itself: a date, or `undefined` where it is not installed. */
export function workerdVersion(binary = current) {
  if (!existsSync(binary)) return undefined;
  const { stdout } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  return /\d{4}-\d{2}-\d{2}/.exec(stdout ?? "")?.[0];
}

/** The same of what is to be installed: inside, the engine tells no version. */
export function pinnedVersion(binary = current) {
  const file = new URL("package.json", import.meta.url);
  const { optionalDependencies } = JSON.parse(readFileSync(file, "utf8"));
  const pinned = optionalDependencies[binary === current ? name : before];
  return pinned?.replace(/^.*\b1\.(\d{4})(\d\d)(\d\d)\..*$/, "$1-$2-$3");
}

const config = (date, flags) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "main", esModule = embed "main.mjs")],
  compatibilityDate = "${date}",
  compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join(", ")}],
  durableObjectNamespaces = [(className = "Actor", uniqueKey = "actor")],
  durableObjectStorage = (inMemory = void),
  bindings = [(name = "ACTOR", durableObjectNamespace = "Actor")],
);
`;

/** Serves a module; it must export a default handler and a class `Actor`. */
export async function serve({ code, date, flags = [], binary = current }) {
  const folder = mkdtempSync(join(tmpdir(), "runner-workerd-"));
  writeFileSync(join(folder, "main.mjs"), code);
  writeFileSync(join(folder, "config.capnp"), config(date, flags));
  const child = spawn(binary, ["serve", "config.capnp", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => output += text);
  }
  const ended = new Promise((resolve) => child.on("close", resolve));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const port = await new Promise((resolve) => {
    let said = "";
    child.stdio[3].setEncoding("utf8").on("data", (text) => {
      said += text;
      const found = /"port":\s*(\d+)/.exec(said);
      if (found) resolve(Number(found[1]));
    });
    ended.then(() => resolve(undefined));
  });
  if (port === undefined) {
    await stop();
    throw new Error(`workerd did not start:\n${output}`);
  }
  return { url: `http://127.0.0.1:${port}`, output: () => output, stop };
}
