import { recoveryCaller } from "@golib/runner";
import {
  assert,
  assertEquals,
  assertFalse,
  assertLessOrEqual,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { capture } from "./_watch.ts";

/** The lines of the one write that it makes. */
async function printed(
  recovered: unknown,
  ...data: unknown[]
): Promise<string[]> {
  const writes = await capture(() => {
    recoveryCaller("backup", recovered, ...data);
  });
  assertEquals(writes.length, 1);
  return writes[0]!.split("\n");
}

function stacked(stack: string | undefined, message = "disk full"): Error {
  return Object.defineProperty(new Error(message), "stack", { value: stack });
}

const frames = (count: number) =>
  Array.from({ length: count }, (_, index) => `    at f${index} (x.ts:1:1)`);

describe("recoveryCaller", () => {
  for (const nothing of [null, undefined]) {
    it(`does nothing for ${nothing}, with data or without`, async () => {
      const writes = await capture(() => {
        recoveryCaller("backup", nothing);
        recoveryCaller("backup", nothing, "data", 5);
      });
      assertEquals(writes, []);
    });
  }

  for (const value of [0, "", false, NaN]) {
    it(`prints ${JSON.stringify(value)}, which is something`, async () => {
      assertEquals(await printed(value), [
        `Recovering process 'backup': ${value}`,
      ]);
    });
  }

  it("prints name, message, data, frames and causes, in this order", async () => {
    const root = stacked(undefined, "no space");
    const cause = Object.assign(stacked(undefined, "write"), { cause: root });
    const error = Object.assign(
      stacked(["Error: disk full", ...frames(2)].join("\n")),
      { cause },
    );
    assertEquals(await printed(error, "volume 7", 5), [
      "Recovering process 'backup': disk full",
      "volume 7",
      "5",
      "trace #0 => f0 (x.ts:1:1)",
      "trace #1 => f1 (x.ts:1:1)",
      "cause #0 => write",
      "cause #1 => no space",
    ]);
  });

  it("prints at most ten frames, numbered from 0", async () => {
    const lines = await printed(
      stacked(["Error: disk full", ...frames(25)].join("\n")),
    );
    assertEquals(
      lines.slice(1),
      Array.from(
        { length: 10 },
        (_, index) => `trace #${index} => f${index} (x.ts:1:1)`,
      ),
    );
  });

  it("prints as many frames as a real error has, up to ten", async () => {
    function deep(levels: number): Error {
      if (levels === 0) return new Error("deep");
      // No tail call, which leaves no frame in some engines.
      return Object.assign(deep(levels - 1), { levels });
    }
    const here = /[^\s/(@]+(?=:\d+:\d+)/.exec(new Error().stack!)![0];
    const lines = await printed(deep(20));
    assertEquals(lines[0], "Recovering process 'backup': deep");
    assertEquals(lines.length, 11);
    lines.slice(1).forEach((line, index) => {
      assert(line.startsWith(`trace #${index} => `), line);
      assertStringIncludes(line, here);
    });
  });

  it("cuts each frame at 300 characters", async () => {
    const long = "x".repeat(1_000);
    const lines = await printed(stacked(`Error: disk full\n    at ${long}`));
    assertEquals(lines[1], `trace #0 => ${long}`.slice(0, 300));
  });

  it("takes the frames of engines that do not repeat the message", async () => {
    const lines = await printed(stacked("f0@x.js:1:1\nf1@x.js:2:2\n"));
    assertEquals(lines.slice(1), [
      "trace #0 => f0@x.js:1:1",
      "trace #1 => f1@x.js:2:2",
    ]);
  });

  it("takes no line of the message for a frame", async () => {
    const message = "first\n    at second (y.ts:1:1)\nthird";
    const lines = await printed(
      stacked([`Error: ${message}`, ...frames(1)].join("\n"), message),
    );
    assertEquals(lines.slice(1), ["trace #0 => f0 (x.ts:1:1)"]);
  });

  it("prints no frames where there is no stack", async () => {
    for (const stack of [undefined, ""]) {
      assertEquals(await printed(stacked(stack)), [
        "Recovering process 'backup': disk full",
      ]);
    }
  });

  it("prints the name of an error without a message", async () => {
    const error = stacked(undefined, "");
    error.name = "QuotaError";
    assertEquals(await printed(error), [
      "Recovering process 'backup': QuotaError",
    ]);
  });

  it("prints causes that are no errors", async () => {
    const error = Object.assign(stacked(undefined), { cause: "no space" });
    assertEquals((await printed(error))[1], "cause #0 => no space");
  });

  it("ends at a cause that has come before", async () => {
    const a = stacked(undefined, "a");
    const b = Object.assign(stacked(undefined, "b"), { cause: a });
    Object.assign(a, { cause: b });
    const lines = await printed(a);
    assertEquals(lines[1], "cause #0 => b");
    assertLessOrEqual(lines.length, 3);
    const self = stacked(undefined, "self");
    Object.assign(self, { cause: self });
    assertLessOrEqual((await printed(self)).length, 2);
  });

  it("ends where the causes do not", async () => {
    class Endless extends Error {
      override get cause(): Error {
        return new Endless("more");
      }
    }
    assertLessOrEqual((await printed(new Endless("more"))).length, 50);
  });

  it("quotes only data that begin like another of its lines", async () => {
    const data = ["trace #0 =>", "no trace #0 =>", "cause #1", "Recovering"];
    assertEquals((await printed(stacked(undefined), ...data)).slice(1), [
      '"trace #0 =>"',
      "no trace #0 =>",
      '"cause #1"',
      '"Recovering"',
    ]);
  });

  it("prints data, a line each, whatever they are", async () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const lines = await printed(
      stacked(undefined),
      "text",
      { volume: 7 },
      [1, 2],
      null,
      undefined,
      5n,
      Symbol("s"),
      stacked("Error: other\n    at g", "other"),
      circular,
      { toJSON: () => undefined },
      {
        toJSON() {
          throw new Error("no");
        },
      },
      "two\nlines",
    );
    assertEquals(lines.slice(1, 9), [
      "text",
      '{"volume":7}',
      "[1,2]",
      "null",
      "undefined",
      "5",
      "Symbol(s)",
      "other",
    ]);
    assertEquals(lines.length, 13);
    assertEquals(lines[12], "two\\nlines");
  });

  it("escapes control characters, wherever they are", async () => {
    const bad = "\u001b[2J\r\n\u0007\u0000\u009b\u2028\u2029\u202e\u2066";
    const error = Object.assign(
      stacked(`Error: ${bad}\n    at evil${bad.replace("\n", "")} (x)`, bad),
      { cause: bad },
    );
    const writes = await capture(() => {
      recoveryCaller(`name${bad}`, error, bad, { key: bad });
    });
    assertEquals(writes.length, 1);
    const lines = writes[0]!.split("\n");
    assertEquals(lines.length, 5);
    for (const line of lines) {
      // deno-lint-ignore no-control-regex
      assertFalse(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/.test(line));
    }
    assertStringIncludes(lines[0]!, "\\u001b[2J\\u000d\\n\\u0007\\u0000");
    assertMatch(lines[4]!, /^cause #0 => \\u001b/);
  });

  it("makes one write, and never throws, whatever it is given", async () => {
    const fail = () => {
      throw new Error("hostile");
    };
    const everything = new Proxy({}, {
      get: fail,
      has: fail,
      ownKeys: fail,
      getPrototypeOf: fail,
      getOwnPropertyDescriptor: fail,
    });
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    const callable = new Proxy(() => {}, { get: fail, apply: fail });
    const lying = {
      name: "Error",
      message: "message",
      get stack() {
        return { toString: fail };
      },
    };
    const changing = {
      count: 0,
      name: "Error",
      get message() {
        return this.count++ === 0 ? "text" : everything;
      },
    };
    const hostile: unknown[] = [
      everything,
      revoked,
      callable,
      lying,
      changing,
      Symbol("s"),
      5n,
      Object.create(null),
      Object.freeze(new Error("frozen")),
      { toString: fail },
      { [Symbol.toPrimitive]: fail },
      {
        name: "Error",
        message: "m",
        get stack() {
          return fail();
        },
      },
      {
        name: "Error",
        get message() {
          return fail();
        },
      },
      {
        get name() {
          return fail();
        },
        message: "m",
      },
      Object.defineProperty(new Error("e"), "cause", { get: fail }),
      Object.assign(new Error("e"), { cause: everything }),
      Object.assign(new Error("e"), { cause: revoked }),
      Object.assign(new Error("e"), { stack: 5 }),
      new AggregateError([everything], "many"),
      new Error("x".repeat(10_000)),
      "\ud800",
      function named() {},
      class Thrown {},
      new Date(NaN),
      new Map([[1, everything]]),
      [revoked],
    ];
    for (const value of hostile) {
      const writes = await capture(() => {
        recoveryCaller("backup", value, ...hostile);
      });
      assertEquals(writes.length, 1);
      assert(writes[0]!.startsWith("Recovering process 'backup': "));
    }
    const writes = await capture(() => {
      for (const value of hostile) recoveryCaller(value as string, 1);
    });
    assertEquals(writes.length, hostile.length);
  });

  it("does not throw where standard error is broken", () => {
    const { error } = console;
    console.error = () => {
      throw new Error("EPIPE");
    };
    try {
      recoveryCaller("backup", new Error("disk full"));
    } finally {
      console.error = error;
    }
  });

  it("takes what another realm calls an error for one", async () => {
    const foreign = { name: "TypeError", message: "elsewhere", stack: "" };
    assertEquals(await printed(foreign), [
      "Recovering process 'backup': elsewhere",
    ]);
  });

  it("takes the frames after a message with which the stack begins", async () => {
    const nameless = stacked("disk full\nand slow\n    at f0 (x.ts:1:1)");
    Object.assign(nameless, { message: "disk full\nand slow" });
    assertEquals((await printed(nameless)).slice(1), [
      "trace #0 => f0 (x.ts:1:1)",
    ]);
  });

  it("takes nothing off a frame that does not begin with 'at '", async () => {
    assertEquals(
      (await printed(stacked("disk full\nlook at f0 (x.ts:1:1)"))).slice(1),
      ["trace #0 => look at f0 (x.ts:1:1)"],
    );
  });

  it("takes no part of the error's name for its message", async () => {
    const error = stacked(
      "TimeoutError: Timeout\n    at f0 (x.ts:1:1)",
      "Timeout",
    );
    error.name = "TimeoutError";
    assertEquals(await printed(error), [
      "Recovering process 'backup': Timeout",
      "trace #0 => f0 (x.ts:1:1)",
    ]);
    const again = stacked("Error: Error\n    at f0 (x.ts:1:1)", "Error");
    assertEquals((await printed(again)).slice(1), [
      "trace #0 => f0 (x.ts:1:1)",
    ]);
  });

  it("takes no end of a frame for the message", async () => {
    const error = stacked("f0@x.js:1:1\nf1@x.js:2:2\n", "1");
    assertEquals((await printed(error)).slice(1), [
      "trace #0 => f0@x.js:1:1",
      "trace #1 => f1@x.js:2:2",
    ]);
  });

  it("leaves out the frames of the library, unless there are no others", async () => {
    // None can be told where it is bundled.
    const own = new Error().stack!.split("\n").find((line) =>
      // Not as the name of a function, which is how Firefox has it in a bundle.
      line.includes("recovery_caller_test.ts:")
    )?.replace("tests/recovery_caller_test", "_internal/machine");
    if (!own?.includes("_internal/machine")) return;
    const beside = own.replace("_internal/machine", "tests/some_test");
    const error = stacked(`Error: disk full\n${own}\n${beside}\n${own}`);
    assertEquals((await printed(error)).slice(1), [
      `trace #0 => ${beside.trim().replace(/^at /, "")}`,
    ]);
    assertEquals(
      (await printed(stacked(`Error: disk full\n${own}\n${own}`))).length,
      3,
    );
  });
});
