import {
  type Alarm,
  type Clock,
  currentClock,
  EPSILON,
  Timeout,
} from "../_internal/clock.ts";
import { isCleanAbort, timeoutError } from "../_internal/errors.ts";
import type { Machine } from "../_internal/machine.ts";
import { Run } from "../_internal/run.ts";
import { intervalOf, type TickControl, type TickSettings } from "./settings.ts";

/** A tick in flight. */
interface Flight {
  readonly scheduledAt: number;
  readonly startedAt: number;
  /** Its own signal's, where it has a time limit. */
  readonly controller: AbortController | undefined;
  /** What is recorded of it so far. */
  error: Error | undefined;
}

/**
 * The ticks of one run, on a grid: point k lies at origin + k × interval, and each
 * is computed from there, so that no lateness is ever handed on.
 */
export class TickRun extends Run implements Alarm {
  readonly clock: Clock = currentClock();
  readonly settings: TickSettings;
  due = 0;
  timer: unknown;
  missed = 0;
  #interval: number;
  #origin: number;
  // The last point of the grid that had passed when the last tick began.
  #passed = 0;
  #flight: Flight | undefined;
  readonly #control: TickControl = new Control(this);

  constructor(
    machine: Machine,
    source: AbortSignal | undefined,
    settings: TickSettings,
  ) {
    super(machine, source);
    this.settings = settings;
    this.#interval = settings.interval;
    this.#origin = this.clock.now();
  }

  get persistent(): boolean {
    return this.settings.persistent;
  }

  override begin(): void {
    if (this.settings.immediate) {
      this.#tick(this.#origin, this.#origin);
    } else this.#arm(this.#origin);
  }

  override halted(): void {
    this.clock.disarm(this);
    if (this.#flight === undefined) {
      Promise.resolve().then(() => this.machine.returned(this));
    } else this.#flight.controller?.abort(this.signal.reason);
  }

  ring(): void {
    const now = this.clock.now();
    const point = this.#pointsUntil(now);
    this.missed = point - this.#passed - 1;
    this.#passed = point;
    this.#tick(this.due, now);
  }

  reset(interval: number): void {
    const checked = intervalOf(
      `reset "${this.machine.settings.name}"`,
      interval,
    );
    if (this.signal.aborted) return;
    this.#interval = checked;
    this.#origin = this.clock.now();
    this.#passed = 0;
    if (this.#flight === undefined) this.#arm(this.#origin);
  }

  #pointsUntil(now: number): number {
    return Math.floor((now - this.#origin + EPSILON) / this.#interval);
  }

  /** Waits for the first point that has not passed before `now`. */
  #arm(now: number): void {
    const reached = Math.ceil((now - this.#origin - EPSILON) / this.#interval);
    this.due = this.#origin +
      Math.max(this.#passed + 1, reached) * this.#interval;
    this.clock.disarm(this);
    try {
      this.clock.arm(this);
    } catch (error) {
      // Edge platforms refuse timers outside a request.
      this.machine.threw(this, error);
    }
  }

  #tick(scheduledAt: number, startedAt: number): void {
    const { tick, tickTimeout } = this.settings;
    const controller = tickTimeout < Infinity
      ? new AbortController()
      : undefined;
    const flight: Flight = {
      scheduledAt,
      startedAt,
      controller,
      error: undefined,
    };
    this.#flight = flight;
    const signal = controller?.signal ?? this.signal;
    let result: unknown;
    try {
      result = tick(signal, this.#control);
      if (!isThenable(result)) return this.#landed(flight);
    } catch (error) {
      return this.#failed(flight, signal, error);
    }
    this.#follow(flight, signal, result);
  }

  async #follow(
    flight: Flight,
    signal: AbortSignal,
    result: PromiseLike<unknown>,
  ): Promise<void> {
    const timeout = flight.controller && this.#limit(flight, flight.controller);
    const land = await Promise.resolve(result).then(
      () => () => this.#landed(flight),
      (error) => () => this.#failed(flight, signal, error),
    );
    timeout?.cancel();
    land();
    // A point that is reached at this very moment does not go by a timer, which
    // could only come later.
    if (this.#isIdle && this.due - this.clock.now() <= EPSILON) {
      this.clock.disarm(this);
      this.ring();
    }
  }

  get #isIdle(): boolean {
    return this.#flight === undefined && !this.signal.aborted;
  }

  #limit(flight: Flight, controller: AbortController): Timeout {
    const { tickTimeout } = this.settings;
    return new Timeout(tickTimeout, () => {
      if (controller.signal.aborted) return;
      const error = timeoutError(
        `Cannot tick "${this.machine.settings.name}": the tick did not end within ${tickTimeout} ms`,
      );
      flight.error = this.machine.record(error, "tick");
      controller.abort(error);
    });
  }

  #failed(flight: Flight, signal: AbortSignal, error: unknown): void {
    const clean = isCleanAbort(error, signal) ||
      isCleanAbort(error, this.signal);
    if (!clean) {
      const recorded = this.machine.record(error, "tick");
      flight.error ??= recorded;
    }
    this.#landed(flight);
  }

  #landed(flight: Flight): void {
    const { machine } = this;
    const now = this.clock.now();
    machine.enter();
    this.#flight = undefined;
    if (machine.observed) {
      const { scheduledAt, startedAt, error } = flight;
      machine.emit({
        type: "tick",
        runner: machine.runner,
        scheduledAt,
        startedAt,
        duration: now - startedAt,
        missed: this.missed,
        ...(error && { error }),
      });
    }
    if (this.signal.aborted) machine.returned(this);
    else this.#arm(now);
    machine.exit();
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
