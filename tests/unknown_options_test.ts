/** Options that a class does not know, and bags that are none. */
// cspell:ignore STOPTIMEOUT stoptimeout Timeot Erors Timout awaitready

import {
  runTick,
  type StartOptions,
  StartStop,
  type StartStopOptions,
  Ticker,
  type TickerOptions,
  untilAborted,
} from "@golib/runner";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Printed, reasonOf } from "./_helpers.ts";

const hold = (signal: AbortSignal) => untilAborted(signal);

function service(options: object): StartStop {
  return new StartStop(hold, undefined, options as StartStopOptions);
}

function ticker(options: object): Ticker {
  return new Ticker(1_000, () => {}, options as TickerOptions);
}

describe("an option that a class does not know", () => {
  for (
    const [written, meant] of [
      ["stopTimeOut", "stopTimeout"],
      ["stop_timeout", "stopTimeout"],
      ["STOPTIMEOUT", "stopTimeout"],
      ["stopTimeot", "stopTimeout"],
      ["stpTimeot", "stopTimeout"],
      ["maxErors", "maxErrors"],
      ["observers", "observer"],
      ["Name", "name"],
    ] as const
  ) {
    it(`is an error that names '${meant}' where it is '${written}'`, () => {
      for (const make of [service, ticker]) {
        const error = assertThrows(() => make({ [written]: 1 }), TypeError);
        assert(error.message.includes(`'${written}'`), error.message);
        assert(error.message.includes(`'${meant}'`), error.message);
        assert(error.message.startsWith("Cannot create a "), error.message);
      }
    });
  }

  it("is an error also where its value is of the right type", () => {
    assertThrows(() => ticker({ tickTimout: 5 }), TypeError, "'tickTimeout'");
    assertThrows(() => service({ awaitready: true }), TypeError, "awaitReady");
  });

  it("is no error where its value is undefined", () => {
    using printed = new Printed();
    service({ stopTimeOut: undefined });
    assertEquals(printed.texts, []);
  });

  it("is named once for each class, and ignored, where it looks like none", () => {
    using printed = new Printed();
    for (let count = 0; count < 3; count++) {
      service({ somethingForLater: 1 });
      ticker({ somethingForLater: 1 });
    }
    assertEquals(printed.texts, [
      "StartStop: 'somethingForLater' is not an option and is ignored",
      "Ticker: 'somethingForLater' is not an option and is ignored",
    ]);
  });

  it("is not looked for among what the bag inherits or hides", () => {
    using printed = new Printed();
    const bag = Object.create({ stopTimeOut: 1, inheritedOne: 2 }) as object;
    Object.defineProperty(bag, "stoptimeout", { value: 1, enumerable: false });
    service(bag);
    assertEquals(printed.texts, []);
  });

  it("is named without anything that could drive a terminal", () => {
    using printed = new Printed();
    service({ "\u001b[31m_hostile_option": 1 });
    assertEquals(printed.texts.length, 1);
    assert(!printed.texts[0]!.includes("\u001b"));
  });

  it("is ignored in silence in the bag of a call", async () => {
    using printed = new Printed();
    const runner = service({});
    await runner.start({ timeOut: 5, other: 1 } as StartOptions);
    await runner.stop({ signals: 5 } as object);
    assertEquals(printed.texts, []);
  });
});

describe("a signal in the place of the options", () => {
  const { signal } = new AbortController();

  for (const verb of ["start", "stop", "restart", "finished"] as const) {
    it(`is an error of ${verb}() that says how a signal is given`, async () => {
      const runner = service({ name: "http" });
      const error = await reasonOf(runner[verb](signal as object));
      assert(error instanceof TypeError);
      const said = error.message;
      assert(said.includes(`${verb}({ signal })`), said);
      assert(said.endsWith("current value is an AbortSignal"), said);
      assertEquals(runner.state, "stopped");
    });
  }

  it("is an error of tick() and runTick()", async () => {
    const error = await reasonOf(ticker({}).tick(signal as object));
    assert((error as Error).message.includes("tick({ signal })"));
    assert(
      await reasonOf(runTick(() => true, signal as never)) instanceof TypeError,
    );
  });

  it("is an error of a constructor", () => {
    assertThrows(() => service(signal), TypeError, "an AbortSignal");
    assertThrows(() => ticker(signal), TypeError, "an AbortSignal");
    assertThrows(
      () => new StartStop(hold, signal as object),
      TypeError,
      "an AbortSignal",
    );
  });
});

describe("misuse of the constructors", () => {
  it("a cron line as the interval is an error that says how one is given", () => {
    const error = assertThrows(
      () => new Ticker("0 3 * * *" as never, () => {}),
      TypeError,
    );
    assert(error.message.includes("new Cron("), error.message);
    assert(error.message.endsWith('is "0 3 * * *"'), error.message);
  });

  it("the options of a StartStop may stand in the stop function's place", async () => {
    const runner = new StartStop(hold, { name: "short", stopTimeout: 7 });
    assertEquals([runner.name, runner.stopTimeout], ["short", 7]);
    await runner.start();
    await runner.stop();
    assertThrows(
      () => new StartStop(hold, {} as never, { name: "twice" }),
      TypeError,
      "'stop' must be a function",
    );
    assertThrows(() => new StartStop(hold, null as never), TypeError);
    assertThrows(
      () => new StartStop(hold, { stoptimeout: 1 } as object),
      TypeError,
      "stopTimeout",
    );
  });
});
