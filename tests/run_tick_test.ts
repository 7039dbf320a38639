import { runTick } from "@golib/runner";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { on, settle, timed } from "./_fake_clocks.ts";
import { capture, counted, gate, wait } from "./_watch.ts";

describe("runTick", () => {
  it(
    "checks at once, inside the call, and then every interval",
    timed(async (clock) => {
      const at: number[] = [];
      const result = runTick(() => {
        at.push(clock.now - 5_000);
        return at.length === 4;
      }, { interval: 10, timeout: 1_000 });
      assertEquals(at, [0]);
      await clock.pass(100);
      assertEquals([await result, at], [true, [0, 10, 20, 30]]);
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "runs after each check that is not true, never after one that is",
    timed(async (clock) => {
      const seen: string[] = [];
      const result = runTick(() => {
        seen.push("check");
        return seen.length > 4;
      }, { interval: 10, timeout: 1_000, run: () => void seen.push("run") });
      await clock.pass(100);
      assertEquals(await result, true);
      assertEquals(seen, ["check", "run", "check", "run", "check"]);
    }),
  );

  it(
    "checks one last time when the timeout has passed, and that decides",
    timed(async (clock) => {
      for (const last of [false, true]) {
        const seen: string[] = [];
        const start = clock.now;
        const result = runTick(() => {
          seen.push(`check ${clock.now - start}`);
          return last && clock.now - start >= 25;
        }, { interval: 10, timeout: 25, run: () => void seen.push("run") });
        await clock.pass(100);
        assertEquals(await result, last);
        assertEquals(seen, [
          "check 0",
          "run",
          "check 10",
          "run",
          "check 20",
          "run",
          "check 25",
        ]);
      }
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "checks once, not twice, where a point and the timeout are one",
    timed(async (clock) => {
      const at: number[] = [];
      const result = runTick(() => {
        at.push(clock.now - 5_000);
        return false;
      }, { interval: 10, timeout: 20 });
      await clock.pass(100);
      assertEquals([await result, at], [false, [0, 10, 20]]);
    }),
  );

  it(
    "with a timeout below the interval checks at once and at the timeout",
    timed(async (clock) => {
      const at: number[] = [];
      const result = runTick(() => {
        at.push(clock.now - 5_000);
        return false;
      }, { interval: 1_000, timeout: 7 });
      await clock.pass(7);
      assertEquals([await result, at], [false, [0, 7]]);
    }),
  );

  it(
    "with a timeout of 0 checks once, and runs nothing",
    timed(async (clock) => {
      for (const answer of [true, false]) {
        const seen: string[] = [];
        const result = runTick(() => {
          seen.push("check");
          return answer;
        }, { interval: 10, timeout: 0, run: () => void seen.push("run") });
        await clock.pass(100);
        assertEquals([await result, seen], [answer, ["check"]]);
      }
    }),
  );

  it(
    "with a timeout of Infinity goes on",
    timed(async (clock) => {
      let count = 0;
      const result = runTick(() => ++count === 1_001, {
        interval: 100,
        timeout: Infinity,
      });
      await clock.pass(100_000);
      assertEquals(await result, true);
    }),
  );

  it(
    "never has two checks at once, and keeps to its grid",
    timed(async (clock) => {
      let inside = 0;
      let most = 0;
      const at: number[] = [];
      const result = runTick(async () => {
        at.push(clock.now - 5_000);
        most = Math.max(most, ++inside);
        await wait(25);
        inside--;
        return at.length === 3;
      }, { interval: 10, timeout: 1_000 });
      await clock.pass(200);
      assertEquals([await result, most], [true, 1]);
      assertEquals(at, [0, 30, 60]);
    }),
  );

  it(
    "keeps to its grid where run is slow, and does not check meanwhile",
    timed(async (clock) => {
      const at: number[] = [];
      const result = runTick(() => {
        at.push(clock.now - 5_000);
        return at.length === 3;
      }, { interval: 10, timeout: 1_000, run: () => wait(13) });
      await clock.pass(200);
      assertEquals([await result, at], [true, [0, 20, 40]]);
    }),
  );

  it(
    "lets a check in flight when the timeout passes be the last",
    timed(async (clock) => {
      for (const answer of [true, false]) {
        const seen: string[] = [];
        const result = runTick(async () => {
          seen.push("check");
          await wait(50);
          return answer;
        }, { interval: 10, timeout: 20, run: () => void seen.push("run") });
        await clock.pass(100);
        assertEquals([await result, seen], [answer, ["check"]]);
      }
    }),
  );

  it(
    "checks once more when the timeout passes during run",
    timed(async (clock) => {
      const seen: string[] = [];
      const result = runTick(() => {
        seen.push("check");
        return seen.length > 1;
      }, {
        interval: 10,
        timeout: 20,
        run: async () => {
          await wait(50);
          seen.push("run");
        },
      });
      await clock.pass(100);
      assertEquals([await result, seen], [true, ["check", "run", "check"]]);
    }),
  );

  for (const spent of [100, 150]) {
    it(
      `waits for no more where run has taken ${spent} of 100 ms`,
      timed(async (clock) => {
        const done = gate();
        let checks = 0;
        const result = runTick(() => ++checks > 1, {
          interval: 10,
          timeout: 100,
          run: () => done.promise,
        });
        await clock.pass(spent);
        done.open();
        await settle();
        // No timer has run since.
        assertEquals([checks, await result], [2, true]);
      }),
    );
  }

  it(
    "with a fraction of a millisecond keeps its grid without drift",
    timed(async (clock) => {
      const at: number[] = [];
      const result = runTick(() => {
        at.push(clock.now - 5_000);
        return false;
      }, { interval: 3.3, timeout: 330 });
      await clock.pass(331);
      assertEquals([await result, at.length], [false, 101]);
      assertEquals(at.at(-1), 330);
    }),
  );

  it(
    "takes an interval below a millisecond",
    timed(async (clock) => {
      let count = 0;
      const result = runTick(() => ++count === 5, {
        interval: 0.25,
        timeout: 100,
      });
      await clock.pass(20);
      assertEquals([await result, count], [true, 5]);
    }),
  );

  it("takes checks and runs that are not async", async () => {
    let level = 0;
    assertEquals(
      await runTick(() => level === 3, {
        interval: 1,
        timeout: 5_000,
        run: () => level++,
      }),
      true,
    );
  });

  for (const name of ["check", "run"]) {
    for (const way of ["throws", "rejects"]) {
      for (const signalled of [false, true]) {
        it(
          `passes on what ${name} ${way}${signalled ? ", with a signal" : ""}`,
          timed(async (clock) => {
            const failure = new Error(`of ${name}`);
            const fail = () => {
              if (way === "throws") throw failure;
              return Promise.reject(failure);
            };
            const { signal, listeners } = counted();
            const options = {
              interval: 10,
              timeout: 100,
              ...(signalled && { signal }),
            };
            const error = await assertRejects(() =>
              name === "check"
                ? runTick(fail, options)
                : runTick(() => false, { ...options, run: fail })
            );
            assertStrictEquals(error, failure);
            await settle();
            assertEquals([clock.pending, listeners()], [0, 0]);
          }),
        );
      }
    }
  }

  it(
    "is false at once when the signal aborts, and leaves no timer",
    timed(async (clock) => {
      const { controller, signal, listeners } = counted();
      let count = 0;
      const result = runTick(() => {
        count++;
        return false;
      }, { interval: 10, timeout: 1_000, signal });
      await clock.pass(15);
      controller.abort();
      assertEquals(clock.pending, 0);
      assertEquals(await result, false);
      await clock.pass(100);
      assertEquals([count, listeners()], [2, 0]);
    }),
  );

  it("is false at once for a signal that is aborted, and checks nothing", async () => {
    let count = 0;
    const check = () => {
      count++;
      return true;
    };
    const signal = AbortSignal.abort();
    assertEquals(
      await runTick(check, { interval: 10, timeout: 10, signal }),
      false,
    );
    assertEquals(count, 0);
  });

  it(
    "does not wait for a check in flight when the signal aborts",
    timed(async (clock) => {
      const controller = new AbortController();
      const { signal } = controller;
      const slow = gate();
      let runs = 0;
      const result = runTick(async () => {
        await slow.promise;
        return true;
      }, { interval: 10, timeout: 1_000, signal, run: () => runs++ });
      await clock.pass(15);
      controller.abort();
      assertEquals(await result, false);
      slow.open();
      await clock.pass(100);
      assertEquals([runs, clock.pending], [0, 0]);
    }),
  );

  it("is false when check aborts the signal, whatever it says", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    for (const answer of [true, false]) {
      assertEquals(
        await runTick(() => {
          controller.abort();
          return answer;
        }, { interval: 10, timeout: 1_000, signal }),
        false,
      );
    }
  });

  it("is false when run aborts the signal, and checks no more", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let count = 0;
    const result = await runTick(() => {
      count++;
      return false;
    }, {
      interval: 10,
      timeout: 1_000,
      signal,
      run: () => controller.abort(),
    });
    assertEquals([result, count], [false, 1]);
  });

  it("prints what a check throws after the abort, for nobody else is told", async () => {
    const printed = await capture(async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const slow = gate();
      const result = runTick(async () => {
        await slow.promise;
        return true;
      }, { interval: 10, timeout: 1_000, signal });
      controller.abort();
      assertEquals(await result, false);
      slow.fail(new Error("too late to tell"));
      await settle();
    });
    assertEquals(printed.length, 1);
    assertStringIncludes(printed[0]!, "too late to tell");
  });

  it("prints nothing of what a check throws where it rejects with that", async () => {
    const printed = await capture(async () => {
      const result = runTick(() => {
        throw new Error("no such file");
      }, { interval: 10, timeout: 1_000 });
      await assertRejects(() => result, Error, "no such file");
      await settle();
    });
    assertEquals(printed, []);
  });

  it("prints nothing of a check that ends by the abort", async () => {
    const printed = await capture(async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const result = runTick(
        () =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
        { interval: 10, timeout: 1_000, signal },
      );
      controller.abort();
      assertEquals(await result, false);
      await settle();
    });
    assertEquals(printed, []);
  });

  it(
    "leaves the signal alone when it is done",
    timed(async (clock) => {
      const { signal, listeners } = counted();
      const done = runTick(() => true, { interval: 10, timeout: 20, signal });
      assertEquals(await done, true);
      const late = runTick(() => false, { interval: 10, timeout: 20, signal });
      await clock.pass(20);
      assertEquals(await late, false);
      await settle();
      assertEquals(listeners(), 0);
    }),
  );

  it("costs a signal one listener, however many there are", async () => {
    const { controller, signal, most } = counted();
    const all = Promise.all(
      Array.from(
        { length: 100 },
        () => runTick(() => false, { interval: 9, timeout: 9_000, signal }),
      ),
    );
    controller.abort();
    assert((await all).every((each) => each === false));
    assertEquals(most(), 1);
  });

  it(
    "after a blocked loop checks once, then on the grid",
    timed(async (clock) => {
      const at: number[] = [];
      const result = runTick(() => {
        at.push(clock.now - 5_000);
        return at.length === 4;
      }, { interval: 10, timeout: 1_000 });
      await clock.pass(10);
      clock.block(35);
      await clock.pass(20);
      assertEquals([await result, at], [true, [0, 10, 45, 50]]);
    }),
  );

  it(
    "reads its options once, and leaves them as they are",
    timed(async () => {
      const reads: string[] = [];
      const options = {
        get interval() {
          reads.push("interval");
          return 1;
        },
        get timeout() {
          reads.push("timeout");
          return 0;
        },
      };
      await runTick(() => false, Object.freeze(options));
      assertEquals(reads.sort(), ["interval", "timeout"]);
    }),
  );

  for (const part of ["check", "run"]) {
    it(
      `is false at once where the signal aborts during a ${part}, and leaves no timer`,
      timed(async (clock) => {
        for (const checks of [0, 1]) {
          const life = new AbortController();
          const work = gate();
          let calls = 0;
          const wait = (of: string) =>
            of === part && calls++ === checks ? work.promise : undefined;
          const result = runTick(async () => {
            await wait("check");
            return false;
          }, {
            interval: 10,
            timeout: 1_000,
            run: () => wait("run"),
            signal: life.signal,
          });
          await clock.pass(15);
          life.abort();
          assertEquals(await result, false);
          assertEquals(clock.pending, 0);
          work.open();
          await settle();
          assertEquals(clock.pending, 0);
        }
      }),
    );
  }

  it(
    "never checks before a moment, on timers that come early by a part of one",
    on({ coarse: true }, async (clock) => {
      clock.block(0.4);
      const start = clock.now;
      const early: number[] = [];
      let checks = 0;
      const result = runTick(() => {
        const due = start + 10 * checks;
        if (clock.now < due - 0.01) early.push(clock.now - due);
        return ++checks === 20;
      }, { interval: 10, timeout: 1_000 });
      await clock.pass(300);
      assertEquals([await result, early], [true, []]);
    }),
  );
});
