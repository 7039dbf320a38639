/** The database of the example: PostgreSQL, or what looks like it from afar. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { runTick } from "../../mod.ts";
import { Database } from "./postgres.ts";

/** A server that can be gone from one moment to the next, and come back. */
export interface Server {
  readonly kind: string;
  readonly port: number;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Takes away what it has left on the disk. */
  clear(): void;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}

/** Whatever is asked, the answer is that all is well; or none, if it is mute. */
export function fake(port: number, mute = false): Server {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", () => {
      if (!mute) socket.write(new Uint8Array([90, 0, 0, 0, 5, 73]));
    });
  });
  return {
    kind: "a fake TCP server",
    port,
    async start() {
      await once(server.listen(port, "127.0.0.1"), "listening");
    },
    async kill() {
      if (!server.listening) return;
      const closed = once(server.close(), "close");
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    clear() {},
  };
}

function binaries(): string | undefined {
  const folder = "/usr/lib/postgresql";
  const versions = existsSync(folder) ? readdirSync(folder).sort() : [];
  return versions.map((version) => join(folder, version, "bin")).findLast((
    bin,
  ) => existsSync(join(bin, "initdb")));
}

/** As the user that PostgreSQL wants to be; it refuses to be root. */
function asUser(command: string[]): [string, string[]] {
  const [binary, ...values] = process.getuid?.() === 0
    ? [
      "setpriv",
      "--reuid=postgres",
      "--regid=postgres",
      "--clear-groups",
      ...command,
    ]
    : command;
  return [binary!, values];
}

function postgres(bin: string, port: number): Server | undefined {
  const folder = mkdtempSync(join(tmpdir(), "runner-example-"));
  const clear = () => rmSync(folder, { recursive: true, force: true });
  chmodSync(folder, 0o777);
  const data = join(folder, "data");
  const made = spawnSync(
    ...asUser([
      join(bin, "initdb"),
      `--pgdata=${data}`,
      "--auth=trust",
      "--username=postgres",
      "--no-sync",
    ]),
    { cwd: folder, stdio: "ignore" },
  );
  if (made.status !== 0) {
    clear();
    return undefined;
  }
  let child: ChildProcess | undefined;
  const answers = async () => {
    const database = new Database(port);
    try {
      await database.start();
      await database.query("SELECT 1");
      return true;
    } catch {
      return false;
    } finally {
      await database.stop();
    }
  };
  return {
    kind: "PostgreSQL",
    port,
    async start() {
      child = spawn(
        ...asUser([
          join(bin, "postgres"),
          ...["-D", data, "-p", String(port), "-k", folder],
          ...["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
        ]),
        { cwd: folder, stdio: "ignore" },
      );
      if (!await runTick(answers, { interval: 50, timeout: 10_000 })) {
        throw new Error("PostgreSQL does not answer");
      }
    },
    async kill() {
      const ended = child && once(child, "exit");
      // Its immediate shutdown: as a crash, but it takes its own children along.
      child?.kill("SIGQUIT");
      child = undefined;
      await ended;
    },
    clear,
  };
}

/** The real one where it is installed. */
export async function findServer(): Promise<Server> {
  const bin = binaries();
  const port = await freePort();
  return bin && postgres(bin, port) || fake(port);
}
