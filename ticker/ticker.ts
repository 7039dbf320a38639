import { reasonOf } from "../_internal/errors.ts";
import { Lifecycle, machineOf } from "../_internal/lifecycle.ts";
import { Machine } from "../_internal/machine.ts";
import type { Run } from "../_internal/run.ts";
import { settingsOf } from "../_internal/settings.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { typed } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";
import { intervalOf } from "./interval.ts";
import { Limit } from "./limit.ts";
import type { TickerOptions, TickFunction, TickOptions } from "./spec.ts";
import { DEFAULTS, TickRun } from "./tick_run.ts";

/**
 * Work that is done again and again, on a fixed grid or by a schedule.
 *
 * Tick k is due at start + k × interval on a monotonic clock; the lateness of one
 * never moves the next. There are never two ticks at once: one that outlasts its
 * interval makes those it covers `missed`, and the next comes at the next point of
 * the grid. The same holds after the program was held up. A tick that throws is
 * recorded and does not stop the ticker; a stop waits for a tick in flight.
 *
 * With a {@linkcode Schedule} the ticks follow the wall clock, which is looked at
 * every 30 s at least: on a machine that slept, or whose clock was set, what is due
 * is run once, late, unless it is later than `lateness`. Nothing is run twice, and
 * what a tick covers is missed. Where the schedule ends, so does the run; one that
 * misbehaves is an error of the run and its end.
 *
 * Constructing starts nothing. While it runs, a ticker keeps the process alive,
 * unless `persistent` is false.
 *
 * @example Usage
 * ```ts
 * import { Ticker } from "@golib/runner/ticker";
 * import { assertEquals } from "@std/assert";
 *
 * let beats = 0;
 * const heartbeat = new Ticker(5, (_signal, control) => {
 *   if (++beats === 3) control.stop();
 * }, { name: "heartbeat" });
 *
 * await heartbeat.start();
 * await heartbeat.finished();
 * assertEquals(beats, 3);
 * ```
 *
 * @example By a schedule
 * ```ts
 * import { Ticker } from "@golib/runner/ticker";
 * import { every, limit } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * let reports = 0;
 * const ticker = new Ticker(limit(every(10), 3), () => void reports++);
 *
 * await ticker.start();
 * await ticker.finished();
 * assertEquals(reports, 3);
 * ```
 */
export class Ticker extends Lifecycle {
  /**
   * Makes a runner that is stopped; nothing is started.
   *
   * @param interval Milliseconds from one tick to the next; less than 1 means
   * 30 000. Or a schedule, which says when to tick by the wall clock.
   * @param tick The work; what it returns is awaited, what it throws is recorded.
   * @param options How the runner behaves.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense, as NaN and the infinities do
   * for the interval.
   */
  constructor(
    interval: number | Schedule,
    tick: TickFunction,
    options?: TickerOptions,
  ) {
    super();
    const what = "create a Ticker";
    const checked = intervalOf(what, interval);
    typed(what, "tick", tick, "function");
    const settings = settingsOf(what, DEFAULTS, options);
    checkUnknown(what, "Ticker", options, Object.keys(DEFAULTS));
    machineOf(
      this,
      new Machine(
        this,
        settings,
        (machine, call) =>
          new TickRun(machine, call?.signal, checked, tick, settings),
      ),
    );
  }

  /**
   * Runs one tick now, for hosts that have the timers themselves: a cron trigger
   * of an edge platform, a function that is called by a queue.
   *
   * - stopped: launches a run that ends with this tick.
   * - running: ticks beside the grid or the schedule, which stays as it is; what
   *   is passed while the tick lasts is missed.
   *
   * Errors are recorded and observers told as for every tick.
   *
   * @example A host that calls
   * ```ts
   * import { Ticker } from "@golib/runner/ticker";
   * import { assertEquals } from "@std/assert";
   *
   * let reports = 0;
   * const ticker = new Ticker(60_000, () => void reports++);
   *
   * await ticker.tick();
   * assertEquals([reports, ticker.state], [1, "stopped"]);
   * ```
   *
   * @param options A signal that ends the tick early, by aborting its own.
   * @returns a promise that resolves when the tick has ended, whether it failed or
   * not. It rejects at once, and nothing is run, while another tick is in flight or
   * the runner is stopping, and if the signal has aborted already.
   */
  async tick(options?: TickOptions): Promise<void> {
    const machine = machineOf(this);
    const { signal } = machine.read("tick", options);
    if (signal?.aborted) throw reasonOf(signal);
    return await new Promise((ended, failed) => {
      const limit = new Limit(signal, ended);
      // Read late: to listen to a look-alike is to call somebody's code.
      const { run } = machine.state;
      const host = (each: Run) => (each as TickRun).host(limit, !run);
      try {
        if (!run) machine.launch(undefined, host);
        else if (run.isIdle) host(run);
        else {
          const why = "a tick or a stop is in flight";
          throw new Error(machine.cannot("tick", why));
        }
      } catch (error) {
        failed(error);
        limit.end();
      }
    });
  }
}
