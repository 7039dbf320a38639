import { type Alarm, type Clock, EPSILON } from "../_internal/alarm.ts";
import { isCleanAbort, timeoutError } from "../_internal/errors.ts";
import type { Machine } from "../_internal/machine.ts";
import { Run } from "../_internal/run.ts";
import { tickClock } from "../_internal/wheel.ts";
import type { Schedule } from "../runner.ts";
import { type Calendar, calendarOf, type Times } from "./calendar.ts";
import { Limit } from "./limit.ts";
import { intervalOf } from "./interval.ts";
import type { TickControl, TickFunction, TickSpec } from "./spec.ts";

// Numbers, as a text would be one more thing for the garbage collector to look at.
const WAITING = 0;
const TICKING = 1;
const HALTED = 2;
// A schedule is somebody's code: what it calls finds the run at work.
const ASKING = 3;

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
  place: unknown;
  missed = 0;
  readonly #spec: TickSpec;
  readonly #clock: Clock;
  readonly #work: TickFunction;
  readonly #control: TickControl = new Control(this);
  readonly #hasLimit: boolean;
  #phase: number = WAITING;
  #interval!: number;
  #origin: number;
  /** The point of the grid that is waited for, or was by the tick in flight. */
  #point = 0;
  /** The last point that had passed when the last tick began. */
  #passed = 0;
  /** What it goes by instead of the grid. */
  #calendar: Calendar | undefined;
  #limit: Limit | undefined;
  /** What is recorded of the tick in flight. */
  #error: Error | undefined;

  constructor(
    machine: Machine,
    source: AbortSignal | undefined,
    spec: TickSpec,
  ) {
    super(machine, source);
    this.#spec = spec;
    this.#clock = tickClock(spec.persistent);
    this.#work = spec.tick;
    this.#hasLimit = spec.tickTimeout < Infinity;
    this.#goBy(spec.interval);
    this.#origin = this.#clock.now();
  }

  get due(): number {
    return this.#origin + this.#point * this.#interval;
  }

  get persistent(): boolean {
    return this.#spec.persistent;
  }

  override get isIdle(): boolean {
    return this.#phase === WAITING;
  }

  override begin(): void {
    if (this.#spec.immediate) this.#tickBeside();
    else this.#arm();
  }

  /** Ticks beside the grid, because the host says so, and then ends if asked. */
  host(limit: Limit, isOnly: boolean): void {
    if (isOnly) this.#phase = HALTED;
    this.#clock.disarm(this);
    this.#clock.now();
    this.#limit = limit;
    this.#tickBeside();
  }

  ring(): void {
    const calendar = this.#calendar;
    if (calendar) {
      const now = Date.now();
      this.#phase = ASKING;
      const times = calendar.due(now);
      if (times && this.#phase === ASKING) this.#tick(times);
      // As of the same moment: what is due since then has yet to be seen.
      else this.#rest(now);
      return;
    }
    const passed = this.#clock.latest - this.#origin + EPSILON;
    let point = this.#passed + 1;
    if (passed >= (point + 1) * this.#interval) {
      point = Math.floor(passed / this.#interval);
    }
    this.missed = point - this.#passed - 1;
    this.#passed = point;
    this.#tick();
  }

  reset(interval: number | Schedule): void {
    const { name } = this.machine.settings;
    const checked = intervalOf(`reset "${name}"`, interval);
    if (this.#phase >= HALTED) return;
    this.#clock.disarm(this);
    this.#goBy(checked);
    this.#origin = this.#clock.now();
    this.#passed = 0;
    if (this.isIdle) this.#arm();
  }

  /** The tick in flight has taken too long. */
  expired(ms: number): Error {
    return this.#error = this.machine.record(
      timeoutError(
        `Cannot tick "${this.machine.settings.name}": the tick did not end within ${ms} ms`,
      ),
      "tick",
    );
  }

  protected override halted(): void {
    this.#clock.disarm(this);
    if (this.isIdle) {
      void Promise.resolve().then(() => this.machine.returned(this));
    } else this.#limit?.aborted(this.signal);
    this.#phase = HALTED;
  }

  #goBy(interval: number | Schedule): void {
    const isGrid = typeof interval === "number";
    this.#interval = isGrid ? interval : 0;
    this.#calendar = isGrid
      ? undefined
      : calendarOf(this, interval, this.#spec.lateness);
  }

  /** Waits for the first point that has not passed by the latest reading. */
  #arm(now?: number): void {
    const calendar = this.#calendar;
    const { latest } = this.#clock;
    let point = 0;
    if (calendar) {
      this.#phase = ASKING;
      const wait = calendar.wait(now ?? Date.now());
      if (wait === Infinity) this.#phase = HALTED;
      if (this.#phase === HALTED) return this.machine.returned(this);
      this.#phase = WAITING;
      this.#origin = latest + Math.min(wait, RECHECK);
      // The answer may have taken long.
      this.#clock.now();
    } else {
      const passed = latest - this.#origin - EPSILON;
      point = this.#passed + 1;
      if (passed > point * this.#interval) {
        point = Math.ceil(passed / this.#interval);
      }
    }
    this.#point = point;
    try {
      this.#clock.arm(this);
    } catch (error) {
      // Edge platforms refuse timers outside a request.
      this.#phase = HALTED;
      this.machine.threw(this, error);
    }
  }

  #tickBeside(): void {
    const now = Date.now();
    this.missed = 0;
    this.#tick(this.#calendar && { scheduledAt: now, startedAt: now });
  }

  #tick(times?: Times): void {
    const tick = this.#work;
    const startedAt = this.#clock.latest;
    // A host has brought its limit.
    const scheduledAt = this.#limit ? startedAt : this.due;
    if (this.#phase !== HALTED) this.#phase = TICKING;
    this.#error = undefined;
    if (this.#hasLimit) this.#limit ??= new Limit();
    try {
      const result = tick(this.#limit?.signal ?? this.signal, this.#control);
      if (isThenable(result)) {
        void this.#follow(result, scheduledAt, startedAt, times);
        return;
      }
      this.#ended(startedAt);
    } catch (error) {
      this.#ended(startedAt);
      this.#caught(error);
    }
    if (this.isObserved) this.#tell(scheduledAt, startedAt, times);
    else this.#rest();
  }

  async #follow(
    result: PromiseLike<unknown>,
    scheduledAt: number,
    startedAt: number,
    times: Times | undefined,
  ): Promise<void> {
    // Read also for the next to ring, as the tick may have blocked.
    const spent = this.#clock.now() - startedAt;
    this.#limit?.start(this, this.#spec.tickTimeout, spent);
    try {
      await result;
      this.#ended(startedAt);
    } catch (error) {
      this.#ended(startedAt);
      this.#caught(error);
    }
    this.#tell(scheduledAt, startedAt, times);
    // A point that is reached at this very moment does not go by a timer, which
    // could only come later.
    if (this.isIdle && this.due - this.#clock.now() <= EPSILON) {
      this.#clock.disarm(this);
      this.ring();
    }
  }

  /** A tick that blocked has kept its limit's timer from coming. */
  #ended(startedAt: number): void {
    const duration = this.#clock.now() - startedAt;
    if (!this.#hasLimit) return;
    const { tickTimeout } = this.#spec;
    // Timers and coarse clocks know whole milliseconds; 0 lets microtasks end.
    const isLate = duration > Math.ceil(tickTimeout) + EPSILON;
    if (isLate && tickTimeout > 0) this.#limit?.expire(this, tickTimeout);
  }

  #caught(error: unknown): void {
    const signal = this.#limit?.signal ?? this.signal;
    if (isCleanAbort(error, signal) || isCleanAbort(error, this.signal)) return;
    const recorded = this.machine.record(error, "tick");
    this.#error ??= recorded;
    // To print it took time.
    this.#clock.now();
  }

  #tell(
    scheduledAt: number,
    startedAt: number,
    times: Times | undefined,
  ): void {
    const { machine } = this;
    const duration = this.#clock.latest - startedAt;
    machine.enter();
    if (machine.isObserved) {
      machine.emit({
        type: "tick",
        runner: machine.runner,
        scheduledAt,
        startedAt,
        ...times,
        duration,
        missed: this.missed,
        ...(this.#error && { error: this.#error }),
      });
    }
    this.#rest();
    machine.exit();
    // For the next to ring: observers take time too.
    this.#clock.now();
  }

  #rest(now?: number): void {
    const limit = this.#limit;
    if (limit) {
      this.#limit = undefined;
      limit.end();
    }
    if (this.#phase === HALTED) return this.machine.returned(this);
    this.#phase = WAITING;
    this.#arm(now);
  }
}

class Control implements TickControl {
  readonly #run: TickRun;

  constructor(run: TickRun) {
    this.#run = run;
  }

  // Read as properties, so that they need no `this` and no memory of their own.
  get reset(): (interval: number | Schedule) => void {
    return (interval) => this.#run.reset(interval);
  }

  get stop(): () => void {
    return () => this.#run.machine.stopRun(this.#run);
  }

  get missed(): number {
    return this.#run.missed;
  }

  get force(): AbortSignal {
    return this.#run.force;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" && value !== null ||
    typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function";
}
