import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { httpServer, type HttpServerOptions } from "@golib/runner/http";
import { Printed } from "./_helpers.ts";

const fetch = () => new Response("done");

function thrown(options: unknown): string {
  let message = "";
  assertThrows(() => {
    try {
      httpServer(options as HttpServerOptions);
    } catch (error) {
      const { name } = error as Error;
      message = `${name}: ${(error as Error).message}`;
      throw error;
    }
  });
  return message;
}

describe("httpServer() refuses", () => {
  it("what is no bag of options", () => {
    for (const value of [undefined, null, 3, "x", () => {}]) {
      assertMatch(thrown(value), /^TypeError: Cannot create an HTTP server/);
    }
  });

  it("a bag that says nothing of what answers, or twice", () => {
    assertMatch(thrown({}), /one of 'fetch', 'server', 'app'/);
    assertMatch(
      thrown({ fetch, server: () => {} }),
      /one of 'fetch', 'server', 'app'/,
    );
  });

  it("options of another type, by their names", () => {
    for (
      const [name, value] of [
        ["fetch", "x"],
        ["server", {}],
        ["app", 1],
        ["notReady", 1],
        ["onDrain", {}],
        ["hostname", 127],
        ["port", "80"],
        ["drain", "1s"],
        ["linger", null],
        ["tls", "pem"],
        ["name", 3],
        ["stopTimeout", "x"],
      ] as const
    ) {
      const bag = ["fetch", "server", "app"].includes(name)
        ? { [name]: value }
        : { fetch, [name]: value };
      assertMatch(thrown(bag), new RegExp(`^TypeError: Cannot .*'${name}'`));
    }
    assertMatch(thrown({ fetch, tls: { key: "x" } }), /'tls.cert'/);
  });

  it("options of a handler beside a server, which would change nothing", () => {
    const tls = { cert: "x", key: "x" };
    for (const bag of [{ tls }, { websocket: {} }]) {
      const [name] = Object.keys(bag);
      for (const source of ["server", "app"]) {
        assertMatch(
          thrown({ [source]: () => {}, ...bag }),
          new RegExp(`^TypeError: Cannot .*'${name}' must be left out`),
        );
      }
    }
  });

  it("numbers that make no sense", () => {
    for (
      const [name, value] of [
        ["port", -1],
        ["port", 1.5],
        ["port", 65_536],
        ["port", NaN],
        ["drain", -1],
        ["linger", NaN],
      ] as const
    ) {
      assertMatch(
        thrown({ fetch, [name]: value }),
        new RegExp(`^RangeError: Cannot create an HTTP server: '${name}'`),
      );
    }
  });

  it("a name that looks like an option", () => {
    assertMatch(thrown({ fetch, linger_: 3 }), /did you mean 'linger'\?/);
  });
});

describe("httpServer()", () => {
  it("starts nothing, and makes no factory's server", () => {
    const printed = new Printed();
    let calls = 0;
    const server = httpServer({
      server: () => {
        calls++;
        throw new Error("never");
      },
    });
    printed[Symbol.dispose]();
    assertEquals(server.name, "http");
    assertEquals(server.state, "stopped");
    assertEquals(calls, 0);
  });

  it("has no URL while it is stopped, and says so", () => {
    const server = httpServer({ fetch, name: "api" });
    assertThrows(
      () => server.url,
      Error,
      'Cannot tell the URL of "api": it does not listen, it is stopped',
    );
  });
});
