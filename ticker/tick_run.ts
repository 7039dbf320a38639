import { type Alarm, type Clock, EPSILON } from "../_internal/alarm.ts";
import { Timeout } from "../_internal/clock.ts";
import { isCleanAbort, timeoutError } from "../_internal/errors.ts";
import type { Machine } from "../_internal/machine.ts";
import { Run } from "../_internal/run.ts";
import { tickClock } from "../_internal/wheel.ts";
import { intervalOf, type TickControl, type TickSpec } from "./spec.ts";

/** A tick that has a time limit. */
class Limit {
  readonly #controller = new AbortController();
  #timeout: Timeout | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  start(run: TickRun, ms: number): void {
    this.#timeout = new Timeout(ms, () => {
      if (this.signal.aborted) return;
      run.machine.enter();
      this.abort(run.expired(ms));
      run.machine.exit();
    });
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  end(): void {
    this.#timeout?.cancel();
  }
}

/**
 * The ticks of one run, on a grid: point k lies at origin + k × interval, and each
 * is computed from there, so that no lateness is ever handed on.
 *
 * There may be a hundred thousand of these, each ringing every second: a tick that
 * is not async and that no one observes makes no object, and reads the time once.
 */
export class TickRun extends Run implements Alarm {
  place: unknown;
  index = 0;
  due: number;
  missed = 0;
  readonly #spec: TickSpec;
  readonly #clock: Clock;
  readonly #control: TickControl = new Control(this);
  #interval: number;
  #origin: number;
  // The last point of the grid that had passed when the last tick began.
  #passed = 0;
  #phase: "waiting" | "ticking" | "halted" = "waiting";
  // Of the tick in flight.
  #startedAt: number;
  #error: Error | undefined;
  #limit: Limit | undefined;

  constructor(
    machine: Machine,
    source: AbortSignal | undefined,
    spec: TickSpec,
  ) {
    super(machine, source);
    this.#spec = spec;
    this.#clock = tickClock(spec.persistent);
    this.#interval = spec.interval;
    this.#origin = this.due = this.#startedAt = this.#clock.now();
  }

  get persistent(): boolean {
    return this.#spec.persistent;
  }

  override get isIdle(): boolean {
    return this.#phase === "waiting";
  }

  override begin(): void {
    if (this.#spec.immediate) this.#tick(this.#origin);
    else this.#arm(this.#origin);
  }

  ring(now: number): number {
    const interval = this.#interval;
    let point = this.#passed + 1;
    if (now + EPSILON >= this.#origin + (point + 1) * interval) {
      point = Math.floor((now - this.#origin + EPSILON) / interval);
    }
    this.missed = point - this.#passed - 1;
    this.#passed = point;
    return this.#tick(now);
  }

  reset(interval: number): void {
    const { name } = this.machine.settings;
    const checked = intervalOf(`reset "${name}"`, interval);
    if (this.signal.aborted) return;
    this.#interval = checked;
    this.#origin = this.#clock.now();
    this.#passed = 0;
    if (!this.isIdle) return;
    this.#clock.disarm(this);
    this.#arm(this.#origin);
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
    if (this.isIdle) {
      this.#clock.disarm(this);
      Promise.resolve().then(() => this.machine.returned(this));
    } else this.#limit?.abort(this.signal.reason);
    this.#phase = "halted";
  }

  /** Waits for the first point that has not passed before `now`. */
  #arm(now: number): void {
    const interval = this.#interval;
    let due = this.#origin + (this.#passed + 1) * interval;
    if (due < now - EPSILON) {
      const passed = now - this.#origin - EPSILON;
      due = this.#origin + Math.ceil(passed / interval) * interval;
    }
    this.due = due;
    try {
      this.#clock.arm(this, now);
    } catch (error) {
      // Edge platforms refuse timers outside a request.
      this.#phase = "halted";
      this.machine.threw(this, error);
    }
  }

  #tick(now: number): number {
    const { tick, tickTimeout } = this.#spec;
    this.#phase = "ticking";
    this.#startedAt = now;
    this.#error = undefined;
    if (tickTimeout < Infinity) this.#limit = new Limit();
    try {
      const result = tick(this.#limit?.signal ?? this.signal, this.#control);
      if (isThenable(result)) {
        this.#follow(result);
        return this.#clock.now();
      }
    } catch (error) {
      this.#caught(error);
    }
    return this.#landed();
  }

  async #follow(result: PromiseLike<unknown>): Promise<void> {
    this.#limit?.start(this, this.#spec.tickTimeout);
    try {
      await result;
    } catch (error) {
      this.#caught(error);
    }
    this.#limit?.end();
    const now = this.#landed();
    // A point that is reached at this very moment does not go by a timer, which
    // could only come later.
    if (this.isIdle && this.due - now <= EPSILON) {
      this.#clock.disarm(this);
      this.ring(now);
    }
  }

  #caught(error: unknown): void {
    const signal = this.#limit?.signal ?? this.signal;
    if (isCleanAbort(error, signal) || isCleanAbort(error, this.signal)) return;
    const recorded = this.machine.record(error, "tick");
    this.#error ??= recorded;
  }

  #landed(): number {
    const { machine } = this;
    const now = this.#clock.now();
    if (machine.isObserved) {
      machine.enter();
      machine.emit({
        type: "tick",
        runner: machine.runner,
        scheduledAt: this.due,
        startedAt: this.#startedAt,
        duration: now - this.#startedAt,
        missed: this.missed,
        ...(this.#error && { error: this.#error }),
      });
      this.#rest(now);
      machine.exit();
    } else this.#rest(now);
    return now;
  }

  #rest(now: number): void {
    if (this.#phase === "halted") return this.machine.returned(this);
    this.#phase = "waiting";
    this.#arm(now);
  }
}

class Control implements TickControl {
  readonly #run: TickRun;

  constructor(run: TickRun) {
    this.#run = run;
  }

  // Read as properties, so that they need no `this` and no memory of their own.
  get reset(): (interval: number) => void {
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
