import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { TickControl } from "@golib/runner";
import { every } from "@golib/runner/schedule";
import { dated, from, hour, minute, second } from "./_calendar.ts";
import { reasonOf } from "./_helpers.ts";
import { wait } from "./_watch.ts";

describe("Ticker with a schedule that calls back", () => {
  it(
    "has ended where an observer of its error resets: no tick comes after",
    from("2026-01-01T10:30", async (clock) => {
      let control: TickControl | undefined;
      let asked = 0;
      const { ticker, events } = dated({
        nextRun: (after) =>
          ++asked === 1 ? every(minute).nextRun(after) : new Date(NaN),
      }, (_signal, given) => {
        control = given;
      }, { immediate: true });
      ticker.observe((event) => {
        if (event.type === "error") control!.reset(1);
      });
      await ticker.start();
      await clock.pass(hour);
      assertEquals([ticker.state, events.length], ["stopped", 2]);
      assertEquals([ticker.errorsTotal(), clock.pending], [1, 0]);
      assertStrictEquals(
        await reasonOf(ticker.finished()),
        ticker.errorsLast(),
      );
    }),
  );

  it(
    "control.reset: goes on as it was, never two ticks at once",
    from("2026-01-01T10:30", async (clock) => {
      let control: TickControl | undefined;
      let atOnce = 0;
      let most = 0;
      const { ticker, ticks } = dated({
        nextRun(after) {
          control?.reset(second);
          return every(minute).nextRun(after);
        },
      }, async (_signal, given) => {
        control = given;
        most = Math.max(most, ++atOnce);
        await wait(10 * second);
        atOnce--;
      });
      await ticker.start();
      await clock.pass(3 * minute + 15 * second);
      await ticker.stop();
      assertEquals([most, clock.pending], [1, 0]);
      assertEquals(ticks().map(([due]) => due), [
        "2026-01-01T10:31",
        "2026-01-01T10:32",
        "2026-01-01T10:33",
      ]);
    }),
  );

  it(
    "tick(): that rejects, and the schedule's own run comes",
    from("2026-01-01T10:30", async (clock) => {
      const reasons: Promise<unknown>[] = [];
      const { ticker, ticks } = dated({
        nextRun(after) {
          if (reasons.length < 2) reasons.push(reasonOf(ticker.tick()));
          return every(minute).nextRun(after);
        },
      });
      await ticker.start();
      await clock.pass(minute);
      await ticker.stop();
      for (const reason of await Promise.all(reasons)) {
        assert(String(reason).includes("a tick or a stop is in flight"));
      }
      assertEquals(ticks(), [["2026-01-01T10:31", 0, 0]]);
    }),
  );
});

describe("Ticker with a schedule that takes its time", () => {
  it(
    "runs what is due by the time that it answers",
    from("2026-01-01T10:30", async (clock) => {
      let asked = 0;
      const { ticker, ticks } = dated(
        {
          nextRun(after) {
            if (++asked === 2) clock.block(57.5 * second);
            return every(minute).nextRun(after);
          },
        },
        () => {},
        { lateness: second },
      );
      await ticker.start();
      await clock.pass(45 * second);
      // The first run is too late; the second is due while it is passed.
      clock.ahead += 3 * second;
      await clock.pass(15 * second);
      await clock.pass(0);
      await ticker.stop();
      assertEquals(ticks(), [["2026-01-01T10:32", 500, 1]]);
    }),
  );
});

describe("Ticker with a schedule of parts of milliseconds", () => {
  it(
    "ends with an error where they do not get ahead",
    from("2026-01-01T10:30", async (clock) => {
      let part = 0;
      const inner = every(minute);
      const { ticker, events } = dated({
        nextRun: (after) => ({
          getTime: () =>
            inner.nextRun(after)!.getTime() - minute + ++part / 1e3,
        } as Date),
      });
      await ticker.start();
      await clock.pass(hour);
      assertEquals([ticker.state, events.length], ["stopped", 0]);
      assertEquals(ticker.errorsTotal(), 1);
    }),
  );
});
