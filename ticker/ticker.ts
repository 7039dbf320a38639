import { reasonOf } from "../_internal/errors.ts";
import { Lifecycle, machineOf } from "../_internal/lifecycle.ts";
import { Machine, type MakeRun } from "../_internal/machine.ts";
import type { Run } from "../_internal/run.ts";
import { finite, typed } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";
import { intervalOf } from "./interval.ts";
import { Body } from "./body.ts";
import { Limit } from "./limit.ts";
import { readSettings } from "./settings.ts";
import type {
  TickerOptions,
  TickFunction,
  TickOptions,
  Ticks,
} from "./spec.ts";
import { TickRun } from "./tick_run.ts";

// One function for all of them: there may be many tickers.
const makeRun: MakeRun<Body> = (machine, call, body) =>
  new TickRun(machine, call?.signal, body);

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
  readonly #body: Body;

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
    const settings = readSettings(what, checked, options);
    const body = this.#body = new Body(checked, tick, settings);
    machineOf(
      this,
      new Machine(
        this,
        settings,
        makeRun as MakeRun<unknown>,
        body,
      ),
    );
  }

  /** The run that there is, also one that is ending. */
  get #run(): TickRun | undefined {
    return machineOf(this).state.run as TickRun | undefined;
  }

  /**
   * What the ticks came to since the ticker was made, as a new object at each
   * reading. The times of the last are kept from the first reading on.
   *
   * @example How it goes
   * ```ts
   * import { Ticker } from "@golib/runner/ticker";
   * import { assertEquals } from "@std/assert";
   *
   * const ticker = new Ticker(60_000, () => {});
   * await ticker.tick();
   *
   * const { total, failed, failedInARow } = ticker.ticks;
   * assertEquals([total, failed, failedInARow], [1, 0, 0]);
   * ```
   */
  get ticks(): Ticks {
    const body = this.#body;
    const facts = body.keep();
    facts.isTimed = true;
    this.#run?.readAlone();
    const { failed, failedInARow, missed, skipped, duration } = facts;
    const start = dateOf(facts.startedAt);
    const success = dateOf(facts.succeededAt);
    return {
      total: body.total + (this.#run?.count ?? 0),
      failed,
      failedInARow,
      missed,
      skipped,
      ...(start && { lastStart: start, lastDuration: duration }),
      ...(success && { lastSuccess: success }),
    };
  }

  /**
   * Since when a tick is in flight, in milliseconds on the scale of
   * `performance.now()`; undefined where none is. A tick that hangs is seen here.
   */
  get tickingSince(): number | undefined {
    return this.#run?.tickingSince;
  }

  /**
   * The next point of the grid, or run of the schedule, as a date; undefined where
   * there is none.
   */
  get nextRun(): Date | undefined {
    const time = this.#run?.nextAt ?? NaN;
    return Math.abs(time) < Infinity ? new Date(time) : undefined;
  }

  /**
   * Begins the grid anew, here and now, with another interval, or goes by another
   * schedule, until the run ends; the next run has the constructor's again, also
   * one that a supervisor launches. A tick in flight goes on.
   *
   * - running: as said.
   * - stopped, stopping: throws, and nothing changes.
   *
   * @example From outside
   * ```ts
   * import { Ticker } from "@golib/runner/ticker";
   * import { assertThrows } from "@std/assert";
   *
   * const ticker = new Ticker(60_000, () => {});
   * await ticker.start();
   * ticker.reset(1_000);
   * await ticker.stop();
   * assertThrows(() => ticker.reset(1_000), Error, "no run");
   * ```
   *
   * @param interval In milliseconds, or a schedule, as the constructor takes it.
   * @throws {TypeError} if the interval is neither a number nor a schedule.
   * @throws {RangeError} if the interval is NaN or infinite.
   * @throws {Error} if there is no run, or it is about to end.
   */
  reset(interval: number | Schedule): void {
    const machine = machineOf(this);
    const checked = intervalOf(`reset "${this.name}"`, interval);
    if (this.#run?.reset(checked)) return;
    const why = this.#run
      ? "the run is about to end, or asks its schedule"
      : "there is no run";
    throw new Error(machine.cannot("reset", why));
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
   * @param options A signal that ends the tick early, by aborting its own, and
   * when the tick was due.
   * @returns a promise that resolves when the tick has ended, whether it failed or
   * not. It rejects at once, and nothing is run, while another tick is in flight or
   * the runner is stopping, and if the signal has aborted already.
   */
  async tick(options?: TickOptions): Promise<void> {
    const machine = machineOf(this);
    const { signal } = machine.read("tick", options);
    const scheduledAt = options?.scheduledAt;
    if (scheduledAt !== undefined) {
      finite(`tick "${this.name}"`, "scheduledAt", scheduledAt);
    }
    if (signal?.aborted) throw reasonOf(signal);
    return await new Promise((ended, failed) => {
      const limit = new Limit(
        signal,
        (refused) => refused ? failed(refused.error) : ended(),
      );
      // Read late: to listen to a look-alike is to call somebody's code.
      const { run } = machine.state;
      const host = (each: Run) =>
        (each as TickRun).host(limit, !run, scheduledAt);
      try {
        if (!run) machine.launch(undefined, host);
        else if ((run as TickRun).isFree) host(run);
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

/** A moment on the scale of `performance.now()` as a date. */
function dateOf(moment: number): Date | undefined {
  return moment === moment
    ? new Date(Date.now() + moment - performance.now())
    : undefined;
}
