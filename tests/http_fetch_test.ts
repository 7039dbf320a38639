import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type FetchHandler, httpServer } from "@golib/runner/http";
import { canKill, isNode } from "./_child.ts";
import { gate, Printed } from "./_helpers.ts";
import { Client } from "./_http.ts";

const { Deno } = globalThis as { Deno?: unknown };

/** Serves a handler for as long as a test takes. */
async function serving(
  fetch: FetchHandler,
  test: (client: Client) => Promise<void>,
): Promise<void> {
  const server = httpServer({ fetch, hostname: "127.0.0.1", linger: 0 });
  await server.start();
  const client = await Client.open(server.url);
  try {
    await test(client);
  } finally {
    client.close();
    await server.stop();
  }
}

describe("A handler for fetch", { ignore: !canKill }, () => {
  it("gets the method, the URL, the headers and the body", async () => {
    await serving(async (request) => {
      const { method, url, headers } = request;
      const { pathname, search } = new URL(url);
      const body = await request.text();
      return new Response(
        `${method} ${pathname}${search} ${headers.get("x-one")} ${body} done`,
      );
    }, async (client) => {
      client.write(
        "POST /a?b=c HTTP/1.1\r\nhost: x\r\nx-one: 1\r\n" +
          "content-length: 4\r\n\r\nbody",
      );
      const answer = await client.until("done");
      assertStringIncludes(answer, "POST /a?b=c 1 body done");
      assertMatch(answer, /content-length: \d+/i);
    });
  });

  it("streams both ways, a part at a time", async () => {
    await serving(
      (request) =>
        new Response(
          request.body!.pipeThrough(
            new TransformStream<Uint8Array, Uint8Array>(),
          ),
        ),
      async (client) => {
        client.write(
          "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" +
            "5\r\nfirst\r\n",
        );
        // It has answered before it has heard the rest.
        assertStringIncludes(await client.until("first"), "200");
        client.write("6\r\nsecond\r\n0\r\n\r\n");
        assertStringIncludes(await client.until("0\r\n\r\n"), "second");
      },
    );
  });

  it("sends several cookies, and statuses without a body", async () => {
    await serving((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/none") return new Response(null, { status: 204 });
      const headers = new Headers();
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      return new Response("done", { headers, status: 201 });
    }, async (client) => {
      const answer = (await client.get("/")).toLowerCase();
      assertMatch(answer, /^http\/1\.1 201/);
      assertMatch(answer, /set-cookie: a=1\r\n/);
      assertMatch(answer, /set-cookie: b=2\r\n/);
      client.ask("/none");
      assertMatch(await client.until("\r\n\r\n"), /^HTTP\/1\.1 204/);
      client.write("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n");
      assertMatch(await client.until("\r\n\r\n"), /^HTTP\/1\.1 201/);
    });
  });

  it("learns that the client has left", async () => {
    const asked = gate();
    const left = gate();
    await serving(async (request) => {
      request.signal.addEventListener("abort", () => left.open());
      asked.open();
      await left.promise;
      return new Response("late");
    }, async (client) => {
      client.ask("/");
      await asked.promise;
      client.close();
      await left.promise;
    });
  });

  it("is told by its body's cancel as well", async () => {
    const left = gate();
    await serving(() => {
      let timer: ReturnType<typeof setInterval>;
      return new Response(
        new ReadableStream({
          start(controller) {
            timer = setInterval(
              () => controller.enqueue(new TextEncoder().encode("tick")),
              5,
            );
          },
          cancel() {
            clearInterval(timer);
            left.open();
          },
        }),
      );
    }, async (client) => {
      client.ask("/");
      await client.until("tick");
      client.close();
      await left.promise;
    });
  });

  it("that fails is printed, and answered with 500", async () => {
    const printed = new Printed();
    await serving((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/sync") throw new Error("at once");
      return Promise.reject(new Error("later"));
    }, async (client) => {
      assertMatch(
        await client.get("/sync", "\r\n\r\nInternal Server Error"),
        /^HTTP\/1\.1 500/,
      );
      assertMatch(
        await client.get("/async", "\r\n\r\nInternal Server Error"),
        /^HTTP\/1\.1 500/,
      );
    });
    printed[Symbol.dispose]();
    assertEquals(printed.lines, [
      "Recovering process 'http': at once",
      "Recovering process 'http': later",
    ]);
  });

  it("that gives no Response is a failure as well", async () => {
    const printed = new Printed();
    await serving(
      () => Promise.resolve({} as Response),
      async (client) => {
        assertMatch(
          await client.get("/", "\r\n\r\nInternal Server Error"),
          /^HTTP\/1\.1 500/,
        );
      },
    );
    printed[Symbol.dispose]();
    assertEquals(printed.lines, [
      "Recovering process 'http': The handler gave no Response",
    ]);
  });

  it("may give a promise of another library", async () => {
    const foreign = {
      // deno-lint-ignore no-explicit-any
      then: (done: (value: Response) => any) => done(new Response("later")),
    };
    await serving(
      () => foreign as unknown as Promise<Response>,
      async (client) => {
        assertStringIncludes(await client.get("/", "later"), "200 OK");
      },
    );
  });

  const node = { ignore: !isNode };
  it("that gives an answer again is told why, on Node", node, async () => {
    const printed = new Printed();
    const once = new Response("first");
    await serving(() => once, async (client) => {
      await client.get("/", "first");
      assertMatch(
        await client.get("/", "\r\n\r\nInternal Server Error"),
        /^HTTP\/1\.1 500/,
      );
    });
    printed[Symbol.dispose]();
    assertEquals(printed.lines, [
      "Recovering process 'http': The body of the Response was used before: make another",
    ]);
  });

  it("may answer an upload before it has read it", async () => {
    await serving(
      () => new Response("done", { status: 413 }),
      async (client) => {
        client.write(
          "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n",
        );
        client.write("x".repeat(1_000_000));
        assertMatch(await client.until("done"), /HTTP\/1\.1 413/);
        // Deno ends such a connection.
        if (Deno) return;
        assertMatch(await client.get("/"), /HTTP\/1\.1 413/);
      },
    );
  });
});
