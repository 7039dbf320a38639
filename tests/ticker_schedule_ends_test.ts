/** What a schedule answers, or does, at the moments in which least is expected. */

import { type Schedule, Ticker } from "@golib/runner";
import { every, limit } from "@golib/runner/schedule";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { at, dated, from, hour, listed, minute, second } from "./_calendar.ts";
import { Printed, reasonOf } from "./_helpers.ts";

const full = { run: () => Promise.reject(new Error("full")) };

describe("Ticker with a gate and a schedule", () => {
  for (const context of ["own", "none"] as const) {
    it(
      `misses a run that the gate refuses, and comes with the next (${context})`,
      from("2026-01-01T10:30:30", async (clock) => {
        let refuses = true;
        const { ticker, ticks } = dated(every(minute), () => {}, {
          ...(context === "none" && { context }),
          gate: {
            async run(work: () => unknown) {
              if (refuses) return await full.run();
              await work();
            },
          },
        });
        await ticker.start();
        await clock.pass(2 * minute);
        assertEquals(ticks(), []);
        refuses = false;
        await clock.pass(minute);
        await ticker.stop();
        assertEquals(ticks(), [["2026-01-01T10:33", 0, 2]]);
        assertEquals([ticker.errorsTotal(), clock.pending], [0, 0]);
      }),
    );
  }

  it(
    "is refused in silence where nobody observes it",
    from("2026-01-01T10:30:30", async (clock) => {
      using printed = new Printed();
      const ticker = new Ticker(every(minute), () => {}, { gate: full });
      await ticker.start();
      await clock.pass(3 * minute);
      await ticker.stop();
      assertEquals([ticker.ticks.total, ticker.ticks.missed], [0, 0]);
      assertEquals([printed.texts, ticker.errorsTotal()], [[], 0]);
    }),
  );

  it(
    "gives its place back before the run is saved",
    from("2026-01-01T10:30:30", async (clock) => {
      const seen: string[] = [];
      const { ticker } = dated(every(minute), () => void seen.push("tick"), {
        gate: {
          async run(work: () => unknown) {
            await work();
            seen.push("left");
          },
        },
        lastRun: {
          load: () => undefined,
          async save() {
            await new Promise((resolve) => setTimeout(resolve, second));
            seen.push("saved");
          },
        },
      });
      await ticker.start();
      await clock.pass(minute);
      await ticker.stop();
      assertEquals(seen, ["tick", "left", "saved"]);
    }),
  );
});

describe("Ticker with a schedule that acts when it is asked", () => {
  it(
    "ends where the schedule stops it at the start, or when a run is due",
    from("2026-01-01T10:30", async (clock) => {
      for (const call of [1, 2, 3]) {
        let calls = 0;
        const schedule: Schedule = {
          nextRun(after) {
            if (++calls === call) void ticker.stop();
            return new Date(after.getTime() + hour);
          },
        };
        const { ticker, events } = dated(schedule);
        const started = ticker.start().catch(() => {});
        await clock.pass(2 * hour + second);
        await started;
        await ticker.finished();
        assertEquals([ticker.state, clock.pending], ["stopped", 0]);
        assert(events.length < call, `${events.length} ticks, call ${call}`);
      }
    }),
  );

  it(
    "ends with one error where a count of runs throws",
    from("2026-01-01T10:30", async (clock) => {
      const inner = listed("2026-01-01T10:31", "2026-01-01T10:32");
      let fails = false;
      const schedule: Schedule = {
        nextRun(after) {
          if (fails) throw new Error("broken");
          return inner.nextRun(after) as Date;
        },
      };
      const { ticker, events } = dated(limit(schedule, 5), () => {
        fails = true;
      });
      await ticker.start();
      await clock.pass(hour);
      // The second was found before the first began.
      assertEquals([ticker.state, events.length], ["stopped", 2]);
      assertEquals(
        ticker.errorsList().map(({ message }) => message),
        ["broken"],
      );
    }),
  );

  it(
    "goes by another, and counts its runs, where the tick resets one that fails",
    from("2026-01-01T10:30", async (clock) => {
      const inner = listed("2026-01-01T10:31");
      const broken: Schedule = {
        nextRun(after) {
          if (after.getTime() >= at("2026-01-01T10:31")) {
            throw new Error("broken");
          }
          return inner.nextRun(after) as Date;
        },
      };
      const { ticker, events } = dated(broken, (_signal, control) => {
        if (events.length === 0) control.reset(limit(every(minute), 2));
      });
      await ticker.start();
      await clock.pass(hour);
      assertEquals([ticker.state, events.length], ["stopped", 3]);
      assertEquals(
        ticker.errorsList().map(({ message }) => message),
        ["broken"],
      );
      // The run did not end with it.
      await ticker.finished();
    }),
  );

  it(
    "finds no further run where the clock was put back and there is none",
    from("2026-01-02T10:30", async (clock) => {
      const notices: string[] = [];
      let isOver = false;
      const { ticker } = dated(
        {
          nextRun: (after) => isOver ? null : new Date(after.getTime() + hour),
        },
        () => {},
        {
          observer(event) {
            if (event.type === "notice") notices.push(event.message);
          },
        },
      );
      await ticker.start();
      isOver = true;
      clock.ahead -= 24 * hour;
      await clock.pass(2 * hour);
      await ticker.finished();
      assertEquals(ticker.state, "stopped");
      assert(notices[0]!.endsWith("the next run is found from it: none"));
    }),
  );

  it(
    "passes the runs that a sleep has missed, where asking in between fails",
    from("2026-01-01T10:30", async (clock) => {
      const origin = at("2026-01-01T10:30");
      const schedule: Schedule = {
        nextRun(after) {
          const since = after.getTime() - origin;
          // Moments that no run lies at: only a search asks for them.
          if (since % second !== 0) throw new Error("asked off the grid");
          return new Date(after.getTime() + second);
        },
      };
      const { ticker, ticks } = dated(schedule);
      await ticker.start();
      clock.block(hour);
      await clock.pass(0);
      assertEquals(ticks().length, 1);
      assertEquals([ticker.state, ticker.errorsTotal()], ["running", 0]);
      await ticker.stop();
    }),
  );

  it(
    "says that there is no run on standard error, where nobody observes it",
    from("2026-01-01T10:30", async (clock) => {
      using printed = new Printed();
      const ticker = new Ticker({ nextRun: () => null }, () => {}, {
        name: "never",
      });
      await ticker.start();
      await clock.pass(0);
      await ticker.finished();
      assertEquals(printed.texts, [
        '"never": the schedule has no run after 2026-01-01T10:30:00.000Z, ' +
        "so that the ticker ends",
      ]);
    }),
  );

  for (const isStarted of [false, true]) {
    const where = isStarted ? "that runs" : "that is stopped";

    it(
      `saves a host's tick before it begins, of a ticker ${where}`,
      from("2026-01-05T10:30", async (clock) => {
        const { ticker, seen } = saving();
        if (isStarted) await ticker.start();
        const ticked = ticker.tick({ scheduledAt: at("2026-01-05T10:00") });
        await clock.pass(second);
        await ticked;
        assertEquals(seen, ["save", "tick"]);
        assertEquals(ticker.state, isStarted ? "running" : "stopped");
        await ticker.stop();
        assertEquals(clock.pending, 0);
      }),
    );

    it(
      `rejects a host's tick that could not be saved, of a ticker ${where}`,
      from("2026-01-05T10:30", async (clock) => {
        const { ticker, seen, full } = saving(true);
        if (isStarted) await ticker.start();
        const refused = reasonOf(
          ticker.tick({ scheduledAt: at("2026-01-05T10:00") }),
        );
        await clock.pass(second);
        assertStrictEquals(await refused, full);
        assertEquals([seen, ticker.errorsTotal()], [["save"], 1]);
        await ticker.stop();
        assertEquals([ticker.state, clock.pending], ["stopped", 0]);
      }),
    );

    for (const how of ["its stop", "the host's signal"]) {
      it(
        `rejects a host's tick that ${how} ends while it is saved, of a ticker ${where}`,
        from("2026-01-05T10:30", async (clock) => {
          const { ticker, seen } = saving();
          const controller = new AbortController();
          const reason = new Error("enough");
          if (isStarted) await ticker.start();
          const refused = reasonOf(ticker.tick({
            scheduledAt: at("2026-01-05T10:00"),
            signal: controller.signal,
          }));
          await clock.pass(0);
          const stopped = how === "its stop" ? ticker.stop() : undefined;
          if (!stopped) controller.abort(reason);
          await clock.pass(second);
          await stopped;
          const error = await refused;
          if (stopped) assertEquals((error as Error).name, "AbortError");
          else assertStrictEquals(error, reason);
          assertEquals([seen, ticker.errorsTotal()], [["save"], 0]);
          await ticker.stop();
          assertEquals([ticker.state, clock.pending], ["stopped", 0]);
        }),
      );
    }
  }
});

/** A ticker that takes half a second to save each run before it begins. */
function saving(fails = false) {
  const seen: string[] = [];
  const full = new Error("disk full");
  const { ticker } = dated(every(hour), () => void seen.push("tick"), {
    lastRun: {
      when: "before",
      load: () => undefined,
      async save() {
        seen.push("save");
        await new Promise((resolve) => setTimeout(resolve, 500));
        if (fails) throw full;
      },
    },
  });
  return { ticker, seen, full };
}
