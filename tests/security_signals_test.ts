/**
 * What looks like a signal may have been made to do harm. A call with it may
 * reject; what it must not do is to throw elsewhere, to wait for ever, or to leave
 * a runner that no longer keeps its word.
 */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  runTick,
  type StartOptions,
  type StartStop,
  Ticker,
  untilAborted,
} from "@golib/runner";
import { Printed, reasonOf, serve, turns, watch } from "./_helpers.ts";
import { wait } from "./_watch.ts";

const refuse = (): never => {
  throw new RangeError("a trap");
};

/** A look-alike, and how it aborts. */
interface Like {
  readonly signal: AbortSignal;
  fire(): void;
}

interface Trait {
  /** What reading `aborted` gives, the nth time. */
  aborted?(read: number, isAborted: boolean): boolean;
  reason?(): unknown;
  add?(call: () => void, time: number): void;
  remove?(call: () => void): void;
  /** How often a listener is called by an abort. */
  readonly calls?: number;
}

function like(trait: Trait): Like {
  const listeners: (() => void)[] = [];
  let reads = 0;
  let adds = 0;
  let isAborted = false;
  const signal = {
    get aborted() {
      return trait.aborted?.(reads++, isAborted) ?? isAborted;
    },
    get reason() {
      return trait.reason?.();
    },
    addEventListener(_type: string, call: () => void) {
      trait.add?.(call, adds++);
      listeners.push(call);
    },
    removeEventListener(_type: string, call: () => void) {
      trait.remove?.(call);
      const index = listeners.indexOf(call);
      if (index >= 0) listeners.splice(index, 1);
    },
  } as unknown as AbortSignal;
  return {
    signal,
    fire() {
      isAborted = true;
      const { calls = 1 } = trait;
      for (const call of listeners.slice()) {
        for (let count = 0; count < calls; count++) call();
      }
    },
  };
}

const traits: Record<string, Trait> = {
  "whose reason throws": { reason: refuse },
  "without a reason": {},
  "whose addEventListener throws": { add: refuse },
  "whose addEventListener throws the second time": {
    add: (_call, time) => time > 0 && refuse(),
  },
  "whose removeEventListener throws": { remove: refuse },
  "that calls its listener as it comes": { add: (call) => call() },
  "that calls its listener as it goes": { remove: (call) => call() },
  "that calls its listener three times": { calls: 3 },
  "that never calls its listener": { calls: 0 },
  "that is aborted every other time": { aborted: (read) => read % 2 === 1 },
  ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6].flatMap((from): [
    string,
    Trait,
  ][] => [
    [`whose aborted throws from read ${from} on`, {
      aborted: (read, isAborted) => read < from ? isAborted : refuse(),
    }],
    [`whose aborted throws at read ${from} alone`, {
      aborted: (read, isAborted) => read === from ? refuse() : isAborted,
    }],
    [`that is aborted from read ${from} on, and calls nobody`, {
      aborted: (read) => read >= from,
      calls: 0,
    }],
  ])),
};

const runnerOf = () => serve({ stopTimeout: 20, startTimeout: 20 });

type Verb = "start" | "stop" | "restart" | "finished";

/** Uses a look-alike in each way there is, with the abort at each moment. */
const uses: Record<string, readonly (Verb | "fire" | "plain start")[]> = {
  "a start": ["start", "fire"],
  "a start that is stopped": ["start", "stop", "fire"],
  "a start in line": ["plain start", "start", "fire"],
  "starts in line": ["plain start", "start", "start", "restart", "fire"],
  "a restart": ["plain start", "restart", "fire"],
  "a stop": ["plain start", "stop", "fire"],
  "a wait for the end": ["plain start", "finished", "fire"],
  "all of them": ["start", "finished", "restart", "stop", "start", "fire"],
};

describe("A look-alike of a signal", () => {
  for (const [name, trait] of Object.entries(traits)) {
    it(`${name} harms no runner`, async () => {
      using printed = new Printed();
      for (const [use, verbs] of Object.entries(uses)) {
        const service = runnerOf();
        await exercise(service.runner, verbs, like(trait));
        assertEquals(service.most, 1, use);
        assert(printed.texts.every((text) => text.includes("a trap")), use);
      }
      for (const verbs of Object.values(uses)) {
        const ticker = new Ticker(60_000, () => {}, {
          printErrors: false,
          stopTimeout: 20,
        });
        await exercise(ticker, verbs, like(trait));
      }
    });

    it(`${name} harms no tool`, async () => {
      using _printed = new Printed();
      const one = like(trait);
      const waiting = watch(untilAborted(one.signal));
      one.fire();
      await turns();
      assert(waiting.status !== "rejected" || isTrap(waiting.reason));

      const other = like(trait);
      let checks = 0;
      const promise = runTick(() => ++checks > 50, {
        interval: 1,
        timeout: 30,
        signal: other.signal,
      });
      const ticking = watch(promise);
      const atEnd = promise.then(() => checks, () => checks);
      await wait(5);
      other.fire();
      await wait(50);
      assert(ticking.status !== "pending");
      if (ticking.status === "rejected") assert(isTrap(ticking.reason));
      assertEquals(checks, await atEnd, "it goes on");
    });
  }
});

describe("A look-alike that throws late", () => {
  const late = (trait: Trait) => {
    let isHostile = false;
    const { signal } = like({
      ...trait,
      aborted: () => isHostile ? refuse() : false,
    });
    return { signal, turn: () => void (isHostile = true) };
  };

  it("rejects the start that is in line with it, and nothing else", async () => {
    const { runner } = runnerOf();
    const states: string[] = [];
    runner.observe((event) => {
      if (event.type === "state") states.push(event.to);
    });
    await runner.start();
    const { signal, turn } = late({});
    const start = watch(runner.start({ signal }));
    turn();
    await turns();
    assertEquals(start.status, "rejected");
    assert(isTrap(start.reason));
    assertEquals(runner.state, "stopped");
    assertEquals(states, ["running", "stopping", "stopped"]);
  });

  it("lets no check of runTick come after the rejection", async () => {
    let checks = 0;
    const { signal } = like({ add: refuse });
    const options = { interval: 1, timeout: 1_000, signal };
    const found = await reasonOf(runTick(() => ++checks > 5, options));
    const before = checks;
    await wait(20);
    assert(isTrap(found));
    assertEquals(checks, before);
  });
});

function isTrap(reason: unknown): boolean {
  return reason instanceof RangeError && reason.message === "a trap";
}

async function exercise(
  runner: StartStop | Ticker,
  verbs: readonly (Verb | "fire" | "plain start")[],
  { signal, fire }: Like,
): Promise<void> {
  let state = runner.state;
  runner.observe((event) => {
    if (event.type === "state") state = event.to;
  });
  const calls = [];
  for (const verb of verbs) {
    if (verb === "fire") {
      await turns(3);
      fire();
    } else if (verb === "plain start") calls.push(runner.start());
    else calls.push(runner[verb]({ signal } as StartOptions));
  }
  const outcomes = calls.map((call) => watch(call));
  // Whatever has become of it, the runner is as good as new.
  await runner.stop();
  assertEquals(runner.state, "stopped");
  assertEquals(state, "stopped", "events are held back");
  await turns();
  const open = outcomes.filter(({ status }) => status === "pending");
  assertEquals(open, []);
  await runner.start();
  assertEquals(runner.isRunning(), true);
  await runner.restart();
  assertEquals(state, "running");
  await runner.stop();
  await runner.finished().catch(() => {});
  assertEquals(state, "stopped");
}
