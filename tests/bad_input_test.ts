import {
  recoveryCaller,
  runNbr,
  runTick,
  StartStop,
  Ticker,
  untilAborted,
} from "@golib/runner";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { settle } from "./_fake_clocks.ts";
import { capture } from "./_watch.ts";

type Bag = Record<string, unknown>;

/** Wrong values, each with the way a message shows it. */
const NO_STRING: [unknown, string][] = [
  [null, "null"],
  [5, "5"],
  [true, "true"],
  [{}, "an object"],
  [() => {}, "a function"],
  [Symbol("s"), "Symbol(s)"],
];
const NO_BOOLEAN: [unknown, string][] = [
  [null, "null"],
  [0, "0"],
  ["true", '"true"'],
  [{}, "an object"],
];
const NO_FUNCTION: [unknown, string][] = [
  [null, "null"],
  [5, "5"],
  ["function", '"function"'],
  [{}, "an object"],
  [[], "an object"],
];
const NO_NUMBER: [unknown, string][] = [
  [null, "null"],
  ["5", '"5"'],
  [5n, "5"],
  [true, "true"],
  [{ valueOf: () => 5 }, "an object"],
  [() => 5, "a function"],
  [Symbol("s"), "Symbol(s)"],
  [[5], "an object"],
];
const NO_SIGNAL: [unknown, string][] = [
  [null, "null"],
  [5, "5"],
  ["signal", '"signal"'],
  [{}, "an object"],
  [{ aborted: false }, "an object"],
  [
    { aborted: 0, addEventListener() {}, removeEventListener() {} },
    "an object",
  ],
  [new AbortController(), "an object"],
  [new EventTarget(), "an object"],
  [() => {}, "a function"],
  [
    Object.assign(() => {}, {
      aborted: false,
      addEventListener() {},
      removeEventListener() {},
    }),
    "a function",
  ],
];
const NO_BAG: [unknown, string][] = [
  [null, "null"],
  [5, "5"],
  ["options", '"options"'],
  [() => {}, "a function"],
  [true, "true"],
];

const FUNCTION = "a function";
const TIMEOUT = "a number of milliseconds of at least 0";
const FINITE = "a finite number of milliseconds";
const SIGNAL = "an AbortSignal";

/** One wrong input: what it is, and the error that it should give. */
interface Wrong {
  readonly value: unknown;
  readonly shown: string;
  readonly kind: typeof TypeError | typeof RangeError;
}

function types(values: [unknown, string][]): Wrong[] {
  return values.map(([value, shown]) => ({ value, shown, kind: TypeError }));
}

function numbers(...values: number[]): Wrong[] {
  return [
    ...types(NO_NUMBER),
    ...values.map((value) => ({ value, shown: `${value}`, kind: RangeError })),
  ];
}

/** An argument or option, and what is wrong for it. */
interface Input {
  readonly name: string;
  readonly expected: string;
  readonly wrong: Wrong[];
}

const input = (name: string, expected: string, wrong: Wrong[]): Input => ({
  name,
  expected,
  wrong,
});
const aFunction = (name: string) => input(name, FUNCTION, types(NO_FUNCTION));
const aTimeout = (name: string) =>
  input(name, TIMEOUT, numbers(NaN, -1, -0.001, -Infinity));
const aFlag = (name: string) => input(name, "a boolean", types(NO_BOOLEAN));
const aSignal = input("signal", SIGNAL, types(NO_SIGNAL));

const COMMON: Input[] = [
  input("name", "a string", types(NO_STRING)),
  aFunction("observer"),
  aFlag("printErrors"),
  aTimeout("stopTimeout"),
  input(
    "maxErrors",
    "a whole number of at least 1",
    numbers(NaN, 0, -1, 1.5, -Infinity),
  ),
];

/** A public function, called with one input wrong. */
interface Target {
  readonly what: string;
  readonly isAsync: boolean;
  readonly arguments: [Input, (value: unknown) => unknown][];
  /** What takes the options, and which there are. */
  readonly call: (options: unknown) => unknown;
  readonly valid: Bag;
  readonly options: Input[];
  /** Whether the bag may be left out. */
  readonly needsBag?: boolean;
}

const nothing = () => {};
// Those below are refused; a type checker would refuse them first.
// deno-lint-ignore no-explicit-any
const any = (value: unknown): any => value;
const service = new StartStop(nothing, nothing, { name: "it" });
const ticker = new Ticker(60_000, nothing, { name: "it" });

const TARGETS: Target[] = [
  {
    what: "create a Ticker",
    isAsync: false,
    arguments: [
      [
        input("interval", FINITE, [
          ...numbers(NaN, Infinity, -Infinity),
          { value: undefined, shown: "undefined", kind: TypeError },
        ]),
        (value) => new Ticker(any(value), nothing),
      ],
      [
        input("tick", FUNCTION, [
          ...types(NO_FUNCTION),
          { value: undefined, shown: "undefined", kind: TypeError },
        ]),
        (value) => new Ticker(5, any(value)),
      ],
    ],
    call: (options) => new Ticker(5, nothing, any(options)),
    valid: {},
    options: [
      ...COMMON,
      aFlag("immediate"),
      aFlag("persistent"),
      aTimeout("tickTimeout"),
    ],
  },
  {
    what: "create a StartStop",
    isAsync: false,
    arguments: [
      [
        input("start", FUNCTION, [
          ...types(NO_FUNCTION),
          { value: undefined, shown: "undefined", kind: TypeError },
        ]),
        (value) => new StartStop(any(value)),
      ],
      [
        aFunction("stop"),
        // With options behind it, as they may stand in its place.
        (value) => new StartStop(nothing, any(value), {}),
      ],
    ],
    call: (options) => new StartStop(nothing, undefined, any(options)),
    valid: {},
    options: [...COMMON, aFlag("awaitReady"), aTimeout("startTimeout")],
  },
  ...[service, ticker].flatMap((runner): Target[] => [
    {
      what: 'observe "it"',
      isAsync: false,
      arguments: [[
        input("observer", FUNCTION, [
          ...types(NO_FUNCTION),
          { value: undefined, shown: "undefined", kind: TypeError },
        ]),
        (value) => runner.observe(any(value)),
      ]],
      call: nothing,
      valid: {},
      options: [],
    },
    ...(["start", "restart", "stop"] as const).map((verb): Target => ({
      what: `${verb} "it"`,
      isAsync: true,
      arguments: [],
      call: (options) => runner[verb](any(options)),
      valid: {},
      options: [aSignal, aTimeout("timeout")],
    })),
    {
      what: 'wait for "it"',
      isAsync: true,
      arguments: [],
      call: (options) => runner.finished(any(options)),
      valid: {},
      options: [aSignal],
    },
  ]),
  {
    what: "runNbr",
    isAsync: true,
    arguments: [[
      aFunction("check"),
      (value) => runNbr(any(value), { max: 0 }),
    ]],
    call: (options) => runNbr(() => true, any(options)),
    valid: { max: 1 },
    options: [
      input("max", "a whole number of at least 0", [
        ...numbers(NaN, -1, 1.5, Infinity),
        { value: undefined, shown: "undefined", kind: TypeError },
      ]),
      aFunction("run"),
    ],
    needsBag: true,
  },
  {
    what: "runTick",
    isAsync: true,
    arguments: [[
      aFunction("check"),
      (value) => runTick(any(value), { interval: 1, timeout: 0 }),
    ]],
    call: (options) => runTick(() => true, any(options)),
    valid: { interval: 1, timeout: 1 },
    options: [
      input("interval", "a finite number of milliseconds above 0", [
        ...numbers(NaN, 0, -1, Infinity, -Infinity),
        { value: undefined, shown: "undefined", kind: TypeError },
      ]),
      input("timeout", TIMEOUT, [
        ...numbers(NaN, -1, -Infinity),
        { value: undefined, shown: "undefined", kind: TypeError },
      ]),
      aFunction("run"),
      aSignal,
    ],
    needsBag: true,
  },
  {
    what: "wait for an abort",
    isAsync: true,
    arguments: [[aSignal, (value) => untilAborted(any(value))]],
    call: nothing,
    valid: {},
    options: [],
  },
];

/** The error of a call that must throw, or else return a promise that rejects. */
async function errorOf(
  isAsync: boolean,
  call: () => unknown,
): Promise<Error> {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    assert(!isAsync, `it should not throw, but reject: ${error}`);
    return error as Error;
  }
  assert(isAsync, "it should have thrown");
  try {
    await result;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it should have rejected");
}

function assertRefused(
  { what }: Target,
  { name, expected }: Input,
  { kind, shown }: Wrong,
  error: Error,
): void {
  assertInstanceOf(error, kind);
  assertEquals(
    error.message,
    `Cannot ${what}: '${name}' must be ${expected}: current value is ${shown}`,
  );
}

function title({ what, isAsync }: Target): string {
  return `To ${what}, ${isAsync ? "a promise rejects" : "it throws"}`;
}

describe("Bad input", () => {
  for (const [index, target] of TARGETS.entries()) {
    const kind = / "it"$/.test(target.what)
      ? index < 7 ? " (StartStop)" : " (Ticker)"
      : "";
    describe(`${title(target)}${kind}`, () => {
      for (const [argument, call] of target.arguments) {
        it(`where the argument ${argument.name} is wrong`, async () => {
          for (const wrong of argument.wrong) {
            const error = await errorOf(
              target.isAsync,
              () => call(wrong.value),
            );
            assertRefused(target, argument, wrong, error);
          }
        });
      }

      for (const option of target.options) {
        it(`where the option ${option.name} is wrong`, async () => {
          for (const wrong of option.wrong) {
            const options = { ...target.valid, [option.name]: wrong.value };
            const error = await errorOf(
              target.isAsync,
              () => target.call(options),
            );
            assertRefused(target, option, wrong, error);
          }
        });

        it(`with what a getter of the option ${option.name} throws`, async () => {
          const failure = new Error("a getter");
          const options = Object.defineProperty(
            { ...target.valid },
            option.name,
            {
              get() {
                throw failure;
              },
            },
          );
          const error = await errorOf(
            target.isAsync,
            () => target.call(options),
          );
          assertStrictEquals(error, failure);
        });
      }

      if (target.options.length === 0) return;

      it("where the options are no bag", async () => {
        for (const [value, shown] of NO_BAG) {
          const error = await errorOf(
            target.isAsync,
            () => target.call(value),
          );
          assertInstanceOf(error, TypeError);
          assertEquals(
            error.message,
            `Cannot ${target.what}: 'options' must be an object: current value is ${shown}`,
          );
        }
      });

      it("and takes undefined for absent", async () => {
        const options = Object.fromEntries(
          target.options.map(({ name }) => [name, undefined]),
        );
        if (/^(start|restart|stop|wait for) /.test(target.what)) {
          // Where it takes effect, it is tried with a runner of its own.
          const own = new Ticker(60_000, nothing);
          await own.start(options);
          await own.restart(options);
          await own.stop(options);
          await own.finished(options);
          await own.stop(undefined);
        } else {
          await target.call({ ...options, ...target.valid });
          if (!target.needsBag) await target.call(undefined);
        }
      });
    });
  }

  // Where `exactOptionalPropertyTypes` is on, only the type can refuse it.
  it("undefined is absent, also by the types", async () => {
    const signal: AbortSignal | undefined = undefined;
    const ticker = new Ticker(60_000, nothing, {
      name: undefined,
      observer: undefined,
      tickTimeout: undefined,
    });
    const service = new StartStop(nothing, undefined, {
      awaitReady: undefined,
    });
    await ticker.start({ signal, timeout: undefined });
    await ticker.tick({ signal });
    await ticker.stop({ signal, timeout: undefined });
    await ticker.finished({ signal });
    await runNbr(() => true, { max: 0, run: undefined });
    await runTick(() => true, { interval: 1, timeout: 0, signal });
    assertEquals([ticker.name, service.name], ["ticker", "start-stop"]);
  });

  it("never reads an option twice, nor changes the bag", () => {
    for (const { what, call, options, valid, isAsync } of TARGETS) {
      if (isAsync || options.length === 0) continue;
      const reads: string[] = [];
      const given = Object.freeze(
        new Proxy(valid, {
          get(target, key) {
            reads.push(String(key));
            return Reflect.get(target, key);
          },
        }),
      );
      call(given);
      assertEquals(reads.length, new Set(reads).size, what);
    }
  });

  for (const verb of ["start", "restart", "stop", "finished"] as const) {
    it(`to ${verb}() changes nothing, whatever the state is`, async () => {
      for (const state of ["stopped", "running", "stopping"] as const) {
        const events: string[] = [];
        const runner = new StartStop(
          () => new Promise<void>((resolve) => end = resolve),
          undefined,
          { observer: ({ type }) => void events.push(type) },
        );
        let end = nothing;
        const stops: Promise<void>[] = [];
        if (state !== "stopped") await runner.start();
        if (state === "stopping") stops.push(runner.stop());
        events.length = 0;
        for (
          const options of [
            null,
            { signal: null },
            { timeout: NaN },
            { timeout: -1, signal: new AbortController().signal },
            {
              get signal() {
                throw new RangeError("a getter");
              },
            },
            {
              signal: {
                get aborted() {
                  throw new RangeError("a getter");
                },
              },
            },
          ]
        ) {
          if (verb === "finished" && options && "timeout" in options) continue;
          await errorOf(true, () => runner[verb](any(options)));
          assertEquals([runner.state, events], [state, []]);
        }
        if (state === "running") stops.push(runner.stop());
        end();
        await Promise.all(stops);
        assertEquals([runner.state, runner.errorsTotal()], ["stopped", 0]);
      }
    });
  }

  it("leaves the errors of the last run where start() is refused", async () => {
    const runner = new StartStop(
      () => {
        throw new Error("of the last run");
      },
      undefined,
      { printErrors: false },
    );
    await runner.start();
    await settle();
    await errorOf(true, () => runner.start(any({ timeout: NaN })));
    assertEquals(runner.errorsLast()?.message, "of the last run");
  });

  it("leaves no listener on a signal beside which the timeout is wrong", async () => {
    let listeners = 0;
    const { signal } = new AbortController();
    signal.addEventListener = () => void listeners++;
    const runner = new Ticker(60_000, nothing);
    for (const verb of ["start", "restart", "stop"] as const) {
      await errorOf(true, () => runner[verb]({ signal, timeout: NaN }));
    }
    await errorOf(
      true,
      () => runTick(() => true, { interval: 0, timeout: 5, signal }),
    );
    assertEquals([listeners, runner.state], [0, "stopped"]);
  });

  it("calls neither check nor run where a tool refuses its options", async () => {
    let calls = 0;
    const count = () => {
      calls++;
      return true;
    };
    await errorOf(true, () => runNbr(count, any({ max: -1, run: count })));
    await errorOf(true, () => runNbr(count, { max: 1, run: any(null) }));
    await errorOf(
      true,
      () => runTick(count, { interval: 5, timeout: NaN, run: count }),
    );
    assertEquals(calls, 0);
  });

  it("subscribes no observer that is refused, nor calls one at once", () => {
    const runner = new Ticker(60_000, nothing);
    let calls = 0;
    runner.observe(() => calls++);
    assertEquals(calls, 0);
  });

  it("knows a signal by its shape, also one of another realm", async () => {
    const like = {
      aborted: false,
      reason: undefined,
      addEventListener: nothing,
      removeEventListener: nothing,
    } as unknown as AbortSignal;
    const runner = new Ticker(60_000, nothing);
    await runner.start({ signal: like });
    await runner.stop({ signal: like });
  });

  it("takes nothing for a signal that lacks a part of its shape", async () => {
    const shape = {
      aborted: false,
      addEventListener: nothing,
      removeEventListener: nothing,
    };
    for (const part of Object.keys(shape)) {
      const signal = { ...shape, [part]: undefined } as unknown as AbortSignal;
      const runner = new Ticker(60_000, nothing);
      for (const verb of ["start", "restart", "stop"] as const) {
        const { name, message } = await errorOf(
          true,
          () => runner[verb]({ signal }),
        ) as Error;
        assertEquals(name, "TypeError");
        assertStringIncludes(message, `Cannot ${verb} "ticker": 'signal' must`);
      }
      assertEquals(runner.state, "stopped");
    }
  });

  it("takes the numbers that make sense, up to their ends", () => {
    for (
      const ms of [0, 0.5, 1, 2 ** 31, 2 ** 53, Number.MAX_VALUE, Infinity]
    ) {
      new Ticker(5, nothing, { stopTimeout: ms, tickTimeout: ms });
      new StartStop(nothing, nothing, { stopTimeout: ms, startTimeout: ms });
    }
    for (const maxErrors of [1, 2 ** 32, Number.MAX_SAFE_INTEGER, Infinity]) {
      new StartStop(nothing, nothing, { maxErrors });
    }
    for (const interval of [-Number.MAX_VALUE, 2 ** 53, Number.MAX_VALUE]) {
      new Ticker(interval, nothing);
    }
  });

  it("cuts a long value short in its message", async () => {
    const name = any(5);
    const long = any("x".repeat(100_000));
    const error = await errorOf(false, () => new Ticker(long, nothing));
    assert(error.message.length < 300, `${error.message.length}`);
    await errorOf(false, () => new Ticker(5, nothing, { name }));
  });

  it("shows a hostile value without a throw of its own", async () => {
    const fail = () => {
      throw new Error("hostile");
    };
    const hostile = any(new Proxy({}, { get: fail, getPrototypeOf: fail }));
    const error = await errorOf(false, () => new Ticker(hostile, nothing));
    assertInstanceOf(error, TypeError);
  });

  it("is none to recoveryCaller, which takes anything", async () => {
    const writes = await capture(() => {
      for (const value of [null, undefined, NaN, {}, nothing, Symbol("s")]) {
        recoveryCaller(any(value), any(value), any(value));
      }
    });
    assertEquals(writes.length, 4);
  });
});
