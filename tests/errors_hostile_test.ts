// What is thrown may be anything, also what was made to do harm.

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { StartStop, Ticker, untilAborted } from "@golib/runner";
import { Printed, reasonOf, turns, watch } from "./_helpers.ts";

const refuse = (): never => {
  throw new Error("a trap");
};
const TRAPS: ProxyHandler<object> = {
  get: refuse,
  has: refuse,
  set: refuse,
  getOwnPropertyDescriptor: refuse,
  defineProperty: refuse,
  getPrototypeOf: refuse,
  ownKeys: refuse,
};

function getting(key: string, get: () => unknown): Error {
  return Object.defineProperty(new Error("getter"), key, { get });
}

function circular(): Error {
  const [one, other] = [new Error("one"), new Error("other")];
  one.cause = other;
  other.cause = one;
  return one;
}

function itsOwnError(): Error {
  const error = new AggregateError([], "itself");
  error.errors.push(error);
  return error;
}

function endless(): Error {
  const error: Error = Object.defineProperty(new Error("endless"), "cause", {
    get: endless,
  });
  return error;
}

function nested(depth: number): Error {
  let error = new Error("innermost");
  for (let level = 0; level < depth; level++) {
    error = new AggregateError([error]);
  }
  return error;
}

/** Whether the engine takes it: workerd looks into a reason, and may fail at it. */
function canBeReason(value: unknown): boolean {
  try {
    AbortSignal.abort(value);
    return true;
  } catch {
    return false;
  }
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const NESTED = nested(20_000);

const HOSTILE: Record<string, () => unknown> = {
  "a frozen Error": () => Object.freeze(new Error("frozen")),
  "a Proxy that throws": () => new Proxy({}, TRAPS),
  "a Proxy of an Error that throws": () => new Proxy(new Error("e"), TRAPS),
  "a Proxy of a function that throws": () => new Proxy(() => {}, TRAPS),
  "a revoked Proxy": revoked,
  "an Error that is its own cause": () => {
    const error = new Error("own");
    return Object.assign(error, { cause: error });
  },
  "an Error with circular causes": circular,
  "an Error with endless causes": endless,
  "an AggregateError that holds itself": itsOwnError,
  "AggregateErrors nested without end": () => NESTED,
  "an Error whose stack getter throws": () => getting("stack", refuse),
  "an Error whose message getter throws": () => getting("message", refuse),
  "an Error whose name getter throws": () => getting("name", refuse),
  "an Error whose cause getter throws": () => getting("cause", refuse),
  "an Error whose errors getter throws": () => getting("errors", refuse),
  "an Error with a list of errors that throws": () =>
    getting("errors", () => new Proxy([1], TRAPS)),
  "an Error with a revoked list of errors": () =>
    getting("errors", () => {
      const { proxy, revoke } = Proxy.revocable([], {});
      revoke();
      return proxy;
    }),
  "an Error with a list of errors that has no every": () =>
    getting("errors", () => Object.assign([1], { every: undefined })),
  "an Error whose stack is no text": () => getting("stack", () => Symbol()),
  "an Error whose message is no text": () => getting("message", () => ({})),
  "an object whose toString throws": () => ({ toString: refuse }),
  "an object without a prototype": () => Object.create(null),
  "an object whose then throws": () => ({ then: refuse }),
  "a Symbol": () => Symbol("thrown"),
  "null": () => null,
  "undefined": () => undefined,
  "a bigint": () => 1n,
  "a class": () => class Thrown {},
};

function isSame(error: Error, value: unknown): boolean {
  return Object.is(error, value) || Object.is(error.cause, value);
}

describe("a thrown value that is hostile", () => {
  for (const [name, make] of Object.entries(HOSTILE)) {
    it(`is recorded and printed, and the run ends: ${name}`, async () => {
      using printed = new Printed();
      const ways: ((value: unknown) => unknown)[] = [
        (value) => {
          throw value;
        },
        (value) => Promise.reject(value),
      ];
      for (const way of ways) {
        const value = make();
        const runner = new StartStop(() => way(value));
        await runner.start();
        const reason = await reasonOf(runner.finished());
        assertEquals([runner.state, runner.errorsTotal()], ["stopped", 1]);
        assertStrictEquals(reason, runner.errorsLast());
        assert(isSame(runner.errorsList()[0]!, value));
      }
      assertEquals(printed.texts.length, ways.length);
    });

    it(`is recorded after the abort, by start and stop function: ${name}`, async () => {
      const value = make();
      const runner = new StartStop(
        (signal) => untilAborted(signal).then(() => Promise.reject(value)),
        () => Promise.reject(value),
        { printErrors: false },
      );
      await runner.start();
      await runner.stop();
      assertEquals([runner.state, runner.errorsTotal()], ["stopped", 2]);
      for (const error of runner.errorsList()) assert(isSame(error, value));
      await runner.start();
      await runner.stop();
      assertEquals(runner.state, "stopped");
    });

    it(`rejects the start() that waits for readiness: ${name}`, async () => {
      const value = make();
      const runner = new StartStop(
        () => {
          throw value;
        },
        undefined,
        { awaitReady: true, printErrors: false },
      );
      assertStrictEquals(await reasonOf(runner.start()), runner.errorsLast());
      assert(isSame(runner.errorsLast()!, value));
    });

    it(`does not stop a ticker, and is in its event: ${name}`, async () => {
      const value = make();
      const errors: unknown[] = [];
      const ticker = new Ticker(
        60_000,
        () => {
          throw value;
        },
        {
          immediate: true,
          printErrors: false,
          observer: (event) => {
            if ("error" in event && event.error) errors.push(event.error);
          },
        },
      );
      await ticker.start();
      await turns();
      assertEquals([ticker.state, ticker.errorsTotal()], ["running", 1]);
      assertEquals(errors.length, 2);
      for (const error of errors) {
        assertStrictEquals(error, ticker.errorsLast());
      }
      await ticker.stop();
    });
  }

  it("is one as an abort's reason too", async () => {
    for (const make of Object.values(HOSTILE)) {
      const value = make();
      if (value === undefined) continue;
      if (!canBeReason(value)) continue;
      const life = new AbortController();
      const runner = new StartStop(
        (signal) => untilAborted(signal).then(() => Promise.reject(value)),
        undefined,
        { printErrors: false },
      );
      await runner.start({ signal: life.signal });
      life.abort(value);
      await runner.finished();
      assertEquals([runner.state, runner.errorsTotal()], ["stopped", 0]);
      // An await of the bare value would look for its `then`.
      const refused = watch(runner.start({ signal: life.signal }));
      await turns();
      assertStrictEquals(refused.reason, value);
    }
  });
});
