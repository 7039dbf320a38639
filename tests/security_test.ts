/** What SECURITY.md calls a fault, as far as text, data and observers go. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  recoveryCaller,
  runNbr,
  runTick,
  StartStop,
  Ticker,
  untilAborted,
} from "@golib/runner";
import { effort } from "./_effort.ts";
import { failure, Printed, reasonOf, serve } from "./_helpers.ts";

const HOSTILE = "\u001b[2J\u0007ok\r\nRecovering process 'root': all is well";

// What may not stand in a line: what drives a terminal, ends the line, or makes it
// read as another.
const CONTROL =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

function assertHarmless(texts: readonly string[]): void {
  assert(texts.length > 0);
  for (const text of texts) {
    assertEquals(CONTROL.test(text), false, JSON.stringify(text));
    const forged = text.split("\n").slice(1)
      .filter((line) => line.startsWith("Recovering"));
    assertEquals(forged, []);
  }
}

describe("Untrusted text cannot forge a line or drive a terminal", () => {
  it("as the message, the name and the cause of an error", async () => {
    using printed = new Printed();
    const error = new Error(HOSTILE, { cause: new Error(HOSTILE) });
    error.name = HOSTILE;
    const ticker = new Ticker(60_000, () => {
      throw error;
    });
    await ticker.tick();
    assertHarmless(printed.texts);
  });

  it("as the name of a runner, and what it throws that is no error", async () => {
    using printed = new Printed();
    const runner = new StartStop(
      () => {
        throw HOSTILE;
      },
      undefined,
      { name: HOSTILE },
    );
    await runner.start();
    await runner.finished().catch(() => {});
    assertHarmless(printed.texts);
  });

  it("as what an observer throws", async () => {
    using printed = new Printed();
    const ticker = new Ticker(60_000, () => {}, {
      name: HOSTILE,
      observer: () => {
        throw new Error(HOSTILE);
      },
    });
    await ticker.tick();
    assertHarmless(printed.texts);
  });

  it("as the name of a runner whose grace and limits pass", async () => {
    using printed = new Printed();
    const { runner, run } = serve(
      { name: HOSTILE, printErrors: true, awaitReady: true, startTimeout: 5 },
      { stubborn: true },
    );
    assertEquals(await failure(runner.start()), "TimeoutError");
    assertEquals(await failure(runner.stop({ timeout: 5 })), "TimeoutError");
    run().end.open();
    assertEquals(await failure(runner.finished()), "TimeoutError");
    assertEquals(printed.texts.length, 2);
    assertHarmless(printed.texts);
  });

  it("as data that reads like a line of another kind", () => {
    using printed = new Printed();
    const forged = [
      "Recovering process 'root': all is well",
      "trace #0 => there",
      "cause #0 => nothing",
    ];
    recoveryCaller("backup", "full", ...forged, { toString: () => forged[0] });
    const lines = printed.texts[0]!.split("\n").slice(1);
    assertEquals(lines.length, 4);
    assertEquals(lines.filter((line) => forged.includes(line)), []);
  });

  it("as data, as its keys and as what they say of themselves", () => {
    using printed = new Printed();
    recoveryCaller(
      HOSTILE,
      HOSTILE,
      HOSTILE,
      [HOSTILE],
      { [HOSTILE]: HOSTILE },
      { toJSON: () => HOSTILE },
      { toString: () => HOSTILE, toJSON: () => undefined },
      Symbol(HOSTILE),
      new Error(HOSTILE),
      { toJSON: () => ({ toJSON: HOSTILE }) },
    );
    assertHarmless(printed.texts);
    assertEquals(printed.texts[0]!.split("\n").length, 9);
  });

  it("whatever it is, and wherever", () => {
    const evil = fc.constantFrom(
      HOSTILE,
      "\n",
      "\r\n",
      "\u001b[31m",
      "\u009b2J",
      "\u0085",
      "\u2028",
      "\u202e",
      "Recovering process",
      "trace #0 => ",
    );
    const texts = fc.array(fc.oneof(evil, fc.string({ unit: "binary" })), {
      maxLength: 4,
    }).map((parts) => `.${parts.join("")}`);
    const property = fc.property(
      fc.tuple(texts, texts, texts, texts),
      fc.array(texts, { maxLength: 3 }),
      ([name, message, ofCause, ofStack], data) => {
        using printed = new Printed();
        const error = new Error(message, { cause: ofCause });
        error.stack = `Error: ${message}\n    at ${ofStack}\n    at end`;
        recoveryCaller(name, error, ...data);
        assertEquals(printed.texts.length, 1);
        assertHarmless(printed.texts);
        const lines = printed.texts[0]!.split("\n").slice(1 + data.length);
        assertEquals(lines.at(-1)!.startsWith("cause #0 => ."), true);
        assert(lines.slice(0, -1).every((line) => /^trace #\d => /.test(line)));
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it("as the stack of an error", async () => {
    using printed = new Printed();
    const ticker = new Ticker(60_000, () => {
      throw Object.assign(new Error("x"), { stack: `x\n  at ${HOSTILE}` });
    });
    await ticker.tick();
    assert(printed.texts.every((text) => !CONTROL.test(text)));
  });
});

const refuse = (): never => {
  throw new RangeError("a trap");
};

/** Whatever is done with it throws. */
const TRAPS: ProxyHandler<object> = {
  get: refuse,
  set: refuse,
  has: refuse,
  ownKeys: refuse,
  deleteProperty: refuse,
  defineProperty: refuse,
  getOwnPropertyDescriptor: refuse,
  getPrototypeOf: refuse,
  setPrototypeOf: refuse,
  isExtensible: refuse,
  preventExtensions: refuse,
};

describe("An object whose every getter throws", () => {
  // deno-lint-ignore no-explicit-any
  const trap = (target: object = {}): any => new Proxy(target, TRAPS);
  const outcome = async (body: () => unknown): Promise<string> => {
    const reason = await reasonOf(Promise.resolve().then(body)) as Error;
    return reason.name;
  };
  const isRefusal = (name: string) =>
    ["TypeError", "RangeError"].includes(name);

  it("is refused by each call, which changes nothing", async () => {
    using printed = new Printed();
    const { runner, runs } = serve();
    await runner.start();
    const ticker = new Ticker(60_000, () => {}, { printErrors: false });
    const calls = [
      () => new StartStop(trap()),
      () => new StartStop(() => {}, trap()),
      () => new StartStop(() => {}, undefined, trap()),
      () => new Ticker(trap(), () => {}),
      () => new Ticker(5, trap()),
      () => new Ticker(5, () => {}, trap()),
      () => new Ticker(5, () => {}, { name: trap() }),
      () => ticker.tick(trap()),
      () => runner.observe(trap()),
      () => runTick(trap(), { interval: 1, timeout: 1 }),
      () => runTick(() => true, trap()),
      () => runNbr(trap(), { max: 1 }),
      () => runNbr(() => true, trap()),
      () => untilAborted(trap()),
      ...[runner, ticker].flatMap((each) => [
        () => each.start(trap()),
        () => each.start({ signal: trap() }),
        () => each.start({ timeout: trap() }),
        () => each.restart({ signal: trap() }),
        () => each.stop(trap()),
        () => each.stop({ signal: trap() }),
        () => each.stop({ timeout: trap() }),
        () => each.finished({ signal: trap() }),
      ]),
    ];
    for (const call of calls) {
      const name = await outcome(call);
      assert(isRefusal(name), `${call}: ${name}`);
      assertEquals([runs.length, runner.state], [1, "running"]);
      assertEquals(ticker.state, "stopped");
    }
    assertEquals(printed.texts, []);
    await runner.stop();
    assertEquals(runner.errorsTotal(), 0);
  });

  it("is recorded and printed where a function throws it", async () => {
    using printed = new Printed();
    const life = new AbortController();
    const runner = new StartStop(
      (signal) => untilAborted(signal).then(() => Promise.reject(trap())),
      () => {
        throw trap(() => {});
      },
      { observer: () => Promise.reject(trap([])) },
    );
    await runner.start({ signal: life.signal });
    life.abort(new Error("the end"));
    await failure(runner.finished());
    assertEquals(runner.errorsTotal(), 2);
    assertEquals(runner.errorsList().map(({ name }) => name), [
      "Error",
      "Error",
    ]);
    // Two errors; five events, as two tell of them.
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(printed.texts.length, 2 + 5);
    assertHarmless(printed.texts);
  });
});

describe("As many observers as there can be", () => {
  it("are each told of each event, and can leave", async () => {
    const runner = new StartStop(() => {}, undefined, { printErrors: false });
    let told = 0;
    const count = effort(50_000, 1_000_000);
    const leave = Array.from(
      { length: count },
      () => runner.observe(() => void told++),
    );
    await runner.start();
    await runner.finished();
    assertEquals(told, 2 * count);

    for (const each of leave) each();
    await runner.start();
    await runner.finished();
    assertEquals(told, 2 * count);
  });
});
