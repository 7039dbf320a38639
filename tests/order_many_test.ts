// Many calls at once, mixed by a generator with a seed, so that a failure can be
// run again.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { StartStop, Ticker, untilAborted } from "@golib/runner";
import { turns, watch } from "./_helpers.ts";

/** Whole numbers below a limit, the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

const VERBS = ["start", "stop", "restart"] as const;
const SEEDS = Array.from({ length: 25 }, (_each, index) => index + 1);

class Overlap {
  live = 0;
  most = 0;

  async while(run: Promise<unknown>): Promise<void> {
    this.most = Math.max(this.most, ++this.live);
    await run;
    this.live--;
  }
}

/** Services that begin and end in different ways; all end when told to. */
const KINDS = {
  plain: (overlap: Overlap) =>
    new StartStop((signal) => overlap.while(untilAborted(signal))),
  "ready at once": (overlap: Overlap) =>
    new StartStop(
      (signal, { ready }) => {
        ready();
        return overlap.while(untilAborted(signal));
      },
      undefined,
      { awaitReady: true },
    ),
  "ready and ended late": (overlap: Overlap) =>
    new StartStop(
      (signal, { ready }) => {
        turns(7).then(ready);
        return overlap.while(untilAborted(signal).then(() => turns(5)));
      },
      () => turns(9),
      { awaitReady: true },
    ),
  ticker: (overlap: Overlap) =>
    new Ticker(
      3_600_000,
      (signal) => overlap.while(untilAborted(signal)),
      { immediate: true },
    ),
};

describe("a hundred calls in any mix", () => {
  for (const [kind, make] of Object.entries(KINDS)) {
    it(`settle, and leave the state the last asked for: ${kind}`, async () => {
      for (const seed of SEEDS) {
        const random = numbers(seed);
        const overlap = new Overlap();
        const runner = make(overlap);
        let last = "";
        const calls = [];
        for (let call = 0; call < 100; call++) {
          last = VERBS[random(3)]!;
          calls.push(watch(runner[last as "start"]()));
          if (random(4) === 0) await turns(random(12));
        }
        const finished = watch(runner.finished());
        await turns(4_000);
        const about = `seed ${seed}, last ${last}`;
        assert(calls.every(({ status }) => status !== "pending"), about);
        assertEquals(
          [runner.state, overlap.live, overlap.most],
          last === "stop" ? ["stopped", 0, 1] : ["running", 1, 1],
          about,
        );
        assertEquals(
          [calls.at(-1)!.status, finished.status],
          ["resolved", last === "stop" ? "resolved" : "pending"],
          about,
        );
        for (const { status, reason } of calls) {
          if (status === "rejected") {
            assertEquals((reason as Error).name, "AbortError", about);
          }
        }
        assertEquals(runner.errorsTotal(), 0);
        await runner.stop();
      }
    });
  }

  it("settle where each has a signal that may abort at any moment", async () => {
    for (const seed of SEEDS) {
      const random = numbers(seed);
      const overlap = new Overlap();
      const runner = KINDS["ready and ended late"](overlap);
      const lives = Array.from({ length: 5 }, () => new AbortController());
      const calls = [];
      for (let call = 0; call < 100; call++) {
        const signal = lives[random(5)]!.signal;
        const verb = VERBS[random(3)]!;
        calls.push(
          watch(random(2) ? runner[verb]({ signal }) : runner[verb]()),
        );
        if (random(15) === 0) lives[random(5)]!.abort("a caller's reason");
        if (random(4) === 0) await turns(random(12));
      }
      await runner.stop();
      await turns(4_000);
      const about = `seed ${seed}`;
      assert(calls.every(({ status }) => status !== "pending"), about);
      for (const { status, reason } of calls) {
        if (status !== "rejected" || reason === "a caller's reason") continue;
        assertEquals((reason as Error).name, "AbortError", about);
      }
      assertEquals(
        [runner.state, overlap.live, overlap.most, runner.errorsTotal()],
        ["stopped", 0, 1, 0],
        about,
      );
    }
  });

  it("settle where every run fails at once", async () => {
    for (const seed of SEEDS) {
      const random = numbers(seed);
      let launches = 0;
      const runner = new StartStop(
        () => {
          launches++;
          throw new Error("broken");
        },
        undefined,
        { awaitReady: seed % 2 === 0, printErrors: false },
      );
      const calls = [];
      for (let call = 0; call < 100; call++) {
        calls.push(watch(runner[VERBS[random(3)]!]()));
      }
      await turns(2_000);
      assert(calls.every(({ status }) => status !== "pending"));
      assertEquals([runner.state, runner.errorsTotal()], ["stopped", 1]);
      assert(launches > 0);
    }
  });
});
