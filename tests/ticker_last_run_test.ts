import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Schedule, Ticker } from "@golib/runner";
import type { LastRun, TickerOptions } from "@golib/runner/ticker";
import { every } from "@golib/runner/schedule";
import { at, dated, from, hour, minute, second, short } from "./_calendar.ts";
import { gate, watch } from "./_helpers.ts";

/** A store that writes down what is saved. */
function store(last?: string) {
  const saved: string[] = [];
  const lastRun = {
    load: (): Date | undefined =>
      last === undefined ? last : new Date(at(last)),
    save: (run: Date): void => void saved.push(short(run.getTime())),
  };
  return { saved, lastRun };
}

function daily(lastRun: LastRun, options: TickerOptions = {}, tick = () => {}) {
  return dated(
    every(24 * hour, { from: new Date(at("2026-01-01T03:00")) }),
    tick,
    {
      ...options,
      lastRun,
    },
  );
}

describe("Ticker with lastRun", () => {
  it(
    "runs what was missed once, at once, and start() does not wait for it",
    from("2026-01-05T10:30", async (clock) => {
      const { saved, lastRun } = store("2026-01-02T03:00");
      const { ticker, ticks } = daily(lastRun);
      const started = ticker.start();
      assertEquals([ticker.state, ticks()], ["running", []]);
      await started;
      await clock.pass(0);
      assertEquals(ticks(), [["2026-01-05T03:00", 7.5 * hour, 2]]);
      assertEquals(saved, ["2026-01-05T03:00"]);
      await clock.pass(24 * hour);
      assertEquals(saved, ["2026-01-05T03:00", "2026-01-06T03:00"]);
      await ticker.stop();
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "runs nothing where nothing was missed, or is not known, or is too late",
    from("2026-01-05T10:30", async (clock) => {
      for (
        const [last, lateness] of [
          ["2026-01-05T03:00", Infinity],
          [undefined, Infinity],
          ["2026-01-02T03:00", hour],
        ] as const
      ) {
        const { saved, lastRun } = store(last);
        const { ticker, ticks } = daily(lastRun, { lateness });
        await ticker.start();
        await clock.pass(hour);
        assertEquals([ticks(), saved], [[], []]);
        await ticker.stop();
      }
    }),
  );

  it(
    "knows at a later launch what has run since, and asks no more",
    from("2026-01-05T10:30", async (clock) => {
      let asked = 0;
      const { saved, lastRun } = store();
      const { ticker, ticks } = daily({
        ...lastRun,
        load: () => (asked++, at("2026-01-05T03:00")),
      });
      await ticker.start();
      await clock.pass(minute);
      await ticker.stop();
      await clock.pass(24 * hour);
      await ticker.start();
      assertEquals(ticks(), [["2026-01-06T03:00", 7.5 * hour + minute, 0]]);
      await clock.pass(0);
      await ticker.stop();
      assertEquals([asked, saved], [1, ["2026-01-06T03:00"]]);
    }),
  );

  it(
    "ticks nothing before it has answered, for ten seconds at most",
    from("2026-01-05T10:30", async (clock) => {
      const { lastRun } = store();
      const { ticker, events } = dated(every(second), () => {}, {
        name: "backup",
        immediate: true,
        lastRun: { ...lastRun, load: () => gate().promise as Promise<never> },
      });
      await ticker.start();
      await clock.pass(10 * second - 1);
      assertEquals([events.length, ticker.tickingSince], [0, undefined]);
      await clock.pass(1);
      assertEquals(events.length, 1);
      assertEquals(
        ticker.errorsList().map(({ name, message }) => [name, message]),
        [[
          "TimeoutError",
          `Cannot load the last run of "backup": it did not settle within 10000 ms`,
        ]],
      );
      await clock.pass(second);
      assertEquals([events.length, ticker.state], [2, "running"]);
      await ticker.stop();
      assertEquals(clock.pending, 0);
    }),
  );

  it(
    "records an answer that fails or makes no sense, and goes on without",
    from("2026-01-05T10:30", async (clock) => {
      const phases: string[] = [];
      for (
        const [load, message] of [
          [() => {
            throw new Error("no such table");
          }, "no such table"],
          [() => new Date(NaN), "Invalid Date"],
          [() => "yesterday", "yesterday"],
          [() => Date.now() + 1, "a date that has passed"],
          [() => null, "null"],
        ] as [() => Date, string][]
      ) {
        const { saved, lastRun } = store();
        const { ticker, ticks } = daily({ ...lastRun, load }, {
          observer: (event) => {
            if (event.type === "error") phases.push(event.phase);
          },
        });
        await ticker.start();
        await clock.pass(second);
        assertEquals([ticks(), ticker.errorsTotal()], [[], 1]);
        assert(ticker.errorsLast()!.message.includes(message));
        await clock.pass(24 * hour);
        assertEquals(saved.length, 1);
        await ticker.stop();
      }
      assertEquals(new Set(phases), new Set(["start"]));
    }),
  );

  it(
    "is stopped at once while it asks, and a late answer changes nothing",
    from("2026-01-05T10:30", async (clock) => {
      const answer = gate();
      const { lastRun } = store();
      const { ticker, events } = daily({
        ...lastRun,
        load: () => answer.promise.then(() => at("2026-01-01T03:00")),
      });
      await ticker.start();
      await ticker.stop();
      assertEquals([ticker.state, clock.pending], ["stopped", 0]);
      answer.open();
      await clock.pass(hour);
      assertEquals([events.length, ticker.errorsTotal()], [0, 0]);
    }),
  );

  it(
    "saves no tick that failed or was cut off, and none beside the schedule",
    from("2026-01-05T10:30", async (clock) => {
      const { saved, lastRun } = store();
      let fails = true;
      const { ticker, events } = dated(every(minute), (signal) => {
        if (fails) throw new Error("no");
        return new Promise((resolve, reject) => {
          setTimeout(resolve, second);
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      }, { lastRun, immediate: true });
      await ticker.start();
      await clock.pass(minute);
      fails = false;
      const ticked = ticker.tick();
      await clock.pass(second);
      await ticked;
      assertEquals([events.length, saved], [3, []]);
      await clock.pass(minute - second);
      await ticker.stop();
      assertEquals([events.length, saved], [4, []]);
      const scheduledAt = at("2026-01-01T00:00");
      const asked = ticker.tick({ scheduledAt });
      await clock.pass(second);
      await asked;
      assertEquals(saved, ["2026-01-01T00:00"]);
    }),
  );

  it(
    "awaits the save before the next tick, at most ten seconds, and records what fails",
    from("2026-01-05T10:30", async (clock) => {
      const saving = [gate(), gate(), gate()];
      const { ticker, ticks } = dated(every(second), () => {}, {
        failAfter: 1,
        lastRun: { load: () => undefined, save: () => saving.shift()!.promise },
      });
      const [first, next] = saving;
      await ticker.start();
      await clock.pass(3_500);
      assertEquals([ticks().length, ticker.tickingSince], [1, undefined]);
      first!.open();
      await clock.pass(500);
      assertEquals(ticks()[1], ["2026-01-05T10:30:04", 0, 2]);
      next!.fail(new Error("disk full"));
      await clock.pass(second);
      assertEquals(ticker.errorsLast()?.message, "disk full");
      assertEquals(ticks().length, 3);
      await clock.pass(10 * second);
      assertEquals(ticker.errorsList()[1]?.name, "TimeoutError");
      const { total, failed } = ticker.ticks;
      assertEquals([total - failed, failed], [total, 0]);
      await ticker.stop({ timeout: 1 }).catch(() => {});
    }),
  );

  it(
    "waits at a stop for a save",
    from("2026-01-05T10:30", async (clock) => {
      const saving = gate();
      const { ticker } = dated(every(second), () => {}, {
        lastRun: { load: () => undefined, save: () => saving.promise },
      });
      await ticker.start();
      await clock.pass(second);
      const stopped = watch(ticker.stop());
      await clock.pass(second);
      assertEquals([stopped.status, ticker.state], ["pending", "stopping"]);
      saving.open();
      await clock.pass(0);
      assertEquals([stopped.status, clock.pending], ["resolved", 0]);
    }),
  );

  it(
    "saves before the tick, where asked to, and does not run what is not saved",
    from("2026-01-05T10:30", async (clock) => {
      const steps: string[] = [];
      let fails = false;
      const { ticker } = dated(every(second), () => void steps.push("tick"), {
        lastRun: {
          when: "before",
          load: () => undefined,
          save() {
            steps.push("save");
            if (fails) throw new Error("disk full");
          },
        },
      });
      await ticker.start();
      await clock.pass(second);
      fails = true;
      await clock.pass(second);
      fails = false;
      await clock.pass(second);
      await ticker.stop();
      assertEquals(steps, ["save", "tick", "save", "save", "tick"]);
      assertEquals(ticker.errorsTotal(), 1);
      assertEquals(ticker.ticks.failed, 0);
    }),
  );

  it("is for schedules, and has both functions", () => {
    const { lastRun } = store();
    const make = (interval: number | Schedule, given: unknown) => () =>
      new Ticker(interval, () => {}, { lastRun: given as LastRun });
    assertThrows(make(second, lastRun), TypeError, "it is for schedules");
    assertThrows(make(every(second), {}), TypeError, "'lastRun.load' must be");
    assertThrows(
      make(every(second), { ...lastRun, when: "never" }),
      TypeError,
      "'lastRun.when' must be",
    );
    assertThrows(make(every(second), null), TypeError, "'lastRun' must be");
  });
});
