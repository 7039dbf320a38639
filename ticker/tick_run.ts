import { type Alarm, type Clock, clockOf } from "../_internal/clock.ts";
import { isCleanAbort } from "../_internal/errors.ts";
import type { Machine } from "../_internal/machine.ts";
import { Run, type Thrown } from "../_internal/run.ts";
import { defaultsOf } from "../_internal/settings.ts";
import { EPSILON } from "../_internal/timer.ts";
import type { Schedule } from "../runner.ts";
import { type Calendar, calendarOf, type Times } from "./calendar.ts";
import { intervalOf } from "./interval.ts";
import { Limit } from "./limit.ts";
import type { TickControl, TickFunction } from "./spec.ts";

/** What a ticker goes by where its options say nothing else. */
export const DEFAULTS = /* @__PURE__ */ defaultsOf("ticker", {
  immediate: false,
  lateness: Infinity,
  persistent: true,
  tickTimeout: Infinity,
});

// Numbers, as a text would be one more thing for the garbage collector to look at.
const WAITING = 0;
const TICKING = 1;
// A schedule is somebody's code: what it calls finds the run at work.
const ASKING = 2;
const HALTED = 3;

// A machine that slept, or whose clock was set, is noticed after at most so long.
const RECHECK = 30_000;

/**
 * The ticks of one run, on a grid: point k lies at origin + k × interval, and each
 * is computed from there, so that no lateness is ever handed on.
 *
 * There may be a hundred thousand of these, each ringing every second: a tick that
 * is not async and that no one observes makes no object, and reads the time once.
 */
export class TickRun extends Run implements Alarm {
  /** When it is to be rung, or was for the tick in flight. */
  due = 0;
  index = 0;
  missed = 0;
  /**
   * The last point of the grid that had passed when the last tick began; with a
   * schedule how many runs have passed since then.
   */
  passed = 0;
  readonly #settings: typeof DEFAULTS;
  readonly #clock: Clock;
  readonly #work: TickFunction;
  #control: TickControl | undefined;
  #phase: number = TICKING;
  #interval = 0;
  #origin = 0;
  /** What it goes by instead of the grid. */
  #calendar: Calendar | undefined;
  #limit: Limit | undefined;
  /** The times of the tick in flight, where they are those of the wall clock. */
  #times: Times | undefined;
  /** What is recorded of the tick in flight. */
  #error: Error | undefined;

  constructor(
    machine: Machine,
    source: AbortSignal | undefined,
    interval: number | Schedule,
    work: TickFunction,
    settings: typeof DEFAULTS,
  ) {
    super(machine, source);
    this.#settings = settings;
    this.#clock = clockOf(settings.persistent);
    this.#work = work;
    this.#goBy(interval);
    this.due = this.#origin;
    // Made now where a platform may refuse it, as it does timers.
    if (!this.#clock.isTrusted) void this.signal;
  }

  override get isIdle(): boolean {
    return this.#phase === WAITING;
  }

  override begin(): void {
    if (this.#settings.immediate) this.#tickBeside();
    else this.#arm();
  }

  /** Ticks beside the grid, because the host says so, and then ends if asked. */
  host(limit: Limit, isOnly: boolean): void {
    this.#clock.disarm(this);
    if (isOnly) this.#phase = HALTED;
    this.due = this.#clock.now();
    this.#limit = limit;
    this.#tickBeside();
  }

  ring(): void {
    if (this.#calendar) {
      const now = Date.now();
      this.#phase = ASKING;
      const [scheduledAt] = this.#calendar(now);
      // NaN where nothing is due.
      if (
        now - scheduledAt <= this.#settings.lateness && this.#phase === ASKING
      ) {
        this.missed = this.passed - 1;
        this.passed = 0;
        return this.#tick({ scheduledAt, startedAt: now });
      }
      // As of the same moment: what is due since then has yet to be seen.
      return this.#rest(now);
    }
    const passed = this.#clock.latest - this.#origin + EPSILON;
    const next = this.passed + 1;
    const point = Math.max(Math.floor(passed / this.#interval), next);
    this.missed = point - next;
    this.passed = point;
    this.#tick();
  }

  reset(interval: number | Schedule): void {
    const { name } = this.machine.settings;
    const checked = intervalOf(`reset "${name}"`, interval);
    if (this.#phase > TICKING) return;
    this.#clock.disarm(this);
    this.#goBy(checked);
    if (this.isIdle) this.#arm();
  }

  protected override halted(): void {
    this.#clock.disarm(this);
    if (this.isIdle) {
      this.pending = 0;
      void Promise.resolve().then(() => this.machine.ended(this));
    } else this.#limit?.controller.abort(this.reason);
    this.#phase = HALTED;
  }

  #goBy(interval: number | Schedule): void {
    this.#calendar = undefined;
    if (typeof interval !== "number") {
      this.#calendar = calendarOf(this, interval);
    } else this.#interval = interval;
    this.#origin = this.#clock.now();
    this.passed = 0;
  }

  /** Waits for the first point that has not passed by the latest reading. */
  #arm(now?: number): void {
    const { latest } = this.#clock;
    if (this.#calendar) {
      this.#phase = ASKING;
      const moment = now ?? Date.now();
      const wait = this.#calendar(moment - 1)[1] - moment;
      if (wait === Infinity || this.#phase === HALTED) {
        return this.machine.ended(this);
      }
      this.due = latest + Math.min(wait, RECHECK);
      // The answer may have taken long.
      this.#clock.now();
    } else {
      const passed = latest - this.#origin - EPSILON;
      const point = Math.ceil(passed / this.#interval);
      this.due = this.#origin +
        Math.max(point, this.passed + 1) * this.#interval;
    }
    try {
      this.#clock.arm(this);
      this.#phase = WAITING;
    } catch (error) {
      // Edge platforms refuse timers outside a request.
      this.machine.ended(this, { error });
    }
  }

  #tickBeside(): void {
    const now = Date.now();
    this.missed = 0;
    this.#tick(this.#calendar && { scheduledAt: now, startedAt: now });
  }

  #tick(times?: Times): void {
    const tick = this.#work;
    const { tickTimeout } = this.#settings;
    const startedAt = this.#clock.latest;
    this.#times = times;
    if (this.#phase !== HALTED) this.#phase = TICKING;
    this.#error = undefined;
    // A host has brought its limit.
    if (tickTimeout < Infinity) this.#limit ??= new Limit();
    let pending: PromiseLike<unknown> | undefined;
    let thrown: Thrown | undefined;
    try {
      const result = tick(
        this.#limit?.controller.signal ?? this.signal,
        this.#control ??= new Control(this),
      ) as PromiseLike<unknown> | null | undefined;
      if (typeof result?.then === "function") pending = result;
    } catch (error) {
      thrown = { error };
    }
    if (!pending) return this.#ended(startedAt, thrown);
    void this.#follow(startedAt, pending);
    // Read also for the next to ring, as the tick may have blocked.
    const spent = this.#clock.now() - startedAt;
    this.#limit?.arm(tickTimeout - spent, () => this.#expire());
  }

  /** An async tick is awaited, which trusts no method of what it returned. */
  async #follow(startedAt: number, pending: unknown): Promise<void> {
    let thrown: Thrown | undefined;
    try {
      await pending;
    } catch (error) {
      thrown = { error };
    }
    this.#ended(startedAt, thrown);
    // A point that is reached at this very moment does not go by a timer, which
    // could only come later.
    if (this.isIdle && this.due - this.#clock.now() <= EPSILON) {
      this.#clock.disarm(this);
      this.ring();
    }
  }

  #ended(startedAt: number, thrown: Thrown | undefined): void {
    const { machine } = this;
    const { tickTimeout } = this.#settings;
    const duration = this.#clock.now() - startedAt;
    // A tick that blocked has kept its limit's timer from coming. Timers and coarse
    // clocks know whole milliseconds; 0 lets microtasks end.
    if (duration > Math.ceil(tickTimeout) + EPSILON && tickTimeout > 0) {
      this.#expire();
    }
    if (
      thrown && !isCleanAbort(thrown.error, this.signal) &&
      !isCleanAbort(thrown.error, this.#limit?.controller.signal)
    ) {
      const error = machine.record(thrown.error, "tick");
      this.#error ??= error;
      // To print it took time.
      this.#clock.now();
    }
    if (!machine.isObserved) return this.#rest();
    machine.enter();
    machine.emit({
      type: "tick",
      runner: machine.runner,
      scheduledAt: this.due,
      startedAt,
      ...this.#times,
      duration: this.#clock.latest - startedAt,
      missed: this.missed,
      ...(this.#error && { error: this.#error }),
    });
    this.#rest();
    machine.exit();
    // For the next to ring: observers take time too.
    this.#clock.now();
  }

  /** The tick in flight has taken too long. */
  #expire(): void {
    const { machine } = this;
    const { controller } = this.#limit!;
    // Once only.
    if (controller.signal.aborted) return;
    const why = `the tick did not end within ${this.#settings.tickTimeout} ms`;
    machine.enter();
    this.#error = machine.record(
      new DOMException(machine.cannot("tick", why), "TimeoutError"),
      "tick",
    );
    controller.abort(this.#error);
    machine.exit();
  }

  #rest(now?: number): void {
    this.#limit?.end();
    this.#limit = undefined;
    if (this.#phase === HALTED) this.machine.ended(this);
    else this.#arm(now);
  }
}

class Control implements TickControl {
  readonly #run: TickRun;

  constructor(run: TickRun) {
    this.#run = run;
  }

  // Read as properties, so that they need no `this` and no memory of their own:
  // each of many tickers has one.
  get reset(): TickControl["reset"] {
    return (interval) => this.#run.reset(interval);
  }

  get stop(): () => void {
    const { machine } = this.#run;
    return () => {
      if (machine.state.run === this.#run) void machine.call("stop");
    };
  }

  get missed(): number {
    return this.#run.missed;
  }

  get force(): AbortSignal {
    return this.#run.force;
  }
}
