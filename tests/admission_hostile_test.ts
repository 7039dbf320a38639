/** Functions of the user's that a gate reads, where they fail; and late aborts. */

import { untilAborted } from "@golib/runner";
import { Gate } from "@golib/runner/admission";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { delay } from "@std/async";
import { describe, it } from "@std/testing/bdd";
import { timed } from "./_fake_clocks.ts";
import { gate as door, reasonOf, turns } from "./_helpers.ts";

interface Process {
  on?(type: "warning", note: (warning: unknown) => void): void;
  removeListener?(type: "warning", note: (warning: unknown) => void): void;
}

describe("Gate", () => {
  for (
    const [what, value] of [
      ["throws", undefined],
      ["answers a text", "2"],
      ["answers NaN", NaN],
    ] as const
  ) {
    it(
      `goes on by the last limit where the limit ${what}, and records it`,
      timed(async (clock) => {
        let fails = false;
        const gate = new Gate({
          printErrors: false,
          limits: {
            pool: () => {
              if (!fails) return 1;
              if (value === undefined) throw new Error("no pool");
              return value as number;
            },
          },
        });
        const first = door();
        const running = gate.run(() => first.promise, { uses: { pool: 1 } });
        fails = true;
        const order: string[] = [];
        const second = gate.run(() => void order.push("second"), {
          uses: { pool: 1 },
        });
        await turns();
        assertEquals(order, []);
        first.open();
        await running;
        await clock.pass(200);
        await second;
        assertEquals(order, ["second"]);
        assert(gate.errorsTotal() > 0, "nothing is recorded");
        await gate.stop();
        assertEquals(clock.pending, 0);
      }),
    );
  }

  for (const value of [-1, NaN, undefined]) {
    it(`keeps the last pressure where it is ${value}, and records it`, async () => {
      let fails = false;
      const gate = new Gate({
        printErrors: false,
        pressure: () => {
          if (!fails) return 0;
          if (value === undefined) throw new Error("no gauge");
          return value;
        },
      });
      assertEquals(await gate.run(() => 1), 1);
      fails = true;
      assertEquals(await gate.run(() => 2), 2);
      const { message } = gate.errorsList().at(-1)!;
      const why = value === undefined
        ? "no gauge"
        : `pressure must be from 0 to 1: ${value}`;
      assert(message.includes(why), message);
      await gate.stop();
    });
  }

  it("has nothing to read, and nothing to wake for", () => {
    new Gate({ concurrency: 1 }).wake();
  });

  it("has one signal for all that runs, of which no engine warns", async () => {
    const warnings: unknown[] = [];
    const { process } = globalThis as { process?: Process };
    const note = (warning: unknown) => void warnings.push(warning);
    process?.on?.("warning", note);
    const gate = new Gate({ concurrency: 20 });
    const ends = door();
    const runs = Array.from({ length: 20 }, () =>
      gate.run((signal) => {
        signal.addEventListener("abort", () => {});
        return ends.promise;
      }));
    await delay(5);
    ends.open();
    await Promise.all(runs);
    process?.removeListener?.("warning", note);
    assertEquals(warnings, []);
  });

  it("does not call a run whose signal aborts as its turn comes", async () => {
    const gate = new Gate({ concurrency: 1 });
    const controller = new AbortController();
    const reason = new Error("gone");
    const first = door();
    const running = gate.run(() => first.promise);
    let calls = 0;
    const second = reasonOf(
      gate.run(() => void calls++, { signal: controller.signal }),
    );
    gate.observe((event) => {
      if (event.type === "admission") controller.abort(reason);
    });
    first.open();
    await running;
    assertStrictEquals(await second, reason);
    assertEquals(calls, 0);
    assertEquals(await gate.run(() => "free"), "free");
    await gate.stop();
  });

  it(
    "says how long each has waited where an observer takes its time",
    timed(async (clock) => {
      const gate = new Gate({ concurrency: 3 });
      const first = door();
      const running = gate.run(() => first.promise, { weight: 3 });
      const waits: number[] = [];
      const late: Promise<unknown>[] = [];
      gate.observe((event) => {
        if (event.type !== "admission") return;
        waits.push(event.waited);
        if (late.length > 0) return;
        clock.block(20);
        late.push(gate.run(() => {}));
      });
      const early = [gate.run(() => {}), gate.run(() => {})];
      first.open();
      await running;
      await Promise.all([...early, ...late]);
      assertEquals(waits, [0, 20, 0]);
      assertEquals(gate.load().waits.sum, 20);
      await gate.stop();
    }),
  );

  for (const isLater of [false, true]) {
    const when = isLater ? "aborts at once" : "has aborted";
    it(`aborts what runs where the signal of a stop ${when}`, async () => {
      const gate = new Gate({ printErrors: false });
      const running = reasonOf(gate.run((signal) =>
        untilAborted(signal)
          .then(() => Promise.reject(signal.reason))
      ));
      const caller = new AbortController();
      const reason = new Error("no time");
      if (!isLater) caller.abort(reason);
      const stopped = reasonOf(gate.stop({ signal: caller.signal }));
      caller.abort(reason);
      assertStrictEquals(await stopped, reason);
      await running;
      await gate.finished();
      assertEquals(gate.state, "stopped");
    });
  }

  it("keeps no place for a run that a controller is refused for", async () => {
    const gate = new Gate({ concurrency: 2 });
    const { AbortController } = globalThis;
    globalThis.AbortController = class {
      constructor() {
        throw new Error("refused");
      }
    } as never;
    try {
      const { message } = await reasonOf(gate.run(() => {})) as Error;
      assertEquals(message, "refused");
    } finally {
      globalThis.AbortController = AbortController;
    }
    const { running, concurrency } = gate.load();
    assertEquals([running, concurrency.used], [0, 0]);
    await gate.stop();
  });
});
