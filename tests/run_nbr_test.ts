import { runNbr } from "@golib/runner";
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";

/** Writes down what is called; `check` answers from the list, then false. */
function calls(...answers: boolean[]) {
  const seen: string[] = [];
  return {
    seen,
    check: () => {
      seen.push("check");
      return answers.shift() ?? false;
    },
    run: () => void seen.push("run"),
  };
}

describe("runNbr", () => {
  it("checks and runs max times, then checks once more", async () => {
    const { seen, check, run } = calls();
    assertEquals(await runNbr(check, { max: 3, run }), false);
    assertEquals(seen, [
      "check",
      "run",
      "check",
      "run",
      "check",
      "run",
      "check",
    ]);
  });

  it("ends at the first check that is true, without a run", async () => {
    const { seen, check, run } = calls(false, true);
    assertEquals(await runNbr(check, { max: 3, run }), true);
    assertEquals(seen, ["check", "run", "check"]);
  });

  it("lets the last check decide", async () => {
    const { seen, check, run } = calls(false, true);
    assertEquals(await runNbr(check, { max: 1, run }), true);
    assertEquals(seen, ["check", "run", "check"]);
  });

  it("with a max of 0 only checks once", async () => {
    const no = calls();
    assertEquals(await runNbr(no.check, { max: 0, run: no.run }), false);
    const yes = calls(true);
    assertEquals(await runNbr(yes.check, { max: 0, run: yes.run }), true);
    assertEquals([no.seen, yes.seen], [["check"], ["check"]]);
  });

  it("needs no run", async () => {
    const { seen, check } = calls(false, false, true);
    assertEquals(await runNbr(check, { max: 5 }), true);
    assertEquals(seen.length, 3);
  });

  it("awaits a check and a run that are async, one after the other", async () => {
    let level = 0;
    let inside = 0;
    let most = 0;
    const alone = async (work: () => void) => {
      most = Math.max(most, ++inside);
      await undefined;
      await undefined;
      work();
      inside--;
    };
    const result = await runNbr(async () => {
      await alone(() => {});
      return level === 2;
    }, { max: 9, run: () => alone(() => level++) });
    assertEquals([result, level, most], [true, 2, 1]);
  });

  for (const name of ["check", "run"]) {
    for (const way of ["throws", "rejects"]) {
      it(`passes on what ${name} ${way}`, async () => {
        const failure = new Error(`of ${name}`);
        const fail = () => {
          if (way === "throws") throw failure;
          return Promise.reject(failure);
        };
        const error = await assertRejects(() =>
          name === "check"
            ? runNbr(fail, { max: 3 })
            : runNbr(() => false, { max: 3, run: fail })
        );
        assertStrictEquals(error, failure);
      });
    }
  }

  it("passes on what the last check throws", async () => {
    let count = 0;
    await assertRejects(
      () =>
        runNbr(() => {
          if (++count === 3) throw new Error("at last");
          return false;
        }, { max: 2 }),
      Error,
      "at last",
    );
  });

  it("reads its options once, and leaves them as they are", async () => {
    const reads: string[] = [];
    const options = Object.freeze({
      get max() {
        reads.push("max");
        return 2;
      },
      get run() {
        reads.push("run");
        return () => {};
      },
    });
    await runNbr(() => false, options);
    assertEquals(reads.sort(), ["max", "run"]);
  });
});
