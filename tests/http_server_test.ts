import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { delay } from "@std/async";
import { describe, it } from "@std/testing/bdd";
import {
  type FetchHandler,
  type HttpServer,
  httpServer,
  type HttpServerOptions,
} from "@golib/runner/http";
import { canKill, isNode } from "./_child.ts";
import { gate, Printed, reasonOf, watch } from "./_helpers.ts";
import { Client } from "./_http.ts";

const { Bun, Deno } = globalThis as { Bun?: unknown; Deno?: unknown };
const processes = { ignore: !canKill };
const hostname = "127.0.0.1";

const hello: FetchHandler = () => new Response("done");

function make(options: HttpServerOptions): HttpServer {
  return httpServer({ hostname, linger: 0, ...options });
}

async function nodeServer(listener: (...values: never[]) => void) {
  const { createServer } = await import("node:http");
  return createServer(listener as never);
}

/** A server that answers each request once it is let. */
function gated(options: Partial<HttpServerOptions> = {}) {
  const door = gate();
  const asked = gate();
  const server = make({
    async fetch() {
      asked.open();
      await door.promise;
      return new Response("done");
    },
    ...options,
  } as HttpServerOptions);
  return { server, door, asked };
}

describe("An HTTP server", processes, () => {
  it("answers at its URL, which it has from running to the drain", async () => {
    const server = make({ fetch: hello });
    await server.start();
    assertMatch(String(server.url), /^http:\/\/127\.0\.0\.1:\d+\/$/);
    const client = await Client.open(server.url);
    assertStringIncludes(await client.get("/"), "200 OK");
    const { url } = server;
    const stopped = server.stop();
    client.close();
    await stopped;
    assertMatch((await reasonOf(Client.open(url)) as Error).message, /REFUSED/);
    await assertRejects(
      () => Promise.resolve().then(() => server.url),
      Error,
      "it is stopped",
    );
  });

  it("shows an address that stands for all as localhost", async () => {
    const server = httpServer({ fetch: hello, hostname: "0.0.0.0" });
    await server.start();
    assertEquals(server.url.hostname, "localhost");
    await server.stop();
  });

  it("tells observers where it listens, after each start", async () => {
    const told: string[] = [];
    const server = make({
      fetch: hello,
      observer(event) {
        told.push(
          event.type === "listening"
            ? `listening ${event.url.href === server.url.href}`
            : event.type === "state"
            ? event.to
            : event.type,
        );
      },
    });
    await server.start();
    await server.restart();
    await server.stop();
    const run = ["starting", "running", "listening true"];
    const end = ["stopping", "stopped"];
    assertEquals(told, [...run, ...end, ...run, ...end]);
  });

  it("names address and port where the port is in use", async () => {
    const first = make({ fetch: hello });
    await first.start();
    const port = Number(first.url.port);
    const second = make({
      fetch: hello,
      port,
      name: "api",
      printErrors: false,
    });
    const error = await reasonOf(second.start()) as Error & { code: string };
    assertEquals(
      error.message,
      `Cannot start "api": 127.0.0.1:${port} is in use`,
    );
    assertEquals(error.code, "EADDRINUSE");
    assertEquals(second.state, "stopped");
    await first.stop();
  });

  it("does so as well with a server of its own", async () => {
    const first = make({ fetch: hello });
    await first.start();
    const port = Number(first.url.port);
    const second = make({
      server: () => nodeServer(() => {}),
      port,
      printErrors: false,
    });
    const error = await reasonOf(second.start()) as Error & { code: string };
    assertEquals(error.code, "EADDRINUSE");
    assertStringIncludes(error.message, `127.0.0.1:${port} is in use`);
    await first.stop();
  });

  it("tries its own port again for a while after a restart", async () => {
    const finder = make({ fetch: hello });
    await finder.start();
    const port = Number(finder.url.port);
    await finder.stop();
    const server = make({ fetch: hello, port });
    await server.start();
    await server.stop();
    const other = make({ fetch: hello, port });
    await other.start();
    const started = watch(server.start());
    await delay(100);
    assertEquals(started.status, "pending");
    await other.stop();
    await delay(100);
    while (started.status === "pending") await delay(20);
    assertEquals(started.status, "resolved");
    await server.stop();
  });

  it("can be stopped in the middle of its start", async () => {
    const made = gate();
    const server = make({
      async server() {
        await made.promise;
        return nodeServer(() => {});
      },
    });
    const started = reasonOf(server.start());
    const stopped = server.stop();
    made.open();
    await stopped;
    assertEquals((await started as Error).name, "AbortError");
    assertEquals(server.errorsTotal(), 0);
  });
});

describe("A factory", processes, () => {
  it("is called at each start", async () => {
    let calls = 0;
    const server = make({
      server() {
        calls++;
        return nodeServer(() => {});
      },
    });
    await server.start();
    await server.restart();
    await server.stop();
    assertEquals(calls, 2);
  });

  it("may give neither nothing, nor a server that listens", async () => {
    const nothing = make({
      server: () => undefined as never,
      printErrors: false,
    });
    assertMatch(
      (await reasonOf(nothing.start()) as Error).message,
      /has no server of node:http/,
    );
    const listening = await nodeServer(() => {});
    await new Promise<void>((resolve) =>
      listening.listen(0, hostname, resolve)
    );
    const busy = make({ server: () => listening, printErrors: false });
    assertMatch(
      (await reasonOf(busy.start()) as Error).message,
      /listens already/,
    );
    await new Promise((resolve) => listening.close(resolve));
  });

  it("may not give the same server again", async () => {
    const same = await nodeServer(() => {});
    const server = make({ server: () => same, printErrors: false });
    await server.start();
    await server.stop();
    assertMatch(
      (await reasonOf(server.start()) as Error).message,
      /was given before/,
    );
  });

  it("fails the start by what it throws", async () => {
    const server = make({
      server() {
        throw new Error("no such module");
      },
      printErrors: false,
    });
    await assertRejects(() => server.start(), Error, "no such module");
  });

  it("may give an application, which is ready first and closes last", async () => {
    const calls: string[] = [];
    const inner = await nodeServer((
      _: unknown,
      response: { end(text: string): void },
    ) => response.end("done"));
    const server = make({
      app: () => ({
        server: inner,
        async ready() {
          await delay(1);
          calls.push(`ready ${inner.listening}`);
        },
        close() {
          calls.push("close");
        },
      }),
      onDrain: () => void calls.push("drain"),
    });
    await server.start();
    const client = await Client.open(server.url);
    assertStringIncludes(await client.get("/"), "200 OK");
    await server.stop();
    client.close();
    assertEquals(calls, ["ready false", "drain", "close"]);
  });

  it("may give one as NestJS makes them", async () => {
    const calls: string[] = [];
    const inner = await nodeServer(() => {});
    const server = make({
      app: () => ({
        getHttpServer: () => inner,
        init: () => void calls.push("init"),
        close: () => void calls.push("close"),
      }),
    });
    await server.start();
    await server.stop();
    assertEquals(calls, ["init", "close"]);
  });

  it("has its application closed where the start fails", async () => {
    const calls: string[] = [];
    const server = make({
      app: () => ({
        ready() {
          throw new Error("plugin");
        },
        close: () => void calls.push("close"),
      }),
      printErrors: false,
    });
    await assertRejects(() => server.start(), Error, "plugin");
    assertEquals(calls, ["close"]);
  });

  it("fails a start by its own error, also where its application cannot close", async () => {
    const server = make({
      app: () => ({
        ready() {
          throw new Error("plugin");
        },
        close() {
          throw new Error("not open");
        },
      }),
      printErrors: false,
    });
    await assertRejects(() => server.start(), Error, "plugin");
  });

  it("records what the close of its application throws", async () => {
    const inner = await nodeServer(() => {});
    const server = make({
      app: () => ({
        server: inner,
        close() {
          throw new Error("hook");
        },
      }),
      printErrors: false,
    });
    await server.start();
    await server.stop();
    assertEquals(server.errorsList().map(String), ["Error: hook"]);
  });

  it("is told in time that the close of its application hangs", async () => {
    const inner = await nodeServer(() => {});
    const server = make({
      app: () => ({ server: inner, close: () => new Promise(() => {}) }),
      printErrors: false,
    });
    await server.start();
    const error = await reasonOf(server.stop({ timeout: 20 })) as Error;
    assertEquals(error.name, "TimeoutError");
  });
});

describe("A stop", processes, () => {
  it("does not wait for anything without connections", async () => {
    const server = make({ fetch: hello, linger: 600_000 });
    await server.start();
    await server.stop({ timeout: 60_000 });
    assertEquals(server.errorsTotal(), 0);
  });

  it("lets a request in flight finish, and says that it is the last", async () => {
    const { server, door, asked } = gated();
    await server.start();
    const client = await Client.open(server.url);
    client.ask("/");
    await asked.promise;
    const stopped = watch(server.stop());
    await delay(50);
    assertEquals(stopped.status, "pending");
    door.open();
    const answer = (await client.until("done")).toLowerCase();
    assertStringIncludes(answer, "200 ok");
    assertStringIncludes(answer, "connection: close");
    client.close();
    while (stopped.status === "pending") await delay(10);
    assertEquals(stopped.status, "resolved");
  });

  it("lets a connection carry one more request within its time", async () => {
    const server = make({ fetch: hello, linger: 1_500 });
    await server.start();
    const client = await Client.open(server.url);
    await client.get("/");
    const stopped = server.stop();
    await delay(50);
    const answer = (await client.get("/")).toLowerCase();
    assertStringIncludes(answer, "connection: close");
    client.close();
    await stopped;
  });

  it("ends a connection that stays quiet", async () => {
    const server = make({ fetch: hello, linger: 50 });
    await server.start();
    const client = await Client.open(server.url);
    await client.get("/");
    await server.stop();
    await client.ended;
    assertEquals(server.errorsTotal(), 0);
  });

  it("serves on while it drains, and says so to clients", async () => {
    const calls: string[] = [];
    const server = make({
      fetch: hello,
      drain: 1_000,
      notReady: () => void calls.push("not ready"),
      onDrain: () => void calls.push("drain"),
    });
    await server.start();
    const { url } = server;
    const stopped = server.stop();
    assertEquals(server.isRunning(), false);
    await delay(20);
    assertEquals(calls, ["not ready"]);
    assertEquals(server.url.href, url.href);
    const client = await Client.open(url);
    assertStringIncludes(
      (await client.get("/")).toLowerCase(),
      "connection: close",
    );
    client.close();
    await stopped;
    assertEquals(calls, ["not ready", "drain"]);
  });

  it("takes in who is in line although its event loop is busy", async () => {
    // Elsewhere a client of the same process is not in line yet.
    if (Bun || Deno) return;
    // Each turn takes in one, and takes this long.
    const busy = 70;
    const server = make({
      server: () =>
        nodeServer((_: unknown, response: { end(): void }) => response.end()),
      linger: 100,
    });
    await server.start();
    const { connect } = await import("node:net");
    const inLine = Array.from({ length: 12 }, () => {
      const socket = connect(Number(server.url.port), hostname);
      socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
      return new Promise<string>((resolve) => {
        socket.on("data", (bytes) => resolve(String(bytes)));
        socket.on("error", (error) => resolve(error.message));
        socket.on("close", () => resolve("closed"));
      });
    });
    let isBusy = true;
    const block = () => {
      const until = performance.now() + busy;
      while (performance.now() < until);
      if (isBusy) setImmediate(block);
    };
    setImmediate(block);
    const stopped = server.stop();
    const answers = await Promise.all(inLine);
    isBusy = false;
    for (const answer of answers) assertStringIncludes(answer, "200 OK");
    await stopped;
  });

  it("hears an upload to its end that it answers before", async () => {
    const server = make({
      fetch: () => new Response("done", { status: 413 }),
      drain: 500,
      linger: 1_000,
    });
    await server.start();
    const client = await Client.open(server.url);
    const stopped = server.stop();
    client.pause();
    client.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 65536\r\n\r\n");
    for (let piece = 0; piece < 8; piece++) {
      await delay(10);
      client.write("x".repeat(8_192));
    }
    client.resume();
    const answer = await client.until("done");
    client.close();
    assertStringIncludes(answer, " 413 ");
    assertStringIncludes(answer.toLowerCase(), "connection: close");
    await stopped;
  });

  it("tells event streams, also those that come late", async () => {
    const stream: FetchHandler = (_, info: { draining: AbortSignal }) => {
      const { draining } = info;
      const encoder = new TextEncoder();
      return new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(encoder.encode("begun\n"));
            const end = () => {
              controller.enqueue(encoder.encode("done"));
              controller.close();
            };
            if (draining.aborted) end();
            else draining.addEventListener("abort", end, { once: true });
          },
        }),
      );
    };
    const server = make({ fetch: stream, linger: 1_000 });
    await server.start();
    const client = await Client.open(server.url);
    client.ask("/");
    await client.until("begun");
    const stopped = server.stop();
    await client.until("0\r\n\r\n");
    // On the same connection, once more.
    client.ask("/");
    assertStringIncludes(await client.until("done"), "begun");
    client.close();
    await stopped;
    assertEquals(server.errorsTotal(), 0);
  });

  it("prints what notReady and onDrain throw, and goes on", async () => {
    const printed = new Printed();
    const server = make({
      fetch: hello,
      notReady() {
        throw new Error("first");
      },
      onDrain() {
        throw new Error("second");
      },
    });
    await server.start();
    await server.stop();
    printed[Symbol.dispose]();
    assertEquals(printed.lines.length, 2);
    assertStringIncludes(printed.lines[0]!, "first");
    assertStringIncludes(printed.lines[1]!, "second");
  });

  it("waits for onDrain, and gives it a signal for the end of the grace", async () => {
    let aborted = false;
    const server = make({
      fetch: hello,
      printErrors: false,
      onDrain: (signal) =>
        new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            resolve();
          });
        }),
    });
    await server.start();
    const error = await reasonOf(server.stop({ timeout: 50 })) as Error;
    assertEquals(error.name, "TimeoutError");
    const ended = await reasonOf(server.finished()) as Error;
    assertEquals(
      ended.message,
      `Cannot stop "http" in time: 'onDrain' took longer than the grace`,
    );
    assert(aborted);
  });

  it("says that its drain was cut short where nothing else was", async () => {
    const server = make({ fetch: hello, printErrors: false, drain: 600_000 });
    await server.start();
    await reasonOf(server.stop({ timeout: 50 }));
    const { message } = await reasonOf(server.finished()) as Error;
    assertEquals(
      message,
      'Cannot stop "http" in time: its drain of 600000 ms took longer than the grace',
    );
  });
});

describe("The end of the grace", processes, () => {
  it("cuts requests off, and counts them", async () => {
    const { server, door, asked } = gated({ printErrors: false });
    await server.start();
    const client = await Client.open(server.url);
    client.ask("/");
    await asked.promise;
    const error = await reasonOf(server.stop({ timeout: 50 })) as Error;
    assertEquals(error.name, "TimeoutError");
    await client.ended;
    const ended = await reasonOf(server.finished()) as Error;
    assertEquals(
      ended.message,
      'Cannot stop "http" in time: 1 request cut off at the end of the grace',
    );
    door.open();
    await server.start();
    await server.stop();
  });

  it("tells requests, upgraded sockets and idle connections apart", async () => {
    const upgraded = gate();
    const asked = gate();
    const server = make({
      linger: 600_000,
      printErrors: false,
      async server() {
        const inner = await nodeServer((request: { url: string }, response: {
          end(text: string): void;
        }) => {
          if (request.url === "/slow") asked.open();
          else response.end("done");
        });
        inner.on("upgrade", (_, socket) => {
          socket.write("HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n");
          socket.on("error", () => {});
          upgraded.open();
        });
        return inner;
      },
    });
    await server.start();
    const slow = await Client.open(server.url);
    slow.ask("/slow");
    const idle = await Client.open(server.url);
    await idle.get("/");
    const other = await Client.open(server.url);
    other.ask("/", "connection: upgrade\r\nupgrade: x\r\n");
    await Promise.all([asked.promise, upgraded.promise]);
    await reasonOf(server.stop({ timeout: 50 }));
    await Promise.all([slow.ended, idle.ended, other.ended]);
    const { message } = await reasonOf(server.finished()) as Error;
    assertStringIncludes(
      message,
      "1 request, 1 upgraded socket, 1 idle connection cut off",
    );
  });
});

describe("The end of the grace, over HTTP/2", { ignore: !isNode }, () => {
  // Its plain servers have no closeAllConnections, and no session ends while a
  // stream of it is open.
  it("cuts streams off, and counts them", async () => {
    const { connect, createServer } = await import("node:http2");
    const asked = gate();
    const server = make({
      printErrors: false,
      server: () => createServer(() => asked.open()),
    });
    await server.start();
    const session = connect(server.url);
    const over = new Promise<void>((resolve) => session.on("close", resolve));
    session.on("error", () => {});
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => {});
    stream.resume();
    await asked.promise;
    const error = await reasonOf(server.stop({ timeout: 50 })) as Error;
    assertEquals(error.name, "TimeoutError");
    await over;
    const { message } = await reasonOf(server.finished()) as Error;
    assertStringIncludes(message, "1 request cut off at the end of the grace");
    assertEquals(server.state, "stopped");
  });
});

describe(
  "A server that somebody else closes",
  { ignore: !canKill || !!Bun },
  () => {
    it("fails its run", async () => {
      let inner: { close(): unknown } | undefined;
      const server = make({
        async server() {
          const made = await nodeServer(() => {});
          inner = made;
          return made;
        },
        printErrors: false,
      });
      await server.start();
      inner!.close();
      const error = await reasonOf(server.finished()) as Error;
      assertEquals(error.message, "The server was closed by somebody else");
    });
  },
);
