// A program of a database, an HTTP server and two tickers under one supervisor
// (killed_program.ts), killed in all ways; this says how it ended each time. The
// database is a PostgreSQL of its own.
//
//   npm run services -- start killed_in_all_ways

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createServer } from "node:net";
import { freePort, ownPostgres, postgres } from "./_own.ts";

const file = fileURLToPath(new URL("killed_program.ts", import.meta.url));
const { Deno, Bun } = globalThis as { Deno?: unknown; Bun?: unknown };
const before = Deno
  ? [
    "run",
    "--allow-all",
    "--no-check",
    "--quiet",
    "--config=deno.offline.json",
  ]
  : Bun
  ? []
  : ["--import", "tsx"];

/** The program, in a process of its own. */
class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #said = "";

  constructor(port: number) {
    this.#child = spawn(process.execPath, [...before, file, String(port)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#ended = once(this.#child, "close");
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text) => this.#said += text);
    }
  }

  /** Waits until it has said something, and gives what was found. */
  async said(pattern: RegExp): Promise<string> {
    for (let count = 0; count < 1_500; count++) {
      const found = pattern.exec(this.#said);
      if (found) return found[1] ?? found[0];
      await delay(10);
    }
    throw new Error(`it never said ${pattern}:\n${this.#said}`);
  }

  kill(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
    // Deno's child.kill() takes the signal for how it ended, whatever comes.
    process.kill(this.#child.pid!, signal);
  }

  async ended(): Promise<string> {
    const [code, signal] = await this.#ended;
    return String(code ?? signal);
  }

  async status(path: string): Promise<number | string> {
    const port = await this.said(/port (\d+)\n/);
    const url = `http://127.0.0.1:${port}${path}`;
    return await new Promise((resolve) => {
      get(url, { agent: false }, (response) => {
        response.on("error", ({ message }) => resolve(message));
        response.resume().on("end", () => resolve(response.statusCode!));
      }).on("error", ({ message }) => resolve(message));
    });
  }
}

if (!postgres) {
  console.log("PostgreSQL is not installed: apt-get install postgresql-15");
  process.exit();
}
const server = ownPostgres();
let wrong = 0;

async function way(
  name: string,
  expected: string,
  port: number,
  body: (program: Program) => Promise<unknown>,
): Promise<void> {
  const program = new Program(port);
  const note = await body(program);
  const startedAt = performance.now();
  const code = await program.ended();
  const ms = performance.now() - startedAt;
  if (code !== expected) wrong++;
  console.log(
    `${name}: ${code}${code === expected ? "" : ` instead of ${expected}`}${
      note === undefined ? "" : `, ${note}`
    }, in ${ms.toFixed()} ms`,
  );
}

const running = /^running$/m;

try {
  await server.start();
  const { port } = server.value;
  await way(
    "SIGTERM with a request in flight",
    "0",
    port,
    async (program) => {
      await program.said(running);
      const slow = program.status("/slow?ms=600");
      await delay(100);
      program.kill("SIGTERM");
      await program.said(/not ready/);
      const ready = await program.status("/ready");
      return `which got ${await slow}, readiness ${ready}`;
    },
  );
  await way("Ctrl-C, handed on twice", "0", port, async (program) => {
    await program.said(running);
    program.kill("SIGINT");
    await program.said(/not ready/);
    program.kill("SIGINT");
  });
  await way("a second SIGTERM", "143", port, async (program) => {
    await program.said(running);
    void program.status("/slow?ms=60000");
    await delay(100);
    program.kill("SIGTERM");
    await program.said(/^stopping$/m);
    program.kill("SIGTERM");
  });
  await way(
    "a second Ctrl-C while it drains",
    "130",
    port,
    async (program) => {
      await program.said(running);
      // Keeps it from its end where this machine is slow to send the second.
      void program.status("/slow?ms=60000");
      await delay(100);
      program.kill("SIGINT");
      await program.said(/not ready/);
      await delay(150);
      program.kill("SIGINT");
    },
  );
  await way(
    "a request that never ends, and is cut off",
    "1",
    port,
    async (program) => {
      await program.said(running);
      void program.status("/slow?ms=60000");
      await delay(100);
      program.kill("SIGTERM");
      await program.said(/http: .*(did not end within)/);
    },
  );
  await way("SIGKILL", "SIGKILL", port, async (program) => {
    await program.said(running);
    program.kill("SIGKILL");
  });
  await way("SIGTERM in a restart delay", "0", port, async (program) => {
    await program.said(running);
    await server.stop();
    const delayed = await program.said(/restart of (.*) in \d+/);
    program.kill("SIGTERM");
    return `of ${delayed}`;
  });
  // It accepts connections, and says nothing.
  const mute = createServer();
  const mutePort = await freePort();
  await once(mute.listen(mutePort, "127.0.0.1"), "listening");
  await way(
    "SIGTERM while the database is mute",
    "0",
    mutePort,
    async (program) => {
      await program.said(/^starting$/m);
      await delay(200);
      program.kill("SIGTERM");
    },
  );
  mute.close();
  await way("no database", "1", port, async (program) => {
    return await program.said(/error: (Cannot start "database")/);
  });
} finally {
  await server.stop();
}
process.exitCode = wrong > 0 ? 1 : 0;

// Prints:
//
// own server on port N
// SIGTERM with a request in flight: 0, which got 200, readiness 503, in N ms
// Ctrl-C, handed on twice: 0, in N ms
// a second SIGTERM: 143, in N ms
// a second Ctrl-C while it drains: 130, in N ms
// a request that never ends, and is cut off: 1, in N ms
// SIGKILL: SIGKILL, in N ms
// SIGTERM in a restart delay: 0, of database, in N ms
// SIGTERM while the database is mute: 0, in N ms
// no database: 1, Cannot start "database", in N ms
