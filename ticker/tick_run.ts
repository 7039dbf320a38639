import { type Alarm, type Clock, clockOf } from "../_internal/clock.ts";
import {
  type Context,
  contextHere,
  outside,
  within,
} from "../_internal/context.ts";
import { isCleanAbort, toError } from "../_internal/errors.ts";
import type { TickFacts } from "../_internal/hook.ts";
import type { Machine } from "../_internal/machine.ts";
import type { Run, Thrown } from "../_internal/run.ts";
import { RunSignals } from "../_internal/run_signals.ts";
import { unref } from "../_internal/runtime.ts";
import { EPSILON } from "../_internal/timer.ts";
import { watching } from "../_internal/watching.ts";
import type { Schedule } from "../runner.ts";
import type { Body } from "./body.ts";
import { Calendar, type Times } from "./calendar.ts";
import { Control } from "./control.ts";
import { Extras } from "./extras.ts";
import { intervalOf } from "./interval.ts";
import { loadLastRun, saveLastRun } from "./last_run.ts";
import { Limit } from "./limit.ts";
import type { LastRun, TickControl, TickFunction } from "./spec.ts";

// Numbers, as a text would be one more thing for the garbage collector to look at.
const WAITING = 0;
// For a place in a gate, or for what is known of the last run.
const QUEUED = 1;
// Of the last run, before or after its tick.
const SAVING = 2;
// A tick has ended; what time it is has yet to be read.
const RUNG = 3;
const TICKING = 4;
// A schedule is somebody's code: what it calls finds the run at work.
const ASKING = 5;
// As QUEUED, of the only tick of a run that a host has asked for.
const LAST = 6;
// Asked to end: with no tick in flight, and with one.
const HALTED = 7;
const ENDING = 8;

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
  // First what each tick touches, so that it lies together.
  /** When it is to be rung, or was for the tick in flight. */
  due = 0;
  index = 0;
  #phase: number = TICKING;
  /** Whether the time is read for it alone, and not for a group. */
  #isAlone: boolean;
  /** How often anyone had begun to watch, when it was last asked who does. */
  #watched = 0;
  context: Context | undefined;
  /**
   * The last point of the grid that had passed when the last tick began; with a
   * schedule how many runs have passed since then.
   */
  passed = 0;
  missed = 0;
  #interval = 0;
  #origin = 0;
  readonly #clock: Clock;
  readonly #work: TickFunction;
  readonly #takesNothing: boolean;
  /** What came of the tick in flight, where that is no plain success. */
  #outcome: Error | typeof SKIPPED | undefined;
  #startedAt = 0;
  /** How many ticks have ended that are not yet in the body. */
  count = 0;
  #control: TickControl | undefined;
  #signals: RunSignals | undefined;
  #limit: Limit | undefined;

  readonly machine: Machine;
  readonly source: AbortSignal | undefined;
  failure: Error | undefined;
  pending = 1;
  isOverdue = false;
  readonly #body: Body;
  readonly #extras: Extras | undefined;
  /** What it goes by instead of the grid. */
  #calendar: Calendar | undefined;
  /** The times of the tick in flight, where they are those of the wall clock. */
  #times: Times | undefined;

  constructor(
    machine: Machine,
    source: AbortSignal | undefined,
    body: Body,
  ) {
    this.machine = machine;
    this.source = source;
    this.context = body.settings.context === "none" ? outside : contextHere();
    this.#body = body;
    this.#work = body.work;
    this.#takesNothing = body.takesNothing;
    this.#clock = clockOf(body.settings.persistent);
    const { special } = body.settings;
    this.#extras = special && new Extras(special);
    this.#isAlone = special !== undefined || body.facts !== undefined ||
      body.settings.tickTimeout < Infinity;
    if (body.facts) body.facts.failedInARow = 0;
    this.#goBy(body.interval);
    this.due = this.#origin;
    // Made now where a platform may refuse it, as it does timers.
    if (!this.#clock.isTrusted) void this.signals.signal;
  }

  /** Made when first asked for: many a run ends without. */
  get signals(): RunSignals {
    return this.#signals ??= new RunSignals(this.machine);
  }

  get isIdle(): boolean {
    this.#catchUp();
    return this.#phase <= QUEUED || this.#phase === LAST;
  }

  /** Whether a host may have it tick now. */
  get isFree(): boolean {
    this.#catchUp();
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

  /** When the tick ended that has just done so, by `performance.now()`. */
  get endedAt(): number {
    return this.#clock.latest;
  }

  /** How long that took, in milliseconds. */
  get duration(): number {
    return this.#clock.latest - this.#startedAt;
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
    this.#catchUp();
    if (this.#phase >= LAST) return NaN;
    if (this.#calendar) return this.#calendar.next;
    const now = this.#clock.now();
    const next = this.#phase === WAITING ? this.due : this.#pointAfter(now);
    return Date.now() + next - now;
  }

  begin(): void {
    const lastRun = this.#extras?.special.lastRun;
    if (lastRun && this.#body.lastRun === undefined) this.#load(lastRun);
    else this.#first();
  }

  /** The first tick, or the wait for it. */
  #first(): void {
    const { interval, lastRun, settings: { immediate } } = this.#body;
    if (this.#extras?.special.lastRun) {
      const now = Date.now();
      this.#phase = ASKING;
      if (lastRun !== undefined) {
        this.#calendar = new Calendar(this, interval as Schedule, lastRun, now);
      }
      const isDue = this.#calendar!.isDue(now);
      if (this.#phase >= HALTED) return this.#end();
      if (isDue) return void this.ring();
    }
    if (immediate) {
      this.#inContext(() => this.#queue(() => this.#tickBeside()));
    } else this.#arm();
  }

  /** Does what the caller wants in its own context, unless there is to be none. */
  #inContext(work: () => void): void {
    within(this.context === outside ? outside : undefined, work);
  }

  /** Ticks beside the grid, because the host says so, and then ends if asked. */
  host(limit: Limit, isOnly: boolean, scheduledAt?: number): void {
    this.#clock.disarm(this);
    this.#limit = limit;
    if (this.#extras) limit.whenAborted = () => this.#giveUp();
    const begin = () => {
      if (isOnly) this.#phase = ENDING;
      this.due = this.#clock.now();
      this.#tickBeside(scheduledAt);
    };
    this.#inContext(() => this.#queue(begin, isOnly ? LAST : QUEUED));
  }

  /** The tick in flight is to count neither as a success nor as a failure. */
  skip(): void {
    if (this.tickingSince !== undefined) this.#outcome ??= SKIPPED;
  }

  /** Its clock may be shared by many, which rings outside of all contexts. */
  ring(): boolean {
    const { context } = this;
    if (context === undefined || context === outside) return this.#ring();
    // What may belong to another request is entered with care, which costs more.
    if (!this.#clock.isTrusted) return within(context, () => this.#ring());
    return context.runInAsyncScope(this.#ring, this);
  }

  #ring(): boolean {
    const { machine } = this;
    if (this.#watched !== watching.times) {
      this.#watched = watching.times;
      if (machine.isObserved || machine.hook) this.#isAlone = true;
    }
    if (!this.#isAlone) return this.#ringPlainly();
    this.#ringAlone();
    return false;
  }

  /** A tick that nobody looks at: what it takes is read for several together. */
  #ringPlainly(): boolean {
    const { latest } = this.#clock;
    const next = this.passed + 1;
    // One that is late by whole points has something to tell.
    if (latest - this.#origin + EPSILON >= (next + 1) * this.#interval) {
      this.#ringAlone();
      return false;
    }
    this.passed = next;
    this.missed = 0;
    this.#startedAt = latest;
    this.#phase = TICKING;
    this.#outcome = undefined;
    let thrown: Thrown | undefined;
    try {
      const result = this.#call() as PromiseLike<unknown> | undefined;
      if (typeof result?.then === "function") {
        this.#isAlone = true;
        void this.#follow(result);
        this.#clock.now();
        return false;
      }
    } catch (error) {
      thrown = { error };
    }
    if (thrown || this.#outcome || this.#phase !== TICKING || this.#isAlone) {
      this.#isAlone ||= thrown !== undefined;
      this.#ended(thrown);
      return false;
    }
    this.count++;
    this.#phase = RUNG;
    return true;
  }

  /** Calls the user's function, with what it takes. */
  #call(): unknown {
    const work = this.#work;
    // So that neither has to be made.
    if (this.#takesNothing) return (work as () => unknown)();
    return work(
      this.#limit?.controller.signal ?? this.signals.signal,
      this.#control ??= new Control(this),
    );
  }

  /** Goes on after a tick, by the time that has been read for several. */
  settle(): void {
    if (this.#phase !== RUNG) return;
    const { latest } = this.#clock;
    // Something has blocked: it is not known what, so that from now on it is.
    const next = this.#origin + (this.passed + 1) * this.#interval;
    if (next <= latest) this.#isAlone = true;
    this.#arm();
  }

  /** What asks for the state of a run does not wait for the group. */
  #catchUp(): void {
    if (this.#phase !== RUNG) return;
    this.#clock.now();
    this.settle();
  }

  /** From now on the time is read for it alone. */
  readAlone(): void {
    this.#catchUp();
    this.#isAlone = true;
  }

  #ringAlone(): void {
    // What rang before it may have blocked.
    this.#clock.flush();
    const { place } = this.#extras ?? {};
    if (!place) return this.#rung();
    if (this.#calendar) {
      // It may only be time to look at the clock.
      const now = Date.now();
      this.#phase = ASKING;
      if (!this.#calendar.isDue(now)) return this.#rest(now);
      if (this.#phase >= HALTED) return this.#end();
    }
    this.#queue(() => this.#rung());
  }

  /** Calls `enter` when there is a place for a tick. */
  #queue(enter: () => void, phase = QUEUED): void {
    const { place } = this.#extras ?? {};
    if (!place) return enter();
    // Who leaves a gate calls those that wait for it, in a context of its own.
    const here = this.context === outside ? outside : contextHere();
    this.#phase = phase;
    place.take(() => {
      this.#clock.now();
      within(here, enter);
      // For the next to ring, as the tick may have blocked.
      this.#clock.now();
    }, (error) => this.#refused(error));
  }

  /** There is no place for what is due, which is missed. */
  #refused(error: unknown): void {
    const limit = this.#limit;
    const isLast = this.#phase === LAST;
    this.#limit = undefined;
    // A host is told of it.
    if (limit) limit.end({ error });
    else this.#tell(error);
    if (isLast) return this.#end();
    const now = this.#clock.now();
    if (!this.#calendar) {
      const passed = now - this.#origin + EPSILON;
      return this.#arm(undefined, Math.floor(passed / this.#interval) + 1);
    }
    const moment = Date.now();
    this.#phase = ASKING;
    this.#calendar.pass(moment, moment);
    this.#arm(moment);
  }

  /** Tells observers of an error that is not recorded. */
  #tell(value: unknown): void {
    const { machine } = this;
    if (!machine.isObserved) return;
    const error = toError(value);
    machine.enter();
    machine.emit({
      type: "error",
      runner: machine.runner,
      error,
      phase: "tick",
    });
    machine.exit();
  }

  /** What is waited for beside a tick is not waited for any more. */
  #giveUp(): void {
    const { place, pause, failed } = this.#extras!;
    const { reason } = this.#limit?.controller.signal ?? this.signals;
    if (this.isIdle) {
      place?.leave(reason);
      return this.#refused(reason);
    }
    if (!failed) return;
    pause.disarm();
    place?.leave(reason);
    this.#extras!.failed = undefined;
    void Promise.resolve().then(() => this.#ended(failed, true));
  }

  #rung(): void {
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
          return this.#run({ scheduledAt, startedAt: now, isRun: true });
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
    this.#catchUp();
    if (this.#phase > TICKING) return false;
    this.#clock.disarm(this);
    this.#goBy(checked);
    if (!this.isIdle) return true;
    this.#extras?.patience.cutOff();
    this.#extras?.place?.leave();
    this.#arm();
    return true;
  }

  halted(): void {
    const { isIdle } = this;
    const wasTicking = this.tickingSince !== undefined;
    this.#clock.disarm(this);
    this.#phase = wasTicking ? ENDING : HALTED;
    if (!isIdle) {
      this.#limit?.abort(this.signals.reason);
      if (this.#extras?.failed) this.#giveUp();
      return;
    }
    this.#extras?.patience.cutOff();
    this.#extras?.place?.leave(this.signals.reason);
    this.#limit?.end({ error: this.signals.reason });
    this.#limit = undefined;
    this.pending = 0;
    void Promise.resolve().then(() => this.#end());
  }

  /** The run is over. */
  #end(refused?: Thrown): void {
    this.#body.total += this.count;
    this.count = 0;
    this.machine.ended(this, refused);
  }

  #goBy(interval: number | Schedule): void {
    this.#calendar = undefined;
    if (typeof interval !== "number") {
      this.#isAlone = true;
      const now = Date.now();
      this.#calendar = new Calendar(this, interval, now, now);
    } else this.#interval = interval;
    this.#origin = this.#clock.now();
    this.passed = 0;
  }

  /** The first point that has not passed by a moment. */
  #pointAfter(now: number, least = this.passed + 1): number {
    const passed = now - this.#origin - EPSILON;
    const point = Math.max(Math.ceil(passed / this.#interval), least);
    return this.#origin + point * this.#interval;
  }

  /** Waits for the first point that has not passed by the latest reading. */
  #arm(now?: number, least?: number): void {
    const { latest } = this.#clock;
    if (this.#calendar) {
      this.#phase = ASKING;
      const moment = now ?? Date.now();
      const calendar = this.#calendar;
      calendar.pass(moment - 1, moment);
      const wait = calendar.next - moment;
      if (wait === Infinity || this.#phase >= HALTED) {
        calendar.sayIfEmpty();
        return this.#end();
      }
      this.due = latest + Math.min(wait, RECHECK);
      // The answer may have taken long.
      this.#clock.now();
    } else this.due = this.#pointAfter(latest, least);
    try {
      this.#clock.arm(this);
      this.#phase = WAITING;
    } catch (error) {
      // Edge platforms refuse timers outside a request.
      this.#end({ error });
    }
  }

  #tickBeside(scheduledAt?: number): void {
    this.missed = 0;
    if (this.#calendar) {
      const now = Date.now();
      this.#run({
        scheduledAt: scheduledAt ?? now,
        startedAt: now,
        isRun: scheduledAt !== undefined,
      });
    } else {
      this.due = scheduledAt ?? this.due;
      this.#tick();
    }
  }

  /** Ticks by the wall clock, where the run is to be saved before that. */
  #run(times: Times): void {
    const { special } = this.#extras ?? {};
    if (special?.lastRun?.when !== "before" || !times.isRun) {
      return this.#tick(times);
    }
    const wasEnding = this.#phase === ENDING;
    this.#save(special.lastRun, times.scheduledAt, (isSaved) => {
      // At most once: what is not known to be saved is not run.
      if (!isSaved || this.#phase === HALTED) return this.#rest();
      this.#clock.now();
      if (wasEnding) this.#phase = ENDING;
      this.#tick({ ...times, startedAt: Date.now() });
    });
  }

  #tick(times?: Times): void {
    this.#startedAt = this.#clock.latest;
    this.#times = times;
    if (this.#phase !== ENDING) this.#phase = TICKING;
    this.#outcome = undefined;
    if (this.#extras) this.#extras.attempts = 0;
    this.#attempt();
  }

  #attempt(): void {
    const { settings } = this.#body;
    if (this.#extras) this.#extras.attempts++;
    let pending: PromiseLike<unknown> | undefined;
    let thrown: Thrown | undefined;
    try {
      // A host has brought its limit. A platform may refuse one of our own.
      if (settings.tickTimeout < Infinity) this.#limit ??= new Limit();
      const { hook } = this.machine;
      const result = (hook?.around
        ? hook.around(this, () => this.#call())
        : this.#call()) as PromiseLike<unknown> | null | undefined;
      if (typeof result?.then === "function") {
        pending = result;
      }
    } catch (error) {
      thrown = { error };
    }
    if (!pending) return this.#ended(thrown);
    void this.#follow(pending);
    // Read also for the next to ring, as the tick may have blocked.
    this.#armLimit(this.#clock.now() - this.#startedAt);
  }

  /** Limits the tick in flight, where the platform does not refuse the timer. */
  #armLimit(spent: number): void {
    const { tickTimeout } = this.#body.settings;
    try {
      this.#limit?.arm(tickTimeout - spent, () => this.#expire());
    } catch (error) {
      this.#failed(this.machine.record(error, "tick"));
    }
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
    if (this.isFree && this.due - this.#clock.now() <= EPSILON) {
      this.#clock.disarm(this);
      this.ring();
    }
  }

  #ended(thrown: Thrown | undefined, isGivenUp = false): void {
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
      if (!isGivenUp && this.#triesAgain(thrown)) return;
      this.#failed(machine.record(thrown.error, "tick"));
      // To print it took time.
      this.#clock.now();
    }
    this.#count();
    const saved = thrown ? NaN : this.#toSave;
    machine.hook?.tick?.(this, this.#outcome);
    if (!machine.isObserved) return this.#leave(saved);
    machine.enter();
    const { special, attempts } = this.#extras ?? {};
    machine.emit({
      type: "tick",
      runner: machine.runner,
      scheduledAt: this.scheduledAt,
      startedAt: this.#times?.startedAt ?? startedAt,
      duration: this.#clock.latest - startedAt,
      missed: this.missed,
      ...(special?.retry && { attempts: attempts! }),
      ...(this.#outcome === SKIPPED && { skipped: true }),
      ...(typeof this.#outcome === "object" && { error: this.#outcome }),
    });
    this.#leave(saved);
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
    this.count++;
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
    const controller = this.#limit?.controller;
    // Once only.
    if (!controller || controller.signal.aborted) return;
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

  /** Has a failed tick tried again later, where that is allowed. */
  #triesAgain(thrown: Thrown): boolean {
    const extras = this.#extras;
    const { aborted } = this.#limit?.controller.signal ?? this.signals;
    if (!extras || this.#outcome || aborted) return false;
    const { wait } = extras;
    if (wait >= this.#timeLeft()) return false;
    const start = this.#clock.latest + wait;
    extras.failed = thrown;
    extras.place?.leave();
    this.#tell(thrown.error);
    // An observer may have told it to end.
    if (!extras.failed) return true;
    if (this.#limit) {
      this.#limit.whenAborted = () => this.#giveUp();
      this.#armLimit(this.#clock.now() - this.#startedAt);
    }
    this.#pause(
      extras,
      start - this.#clock.now(),
      () => this.#tryAgain(extras),
    );
    return true;
  }

  #pause(extras: Extras, ms: number, passed: () => void): void {
    extras.pause.arm(ms, passed);
    if (!this.#body.settings.persistent) unref(extras.pause.armed?.id);
  }

  /** The next attempt of the tick in flight, unless it has become too late. */
  #tryAgain(extras: Extras): void {
    const left = this.#timeLeft();
    if (left <= 0) return this.#giveUp();
    const begin = () => {
      extras.pause.disarm();
      extras.failed = undefined;
      this.#clock.now();
      this.#attempt();
      // For the next to ring, as the tick may have blocked.
      this.#clock.now();
    };
    if (!extras.place) return begin();
    const here = this.context === outside ? outside : contextHere();
    if (left < Infinity) this.#pause(extras, left, () => this.#giveUp());
    extras.place.take(() => within(here, begin), () => this.#giveUp());
  }

  /** How long until the next point, or the end of the tick's time, from now on. */
  #timeLeft(): number {
    const left = this.#body.settings.tickTimeout + this.#startedAt -
      this.#clock.now();
    // A host's only tick has no next.
    if (this.#phase === ENDING) return left;
    if (this.#calendar) {
      const now = Date.now();
      this.#calendar.isDue(now);
      return Math.min(left, this.#calendar.next - now);
    }
    const passed = this.#startedAt - this.#origin + EPSILON;
    const next = Math.max(Math.floor(passed / this.#interval), 0) + 1;
    const point = this.#origin + next * this.#interval - EPSILON;
    return Math.min(left, point - this.#clock.latest);
  }

  /** What is to be saved of the tick in flight, where that ends well. */
  get #toSave(): number {
    const lastRun = this.#extras?.special.lastRun;
    if (!lastRun || !this.#times?.isRun || lastRun.when === "before") {
      return NaN;
    }
    return typeof this.#outcome === "object" ? NaN : this.#times.scheduledAt;
  }

  #leave(saved: number): void {
    if (saved !== saved) return this.#rest();
    const { special, place } = this.#extras!;
    place?.leave();
    this.#save(special.lastRun!, saved, () => this.#rest());
  }

  /** Asks for the last run, before anything ticks. */
  #load(lastRun: LastRun): void {
    this.#phase = QUEUED;
    loadLastRun(this.machine, this.#extras!.patience, lastRun, (run) => {
      if (run !== undefined) this.#body.lastRun = run;
      this.#clock.now();
      // An observer of an error may have told it to end.
      if (this.#phase === QUEUED) this.#first();
    });
  }

  /** Saves a run, and then goes on. */
  #save(
    lastRun: LastRun,
    run: number,
    then: (isSaved: boolean) => void,
  ): void {
    this.#phase = this.#phase === ENDING ? HALTED : SAVING;
    // Known here, whatever becomes of it there.
    if (lastRun.when !== "before") this.#body.lastRun = run;
    const { patience } = this.#extras!;
    saveLastRun(this.machine, patience, lastRun, run, (isSaved) => {
      if (isSaved) this.#body.lastRun = run;
      this.#clock.now();
      then(isSaved);
    });
  }

  #rest(now?: number): void {
    const { failAfter } = this.#body.settings;
    this.#extras?.place?.leave();
    this.#limit?.end();
    this.#limit = undefined;
    if (
      this.#phase === TICKING && typeof this.#outcome === "object" &&
      this.#body.facts!.failedInARow >= failAfter
    ) {
      this.failure = this.#outcome;
      this.#end();
    } else if (this.#phase >= HALTED) this.#end();
    else this.#arm(now);
  }
}
