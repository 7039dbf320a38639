/** PostgreSQL and Redis of one's own: Debian's, each a process, as resources. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import pg from "pg";
import { Redis } from "ioredis";
import { runTick } from "@golib/runner";
import { Resource } from "@golib/runner/resource";

/** A server that runs. */
export interface OwnServer {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  readonly folder: string;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}

/** Where PostgreSQL is, if it is installed. */
export const postgres = (() => {
  const folder = "/usr/lib/postgresql";
  const versions = existsSync(folder) ? readdirSync(folder).sort() : [];
  return versions.map((version) => join(folder, version, "bin"))
    .filter((bin) => existsSync(join(bin, "initdb"))).at(-1);
})();

/** Where Redis is, if it is installed. */
export const redis = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"]
  .find((path) => existsSync(path));

/** Starts a server in a group of its own: a Ctrl-C is not for it. */
function start(command: string[], folder: string): ChildProcess {
  // PostgreSQL refuses to be root.
  const user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
  const isRoot = process.getuid?.() === 0;
  const [binary, ...values] = isRoot && command[0]!.includes("postgres")
    ? ["setpriv", ...user, ...command]
    : command;
  return spawn(binary!, values, {
    cwd: folder,
    detached: true,
    stdio: "ignore",
  });
}

async function end(
  { child, folder }: Pick<OwnServer, "child" | "folder">,
  signal: "SIGINT" | "SIGQUIT" = "SIGINT",
): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit");
    process.kill(child.pid!, signal);
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}

/** A folder in which a server may do as it likes. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "runner-example-"));
  chmodSync(folder, 0o777);
  return folder;
}

/** Waits until a server answers; ends it if it never does. */
async function opened(
  server: OwnServer,
  signal: AbortSignal,
  ask: () => Promise<unknown>,
): Promise<OwnServer> {
  const answers = async () => {
    try {
      await ask();
      return true;
    } catch {
      return false;
    }
  };
  const limits = { interval: 50, timeout: 20_000, signal };
  if (await runTick(answers, limits)) {
    console.log(`own server on port ${server.port}`);
    return server;
  }
  await end(server);
  throw signal.aborted ? signal.reason : new Error("it does not answer");
}

/** PostgreSQL on a port of its own, without what was in it before. */
export function ownPostgres(): Resource<OwnServer> {
  return new Resource<OwnServer>({
    name: "postgres",
    stopTimeout: 10_000,
    async open(signal) {
      const folder = makeFolder();
      const data = join(folder, "data");
      const made = start([
        join(postgres!, "initdb"),
        `--pgdata=${data}`,
        "--auth=trust",
        "--username=postgres",
        "--no-sync",
      ], folder);
      const [code] = await once(made, "exit");
      if (code !== 0) {
        rmSync(folder, { recursive: true, force: true });
        throw new Error(`initdb ended with ${code}`);
      }
      const port = await freePort();
      const child = start([
        join(postgres!, "postgres"),
        ...["-D", data, "-p", String(port), "-k", folder],
        ...["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
      ], folder);
      const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
      return await opened({ url, port, child, folder }, signal, async () => {
        const client = new pg.Client({ connectionString: url });
        client.on("error", () => {});
        await client.connect();
        await client.end();
      });
    },
    close: (server) => end(server),
    watch: ({ child }, lost) => {
      child.on("exit", () => lost(new Error("PostgreSQL has ended")));
    },
  });
}

/** Redis on a port of its own, which keeps nothing. */
export function ownRedis(): Resource<OwnServer> {
  return new Resource<OwnServer>({
    name: "redis server",
    stopTimeout: 10_000,
    async open(signal) {
      const folder = makeFolder();
      const port = await freePort();
      const child = start([
        redis!,
        ...["--port", String(port), "--bind", "127.0.0.1"],
        ...["--save", "", "--appendonly", "no", "--dir", folder],
      ], folder);
      const url = `redis://127.0.0.1:${port}`;
      return await opened({ url, port, child, folder }, signal, async () => {
        const client = new Redis(url, {
          lazyConnect: true,
          retryStrategy: () => null,
          maxRetriesPerRequest: 0,
        });
        client.on("error", () => {});
        await client.connect();
        client.disconnect();
      });
    },
    close: (server) => end(server),
    watch: ({ child }, lost) => {
      child.on("exit", () => lost(new Error("Redis has ended")));
    },
  });
}
