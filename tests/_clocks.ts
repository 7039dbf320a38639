/** The fake clocks that people test with, behind one way to use them. */

import { FakeTime } from "@std/testing/time";
import { isNode } from "./_child.ts";
import { HandClock, type HandClockOptions, settle } from "./_fake_clocks.ts";

/** A clock that is in force. */
export interface Installed {
  /** Moves it on, with time for microtasks at each timer. */
  pass(ms: number): Promise<void>;
  restore(): void;
}

export interface ClockKind {
  readonly name: string;
  /** Whether anything that can be read moves with the timers. */
  readonly tells: boolean;
  /** Whether it fakes within the engine's own functions, whoever has them. */
  readonly within?: boolean;
  /** Whether this engine does not have it. */
  readonly missing?: boolean;
  install(): Promise<Installed>;
}

/** What is used of the mock of `node:test`. */
interface NodeTest {
  readonly mock: {
    readonly timers: {
      enable(options: { apis: string[] }): void;
      tick(ms: number): void;
      reset(): void;
    };
  };
}

function hand(name: string, options: HandClockOptions): ClockKind {
  return {
    name,
    tells: options.date !== false || options.performance !== false,
    install: () => Promise.resolve(new HandClock(options)),
  };
}

type Faked = "Date" | "performance" | "setTimeout" | "clearTimeout";

// It starts a timer as it is loaded, which edge platforms forbid outside a test.
function sinon(name: string, toFake: Faked[] | undefined): ClockKind {
  return {
    name: `@sinonjs/fake-timers, ${name}`,
    tells: toFake === undefined || toFake.includes("Date"),
    async install() {
      const { install } = await import("@sinonjs/fake-timers");
      const clock = install(
        toFake ? { toFake } : { toNotFake: ["nextTick", "queueMicrotask"] },
      );
      return {
        async pass(ms) {
          await settle();
          await clock.tickAsync(ms);
          await settle();
        },
        restore: () => clock.uninstall(),
      };
    },
  };
}

/** Small steps, between which there is time for microtasks. */
function* steps(ms: number, each = 5): Generator<number> {
  for (let passed = 0; passed < ms; passed += each) {
    yield Math.min(each, ms - passed);
  }
}

/** What is used of the fake timers of `bun:test`. */
interface BunTest {
  readonly jest: {
    useFakeTimers(): void;
    advanceTimersByTime(ms: number): void;
    useRealTimers(): void;
  };
}

// Engines without the module must not find its name in the graph.
function load<T>(name: string): Promise<T> {
  return import(name);
}

function runnerOfNode(apis: string[]): ClockKind {
  return {
    name: `the mock of node:test, ${apis.join(" and ")}`,
    tells: apis.includes("Date"),
    missing: !isNode,
    async install() {
      const { mock: { timers } } = await load<NodeTest>("node:test");
      timers.enable({ apis });
      return {
        async pass(ms: number) {
          await settle();
          // All that is due in a step sees the end of it.
          for (const step of steps(ms, 1)) {
            timers.tick(step);
            await settle();
          }
        },
        restore: () => timers.reset(),
      };
    },
  };
}

const runnerOfBun: ClockKind = {
  name: "the fake timers of bun:test",
  tells: true,
  within: true,
  missing: !("Bun" in globalThis),
  async install() {
    const { jest } = await load<BunTest>("bun:test");
    jest.useFakeTimers();
    return {
      async pass(ms) {
        await settle();
        for (const step of steps(ms)) {
          jest.advanceTimersByTime(step);
          await settle();
        }
      },
      restore: () => void jest.useRealTimers(),
    };
  },
};

const fakeTime: ClockKind = {
  name: "FakeTime",
  tells: true,
  install() {
    const time = new FakeTime();
    return Promise.resolve({
      async pass(ms: number) {
        await settle();
        for (const step of steps(ms)) {
          time.tick(step);
          await settle();
        }
      },
      restore: () => time.restore(),
    });
  },
};

/** Every fake clock, also those that cannot be had here. */
export const clocks: ClockKind[] = [
  fakeTime,
  sinon("all of it", undefined),
  sinon("Date and timers", ["Date", "setTimeout", "clearTimeout"]),
  sinon("timers alone", ["setTimeout", "clearTimeout"]),
  hand("a clock that fakes all", {}),
  hand("a clock that fakes Date and timers", { performance: false }),
  hand("a clock that fakes performance and timers", { date: false }),
  hand("a clock that fakes timers alone", { date: false, performance: false }),
  hand("a clock with FakeTime's one set of functions", {
    performance: false,
    shared: true,
  }),
  runnerOfBun,
  runnerOfNode(["setTimeout", "Date"]),
  runnerOfNode(["setTimeout"]),
];
