/** Functions of the user's that a gate reads, where they fail; and late aborts. */

import { Gate } from "@golib/runner/admission";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { timed } from "./_fake_clocks.ts";
import { gate as door, reasonOf, turns } from "./_helpers.ts";

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
});
