import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { StartStop, untilAborted } from "@golib/runner";
import { Supervisor } from "@golib/runner/supervisor";
import type { Child, SupervisorOptions } from "@golib/runner/supervisor";
import { reasonOf } from "./_helpers.ts";

function runner(name = "a"): StartStop {
  return new StartStop(() => {}, undefined, { name });
}

function childOf(value: unknown): Child {
  return value as Child;
}

describe("Supervisor: bad input", () => {
  const options: [unknown, ErrorConstructor, string][] = [
    [null, TypeError, "'options' must be an object: current value is null"],
    [{ strategy: "all" }, TypeError, "'strategy' must be one of"],
    [{ name: 1 }, TypeError, "'name' must be a string"],
    [
      { stopTimeout: -1 },
      RangeError,
      "'stopTimeout' must be a number of milliseconds of at least 0",
    ],
    [{ stopTimeout: NaN }, RangeError, "current value is NaN"],
    [{ maxErrors: 0 }, RangeError, "'maxErrors' must be a whole number"],
    [{ printErrors: 1 }, TypeError, "'printErrors' must be a boolean"],
    [{ observer: 1 }, TypeError, "'observer' must be a function"],
    [{ backoff: 1 }, TypeError, "'backoff' must be an object"],
    [{ backoff: { initial: 0 } }, RangeError, "'backoff.initial' must be a"],
    [{ backoff: { initial: "1" } }, TypeError, 'current value is "1"'],
    [{ backoff: { initial: 9, max: 8 } }, RangeError, "at least 9"],
    [{ backoff: { factor: 0.5 } }, RangeError, "'backoff.factor' must be"],
    [{ backoff: { resetAfter: -1 } }, RangeError, "'backoff.resetAfter'"],
    [{ backoff: { random: 1 } }, TypeError, "'backoff.random' must be a f"],
    [{ intensity: null }, TypeError, "'intensity' must be an object"],
    [{ intensity: { restarts: 1.5 } }, RangeError, "'intensity.restarts'"],
    [{ intensity: { window: 0 } }, RangeError, "'intensity.window' must be"],
    [{ intensity: { then: "stop" } }, TypeError, "'intensity.then' must be"],
    [{ intensity: { coolDown: 0 } }, RangeError, "'intensity.coolDown'"],
  ];
  for (const [value, kind, message] of options) {
    it(`refuses the options ${JSON.stringify(value)}`, () => {
      const error = assertThrows(
        () => new Supervisor([], value as SupervisorOptions),
        kind,
        message,
      );
      assertEquals(error.message.startsWith("Cannot create a Superv"), true);
    });
  }

  const children: [string, unknown, ErrorConstructor, string][] = [
    ["no list", undefined, TypeError, "'children' must be a list"],
    ["a child that is none", [null], TypeError, "'child' must be an object"],
    ["a child without a runner", [{}], TypeError, "'runner' must be a runner"],
    [
      "a child without a name",
      [{ runner: { start() {}, stop() {}, finished() {}, uptime() {} } }],
      TypeError,
      "'name' must be a string: current value is undefined",
    ],
    [
      "an unknown restart",
      [{ runner: runner(), restart: "always" }],
      TypeError,
      "'restart' must be one of",
    ],
    [
      "names that are no list",
      [{ runner: runner(), dependsOn: "b" }],
      TypeError,
      "'dependsOn' must be a list of names",
    ],
    [
      "names that are null",
      [{ runner: runner(), dependsOn: null }],
      TypeError,
      "'dependsOn' must be a list of names: current value is null",
    ],
    [
      "a runner without uptime",
      [{ runner: { start() {}, stop() {}, finished() {} }, name: "a" }],
      TypeError,
      "'runner' must be a runner",
    ],
    [
      "a negative startTimeout",
      [{ runner: runner(), startTimeout: -1 }],
      RangeError,
      "'startTimeout' must be",
    ],
    [
      "a stopTimeout that is NaN",
      [{ runner: runner(), stopTimeout: NaN }],
      RangeError,
      "'stopTimeout' must be",
    ],
    [
      "a name that comes twice",
      [{ runner: runner() }, { runner: runner() }],
      Error,
      'the name "a" or its runner is another child\'s',
    ],
    [
      "an unknown dependency",
      [{ runner: runner(), dependsOn: ["b"] }],
      Error,
      '"a" depends on "b", which is no child',
    ],
    [
      "a child that depends on itself",
      [{ runner: runner(), dependsOn: ["a"] }],
      Error,
      'children depend on one another: "a" on "a"',
    ],
    [
      "a circle, which it names",
      [
        { runner: runner("out"), dependsOn: ["a"] },
        { runner: runner("a"), dependsOn: ["b"] },
        { runner: runner("b"), dependsOn: ["c"] },
        { runner: runner("c"), dependsOn: ["a"] },
      ],
      Error,
      'children depend on one another: "a" on "b" on "c" on "a"',
    ],
  ];
  for (const [what, value, kind, message] of children) {
    it(`refuses ${what}`, () => {
      assertThrows(() => new Supervisor(value as Child[]), kind, message);
    });
  }

  it("refuses a runner that comes twice", () => {
    const twice = runner();
    assertThrows(
      () => new Supervisor([{ runner: twice }, { runner: twice, name: "b" }]),
      Error,
      'the name "b" or its runner is another child\'s',
    );
  });

  it("refuses an observer that is no function", () => {
    assertThrows(
      () => new Supervisor([]).observe(childOf(1) as never),
      TypeError,
      "'observer' must be a function",
    );
  });

  it("rejects bad options of its calls, and changes nothing", async () => {
    const app = new Supervisor([{ runner: runner() }]);
    for (const call of ["start", "stop", "restart"] as const) {
      const error = await reasonOf(app[call]({ timeout: -1 })) as Error;
      assertEquals([error.name, app.state], ["RangeError", "stopped"]);
    }
  });

  it("refuses bad options of restartChild, and restarts nothing", async () => {
    let starts = 0;
    const part = new StartStop(
      (signal) => {
        starts++;
        return untilAborted(signal);
      },
      undefined,
      { name: "a" },
    );
    await using app = new Supervisor([{ runner: part }], { name: "app" });
    await app.start();
    for (const options of ["group", { group: "yes" }, null]) {
      const error = await reasonOf(
        app.restartChild("a", options as never),
      ) as Error;
      assertEquals([error.name, starts], ["TypeError", 1]);
      assert(error.message.startsWith('Cannot restart "a" of "app": '));
    }
  });

  it("refuses to run itself, also by way of another", async () => {
    const low = new Supervisor([], { name: "low" });
    const mid = new Supervisor([{ runner: low }], { name: "mid" });
    const app = new Supervisor([{ runner: mid }], { name: "app" });
    for (const runner of [low, mid, app]) {
      const { message } = await reasonOf(low.addChild({ runner })) as Error;
      assertEquals(
        message,
        `Cannot add a child to "low": it would run itself, below "${runner.name}"`,
      );
    }
    assertEquals(low.children(), []);
    await low.start();
    const add = low.addChild({ name: "x", create: () => app });
    const { message } = await reasonOf(add) as Error;
    assert(message.includes("would run itself"), message);
    await low.stop();
  });

  it("takes a chain of ten thousand dependencies", () => {
    const list = Array.from({ length: 10_000 }, (_each, index) => ({
      runner: runner(`${index}`),
      dependsOn: index < 9_999 ? [`${index + 1}`] : [],
    }));
    assertEquals(new Supervisor(list).status().children.length, 10_000);
    list[9_999]!.dependsOn.push("0");
    assertThrows(() => new Supervisor(list), Error, "depend on one another");
  });
});
