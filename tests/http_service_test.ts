import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async";
import { describe, it } from "@std/testing/bdd";
import { canKill } from "./_child.ts";

interface Host {
  readonly Deno?: unknown;
  readonly Bun?: unknown;
}

const { Deno, Bun } = globalThis as Host;
const ignore = !canKill;

/** How long the servers of Node and its like keep an idle connection, in ms. */
const KEEP_ALIVE = 5_000;

/** Starts the example on the engine that runs the suite. */
async function launch(...values: string[]) {
  const { spawn } = await import("node:child_process");
  const { execPath, kill } = await import("node:process");
  const { fileURLToPath } = await import("node:url");
  const engine = Deno
    ? ["run", "--no-config", "--allow-net", "--allow-env"]
    : Bun
    ? []
    : ["--import", "tsx"];
  const child = spawn(
    execPath,
    [...engine, "examples/http_service.ts", ...values],
    {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const said = { out: "", err: "" };
  let listening: (port: number) => void;
  const port = new Promise<number>((resolve) => listening = resolve);
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.out += text;
    const found = /listening on http:\/\/127\.0\.0\.1:(\d+)\n/.exec(said.out);
    if (found) listening(Number(found[1]));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.err += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), 30_000);
  ended.finally(() => clearTimeout(limit)).catch(() => {});
  return {
    // After the child's own `kill()` Deno reports the signal, not the exit code.
    kill: (signal: string) => kill(child.pid as number, signal),
    port,
    said,
    ended,
  };
}

/** A client that holds its connection open until the server closes it. */
async function connect(port: number, path?: string) {
  const { connect } = await import("node:net");
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let begin = () => {};
  const began = new Promise<void>((resolve) => begin = resolve);
  socket.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    begin();
  });
  // Being cut off shows in the text.
  socket.on("error", () => {});
  const closed = new Promise<string>((resolve) => {
    socket.on("close", () => resolve(text));
  });
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  if (path) socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return { socket, began, closed };
}

describe("http_service", { ignore }, () => {
  for (const name of ["SIGTERM", "SIGINT"]) {
    it(`answers what is in flight after ${name}, and exits with 0`, async () => {
      const service = await launch();
      const port = await service.port;
      const silent = await connect(port);
      const idle = await Promise.all([
        connect(port, "/"),
        connect(port, "/health"),
      ]);
      const busy = await Promise.all(
        Array.from({ length: 10 }, () => connect(port, "/slow?ms=2500")),
      );
      const begun = await connect(port, "/slow?ms=2500&stream");
      // It came last: all are in flight once it has begun.
      await begun.began;
      service.kill(name);
      const killedAt = performance.now();

      for (const { closed } of busy) {
        const answer = await closed;
        assertMatch(answer, /^HTTP\/1\.1 200 OK[^]*took 2500 ms\n/);
        assertMatch(answer, /^connection: close\r$/im);
      }
      assertMatch(await begun.closed, /begun\n[^]*took 2500 ms\n/);
      assertEquals(await service.ended, 0);
      assert(performance.now() - killedAt < 2_500 + KEEP_ALIVE);
      await Promise.all(idle.map(({ closed }) => closed));
      // Bun never accepted it, so that nobody closes it but the client.
      silent.socket.destroy();
      await silent.closed;
      assertEquals(service.said.err, "");
      assertMatch(service.said.out, /http server: stopped\n$/);
    });
  }

  it("sends a large answer in full to a client that reads slowly", async () => {
    const service = await launch();
    const { socket, closed } = await connect(
      await service.port,
      "/large?mb=20",
    );
    socket.pause();
    await delay(500);
    service.kill("SIGTERM");
    await delay(500);
    socket.resume();
    const resumedAt = performance.now();

    assertEquals((await closed).split("\r\n\r\n")[1]?.length, 20_000_000);
    assertEquals(await service.ended, 0);
    assert(performance.now() - resumedAt < KEEP_ALIVE);
    assertEquals(service.said.err, "");
  });

  it("exits at once and not with 0 when a second signal comes", async () => {
    const service = await launch();
    const hanging = await connect(await service.port, "/slow?ms=60000");
    await delay(500);
    service.kill("SIGINT");
    await delay(500);
    service.kill("SIGINT");
    const sentAt = performance.now();

    assertEquals(await service.ended, 1);
    assert(performance.now() - sentAt < 10_000);
    assert(!(await hanging.closed).includes("took"));
  });

  it("checks its health and ends by itself after --seconds", async () => {
    const service = await launch("--seconds", "1.5");

    assertEquals(await service.ended, 0);
    assertEquals(service.said.err, "");
    assertMatch(service.said.out, /health check: [\d.]+ ms, up for \d+ ms\n/);
  });

  it("exits with 1 when its port is taken", async () => {
    const { createServer } = await import("node:net");
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => {
        resolve((other.address() as { port: number }).port);
      });
    });
    try {
      const service = await launch("--port", String(port));
      assertEquals(await service.ended, 1);
      assertMatch(service.said.err, new RegExp(`http server: .*${port}`));
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});
