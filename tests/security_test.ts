import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { StartStop, Ticker } from "@golib/runner";
import { Printed } from "./_helpers.ts";

const HOSTILE = "\u001b[2J\u0007ok\r\nRecovering process 'root': all is well";

// What may stand in a line: nothing that drives a terminal or ends the line.
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/;

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

  it("as the stack of an error", async () => {
    using printed = new Printed();
    const ticker = new Ticker(60_000, () => {
      throw Object.assign(new Error("x"), { stack: `x\n  at ${HOSTILE}` });
    });
    await ticker.tick();
    assert(printed.texts.every((text) => !CONTROL.test(text)));
  });
});

describe("A million observers", () => {
  it("are each told of each event, and can leave", async () => {
    const runner = new StartStop(() => {}, undefined, { printErrors: false });
    let told = 0;
    const leave = Array.from(
      { length: 1_000_000 },
      () => runner.observe(() => void told++),
    );
    await runner.start();
    await runner.finished();
    assertEquals(told, 2_000_000);

    for (const each of leave) each();
    await runner.start();
    await runner.finished();
    assertEquals(told, 2_000_000);
  });
});
