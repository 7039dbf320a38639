import { type Alarm, type Clock, clockOf } from "../_internal/clock.ts";
import {
  type Context,
  contextHere,
  outside,
  within,
} from "../_internal/context.ts";
import { isCleanAbort } from "../_internal/errors.ts";
import type { TickFacts } from "../_internal/hook.ts";
import type { Machine } from "../_internal/machine.ts";
import type { Run, Thrown } from "../_internal/run.ts";
import { RunSignals } from "../_internal/run_signals.ts";
import { EPSILON } from "../_internal/timer.ts";
import type { Schedule } from "../runner.ts";
import type { Body } from "./body.ts";
import { Calendar, type Times } from "./calendar.ts";
import { intervalOf } from "./interval.ts";
import { Limit } from "./limit.ts";
import type { TickControl } from "./spec.ts";

// Numbers, as a text would be one more thing for the garbage collector to look at.
const WAITING = 0;
const TICKING = 1;
// A schedule is somebody's code: what it calls finds the run at work.
const ASKING = 2;
// Asked to end: with no tick in flight, and with one.
const HALTED = 3;
const ENDING = 4;

/** How a tick ends that has called `control.skip()`. */
const SKIPPED = Symbol("skipped");

// A machine that slept, or whose clock was set, is noticed after at most so long.
const RECHECK = 30_000;

/**
 * The ticks of one run, on a grid: point k lies at origin + k × interval, and each
 * is computed from there, so that no lateness is ever handed on.
 *
 * There may be a hundred thousand of these, each ringing every second: a tick that
 * is not async and that no one observes makes no object, and reads the time once.
 */
export class TickRun implements Run, Alarm, TickFacts {
  readonly machine: Machine;
  readonly source: AbortSignal | undefined;
  readonly signals: RunSignals;
  context: Context | undefined;
  failure: Error | undefined;
  pending = 1;
  isOverdue = false;
  /** When it is to be rung, or was for the tick in flight. */
  due = 0;
  index = 0;
  missed = 0;
  /**
   * The last point of the grid that had passed when the last tick began; with a
   * schedule how many runs have passed since then.
   */
  passed = 0;
  readonly #body: Body;
  readonly #clock: Clock;
  #control: TickControl | undefined;
  #phase: number = TICKING;
  #interval = 0;
  #origin = 0;
  /** What it goes by instead of the grid. */
  #calendar: Calendar | undefined;
  #limit: Limit | undefined;
  /** The times of the tick in flight, where they are those of the wall clock. */
  #times: Times | undefined;
  #startedAt = 0;
  /** What came of the tick in flight, where that is no plain success. */
  #outcome: Error | typeof SKIPPED | undefined;

  constructor(
    machine: Machine,
    source: AbortSignal | undefined,
    body: Body,
  ) {
    this.machine = machine;
    this.source = source;
    this.signals = new RunSignals(machine.settings.name);
    this.context = body.settings.context === "none" ? outside : contextHere();
    this.#body = body;
    this.#clock = clockOf(body.settings.persistent);
    if (body.facts) body.facts.failedInARow = 0;
    this.#goBy(body.interval);
    this.due = this.#origin;
    // Made now where a platform may refuse it, as it does timers.
    if (!this.#clock.isTrusted) void this.signals.signal;
  }

  get isIdle(): boolean {
    return this.#phase === WAITING;
  }

  /** When the tick in flight was due, on the scale of its ticker. */
  get scheduledAt(): number {
    return this.#times?.scheduledAt ?? this.due;
  }

  /** How late the tick in flight began, in milliseconds. */
  get lateness(): number {
    const times = this.#times;
    return times
      ? times.startedAt - times.scheduledAt
      : this.#startedAt - this.due;
  }

  /** Milliseconds from the tick in flight to the next. */
  get distance(): number {
    return this.#calendar
      ? this.#calendar.next - this.scheduledAt
      : this.#interval;
  }

  /** When the tick in flight began, by `performance.now()`. */
  get tickingSince(): number | undefined {
    const isTicking = this.#phase === TICKING || this.#phase === ENDING;
    return isTicking ? this.#startedAt : undefined;
  }

  /** The next point or run, in epoch milliseconds; NaN where there is none. */
  get nextAt(): number {
    if (this.#phase >= HALTED) return NaN;
    if (this.#calendar) return this.#calendar.next;
    const now = this.#clock.now();
    const next = this.#phase === WAITING ? this.due : this.#pointAfter(now);
    return Date.now() + next - now;
  }

  begin(): void {
    if (this.#body.settings.immediate) {
      this.#inContext(() => this.#tickBeside());
    } else this.#arm();
  }

  /** Does what the caller wants in its own context, unless there is to be none. */
  #inContext(work: () => void): void {
    within(this.context === outside ? outside : undefined, work);
  }

  /** Ticks beside the grid, because the host says so, and then ends if asked. */
  host(limit: Limit, isOnly: boolean, scheduledAt?: number): void {
    this.#clock.disarm(this);
    if (isOnly) this.#phase = ENDING;
    this.due = this.#clock.now();
    this.#limit = limit;
    this.#inContext(() => this.#tickBeside(scheduledAt));
  }

  /** The tick in flight is to count neither as a success nor as a failure. */
  skip(): void {
    if (this.tickingSince !== undefined) this.#outcome ??= SKIPPED;
  }

  /** Its clock may be shared by many, which rings outside of all contexts. */
  ring(): void {
    const { context } = this;
    if (context === undefined || context === outside) this.#ring();
    else context.runInAsyncScope(this.#ring, this);
  }

  #ring(): void {
    if (this.#calendar) {
      const now = Date.now();
      this.#phase = ASKING;
      const scheduledAt = this.#calendar.pass(now, now);
      // NaN where nothing is due.
      const isDue = now - scheduledAt <= this.#body.settings.lateness;
      if (isDue && this.#phase === ASKING) {
        this.missed = this.passed - 1;
        this.passed = 0;
        this.#calendar.ran(scheduledAt);
        // That asks the schedule once more.
        if (this.#phase === ASKING) {
          return this.#tick({ scheduledAt, startedAt: now });
        }
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

  /** Goes by something else from now on; false where it cannot. */
  reset(interval: number | Schedule): boolean {
    const { name } = this.machine.settings;
    const checked = intervalOf(`reset "${name}"`, interval);
    if (this.#phase > TICKING) return false;
    this.#clock.disarm(this);
    this.#goBy(checked);
    if (this.isIdle) this.#arm();
    return true;
  }

  halted(): void {
    this.#clock.disarm(this);
    const isTicking = this.#phase === TICKING;
    if (this.isIdle) {
      this.pending = 0;
      void Promise.resolve().then(() => this.machine.ended(this));
    } else this.#limit?.controller.abort(this.signals.reason);
    this.#phase = isTicking ? ENDING : HALTED;
  }

  #goBy(interval: number | Schedule): void {
    this.#calendar = undefined;
    if (typeof interval !== "number") {
      const now = Date.now();
      this.#calendar = new Calendar(this, interval, now, now);
    } else this.#interval = interval;
    this.#origin = this.#clock.now();
    this.passed = 0;
  }

  /** The first point that has not passed by a moment. */
  #pointAfter(now: number): number {
    const passed = now - this.#origin - EPSILON;
    const point = Math.max(
      Math.ceil(passed / this.#interval),
      this.passed + 1,
    );
    return this.#origin + point * this.#interval;
  }

  /** Waits for the first point that has not passed by the latest reading. */
  #arm(now?: number): void {
    const { latest } = this.#clock;
    if (this.#calendar) {
      this.#phase = ASKING;
      const moment = now ?? Date.now();
      const calendar = this.#calendar;
      calendar.pass(moment - 1, moment);
      const wait = calendar.next - moment;
      if (wait === Infinity || this.#phase >= HALTED) {
        calendar.sayIfEmpty();
        return this.machine.ended(this);
      }
      this.due = latest + Math.min(wait, RECHECK);
      // The answer may have taken long.
      this.#clock.now();
    } else this.due = this.#pointAfter(latest);
    try {
      this.#clock.arm(this);
      this.#phase = WAITING;
    } catch (error) {
      // Edge platforms refuse timers outside a request.
      this.machine.ended(this, { error });
    }
  }

  #tickBeside(scheduledAt?: number): void {
    this.missed = 0;
    if (this.#calendar) {
      const now = Date.now();
      this.#tick({ scheduledAt: scheduledAt ?? now, startedAt: now });
    } else {
      this.due = scheduledAt ?? this.due;
      this.#tick();
    }
  }

  #tick(times?: Times): void {
    const { work, settings: { tickTimeout } } = this.#body;
    this.#startedAt = this.#clock.latest;
    this.#times = times;
    if (this.#phase !== ENDING) this.#phase = TICKING;
    this.#outcome = undefined;
    // A host has brought its limit.
    if (tickTimeout < Infinity) this.#limit ??= new Limit();
    let pending: PromiseLike<unknown> | undefined;
    let thrown: Thrown | undefined;
    try {
      const signal = this.#limit?.controller.signal ?? this.signals.signal;
      const control = this.#control ??= new Control(this);
      const { hook } = this.machine;
      const result = (hook?.around
        ? hook.around(this, () =>
          work(signal, control))
        : work(signal, control)) as PromiseLike<unknown> | null | undefined;
      if (typeof result?.then === "function") pending = result;
    } catch (error) {
      thrown = { error };
    }
    if (!pending) return this.#ended(thrown);
    void this.#follow(pending);
    // Read also for the next to ring, as the tick may have blocked.
    const spent = this.#clock.now() - this.#startedAt;
    this.#limit?.arm(tickTimeout - spent, () => this.#expire());
  }

  /** An async tick is awaited, which trusts no method of what it returned. */
  async #follow(pending: unknown): Promise<void> {
    let thrown: Thrown | undefined;
    try {
      await pending;
    } catch (error) {
      thrown = { error };
    }
    this.#ended(thrown);
    // A point that is reached at this very moment does not go by a timer, which
    // could only come later.
    if (this.isIdle && this.due - this.#clock.now() <= EPSILON) {
      this.#clock.disarm(this);
      this.ring();
    }
  }

  #ended(thrown: Thrown | undefined): void {
    const { machine } = this;
    const startedAt = this.#startedAt;
    const { tickTimeout } = this.#body.settings;
    const duration = this.#clock.now() - startedAt;
    // A tick that blocked has kept its limit's timer from coming. Timers and coarse
    // clocks know whole milliseconds; 0 lets microtasks end.
    if (duration > Math.ceil(tickTimeout) + EPSILON && tickTimeout > 0) {
      this.#expire();
    }
    if (
      thrown && !isCleanAbort(thrown.error, this.signals) &&
      !isCleanAbort(thrown.error, this.#limit?.controller.signal)
    ) {
      this.#failed(machine.record(thrown.error, "tick"));
      // To print it took time.
      this.#clock.now();
    }
    this.#count();
    machine.hook?.tick?.(
      this.#clock.latest,
      this.#clock.latest - startedAt,
      this.lateness,
      this.missed,
      this.#outcome,
    );
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
      ...(this.#outcome === SKIPPED && { skipped: true }),
      ...(typeof this.#outcome === "object" && { error: this.#outcome }),
    });
    this.#rest();
    machine.exit();
    // For the next to ring: observers take time too.
    this.#clock.now();
  }

  /** The first error of a tick is what it failed with, even if it was skipped. */
  #failed(error: Error): void {
    if (typeof this.#outcome !== "object") this.#outcome = error;
  }

  #count(): void {
    const body = this.#body;
    const outcome = this.#outcome;
    body.total++;
    if (!body.facts && !outcome && !this.missed) return;
    const facts = body.keep();
    facts.missed += this.missed;
    facts.ended(
      outcome === SKIPPED ? "skip" : outcome ? "failure" : "success",
      this.#startedAt,
      this.#clock.latest,
    );
  }

  /** The tick in flight has taken too long. */
  #expire(): void {
    const { machine } = this;
    const { controller } = this.#limit!;
    // Once only.
    if (controller.signal.aborted) return;
    const why =
      `the tick did not end within ${this.#body.settings.tickTimeout} ms`;
    machine.enter();
    const error = machine.record(
      new DOMException(machine.cannot("tick", why), "TimeoutError"),
      "tick",
    );
    this.#failed(error);
    controller.abort(error);
    machine.exit();
  }

  #rest(now?: number): void {
    this.#limit?.end();
    this.#limit = undefined;
    if (this.#phase >= HALTED) this.machine.ended(this);
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
    return (interval) => void this.#run.reset(interval);
  }

  get skip(): () => void {
    return () => this.#run.skip();
  }

  get scheduledAt(): number {
    return this.#run.scheduledAt;
  }

  get stop(): () => void {
    const { machine } = this.#run;
    return () => {
      if (machine.state.run === this.#run) void machine.stop();
    };
  }

  get missed(): number {
    return this.#run.missed;
  }

  get force(): AbortSignal {
    return this.#run.signals.force;
  }
}
