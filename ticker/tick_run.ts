import { type Clock, clockOf } from "../_internal/clock.ts";
import {
  type Context,
  contextHere,
  outside,
  within,
} from "../_internal/context.ts";
import type { Machine } from "../_internal/machine.ts";
import type { Thrown } from "../_internal/run.ts";
import { RunSignals } from "../_internal/run_signals.ts";
import { watching } from "../_internal/watching.ts";
import type { Schedule } from "../runner.ts";
import { attempt } from "./attempt.ts";
import type { Body } from "./body.ts";
import { comesByCalendar, ringByCalendar, tickAt } from "./by_calendar.ts";
import { Calendar, type Times } from "./calendar.ts";
import { Control } from "./control.ts";
import { ended } from "./ended.ts";
import { Extras } from "./extras.ts";
import { pointAfter, pointAt } from "./grid.ts";
import { intervalOf } from "./interval.ts";
import type { Limit } from "./limit.ts";
import {
  ASKING,
  ENDING,
  HALTED,
  LAST,
  QUEUED,
  RUNG,
  SKIPPED,
  TICKING,
  WAITING,
} from "./phase.ts";
import { ringPlainly, settlePlainly } from "./plain_ring.ts";
import { queue } from "./queue.ts";
import { giveUp } from "./retry.ts";
import { load } from "./saves.ts";
import type { TickControl, TickFunction } from "./spec.ts";
import type { Ticking } from "./ticking.ts";

/** What many a run never has, made when the first of it is needed. */
class Rare {
  failure: Error | undefined;
  isOverdue = false;
  source: AbortSignal | undefined;
  limit: Limit | undefined;
  calendar: Calendar | undefined;
  times: Times | undefined;
  extras: Extras | undefined;
}

/**
 * The ticks of one run, on a grid: point k lies at origin + k × interval, and each
 * is computed from there, so that no lateness is ever handed on.
 *
 * There may be a hundred thousand of these, each ringing every second: a tick that
 * is not async and that no one observes makes no object, and reads the time once.
 */
export class TickRun implements Ticking {
  // First what each tick touches, so that it lies together.
  /** When it is to be rung, or was for the tick in flight. */
  due = 0;
  index = 0;
  phase: number = TICKING;
  /** Whether the time is read for it alone, and not for a group. */
  isAlone: boolean;
  /** How often anyone had begun to watch, when it was last asked who does. */
  #watched = 0;
  context: Context | undefined;
  /**
   * The last point of the grid that had passed when the last tick began; with a
   * schedule how many runs have passed since then.
   */
  passed = 0;
  missed = 0;
  interval = 0;
  origin = 0;
  readonly clock: Clock;
  readonly #work: TickFunction;
  // To ask a function for its text is left to the first tick.
  #takesNothing: boolean | undefined;
  /** What came of the tick in flight, where that is no plain success. */
  outcome: Error | typeof SKIPPED | undefined;
  startedAt = 0;
  /** How many ticks have ended that are not yet in the body. */
  count = 0;
  #control: TickControl | undefined;
  #signals: RunSignals | undefined;
  #rare: Rare | undefined;

  readonly machine: Machine;
  pending = 1;
  readonly body: Body;
  // Numbers and what each tick needs lie in the run; these do not, as a field that is
  // never set takes its place a hundred thousand times.
  get failure(): Error | undefined {
    return this.#rare?.failure;
  }

  set failure(value: Error | undefined) {
    if (this.#rare || value) (this.#rare ??= new Rare()).failure = value;
  }

  get limit(): Limit | undefined {
    return this.#rare?.limit;
  }

  set limit(value: Limit | undefined) {
    if (this.#rare || value) (this.#rare ??= new Rare()).limit = value;
  }

  /** What it goes by instead of the grid. */
  get calendar(): Calendar | undefined {
    return this.#rare?.calendar;
  }

  set calendar(value: Calendar | undefined) {
    if (this.#rare || value) (this.#rare ??= new Rare()).calendar = value;
  }

  /** The times of the tick in flight, where they are those of the wall clock. */
  get times(): Times | undefined {
    return this.#rare?.times;
  }

  set times(value: Times | undefined) {
    if (this.#rare || value) (this.#rare ??= new Rare()).times = value;
  }

  get isOverdue(): boolean {
    return this.#rare?.isOverdue ?? false;
  }

  set isOverdue(value: boolean) {
    (this.#rare ??= new Rare()).isOverdue = value;
  }

  get extras(): Extras | undefined {
    return this.#rare?.extras;
  }

  get source(): AbortSignal | undefined {
    return this.#rare?.source;
  }

  constructor(
    machine: Machine,
    source: AbortSignal | undefined,
    body: Body,
  ) {
    this.machine = machine;
    if (source) (this.#rare = new Rare()).source = source;
    this.context = body.settings.context === "none" ? outside : contextHere();
    this.body = body;
    this.#work = body.work;
    this.clock = clockOf(body.settings.persistent);
    const { special } = body.settings;
    if (special) (this.#rare ??= new Rare()).extras = new Extras(special);
    this.isAlone = special !== undefined || body.facts !== undefined ||
      body.settings.tickTimeout < Infinity;
    if (body.facts) body.facts.failedInARow = 0;
    this.goBy(body.interval);
    this.due = this.origin;
    // Made now where a platform may refuse it, as it does timers.
    if (!this.clock.isTrusted) void this.signals.signal;
  }

  /** Made when first asked for: many a run ends without. */
  get signals(): RunSignals {
    return this.#signals ??= new RunSignals(this.machine);
  }

  get isQuiet(): boolean {
    return !this.#signals && !this.limit && !this.extras;
  }

  get isIdle(): boolean {
    this.catchUp();
    return this.phase <= QUEUED || this.phase === LAST;
  }

  /** Whether a host may have it tick now. */
  get isFree(): boolean {
    this.catchUp();
    return this.phase === WAITING;
  }

  /** When the tick in flight was due, on the scale of its ticker. */
  get scheduledAt(): number {
    return this.times?.scheduledAt ?? this.due;
  }

  /** How late the tick in flight began, in milliseconds. */
  get lateness(): number {
    const times = this.times;
    return times
      ? times.startedAt - times.scheduledAt
      : this.startedAt - this.due;
  }

  /** When the tick ended that has just done so, by `performance.now()`. */
  get endedAt(): number {
    return this.clock.latest;
  }

  /** How long that took, in milliseconds. */
  get duration(): number {
    return this.clock.latest - this.startedAt;
  }

  /** Milliseconds from the tick in flight to the next. */
  get distance(): number {
    return this.calendar
      ? this.calendar.next - this.scheduledAt
      : this.interval;
  }

  /** When the tick in flight began, by `performance.now()`. */
  get tickingSince(): number | undefined {
    const isTicking = this.phase === TICKING || this.phase === ENDING;
    return isTicking ? this.startedAt : undefined;
  }

  /** The next point or run, in epoch milliseconds; NaN where there is none. */
  get nextAt(): number {
    this.catchUp();
    if (this.phase >= LAST) return NaN;
    if (this.calendar) return this.calendar.next;
    const now = this.clock.now();
    const next = this.phase === WAITING ? this.due : pointAfter(this, now);
    return Date.now() + next - now;
  }

  begin(): void {
    const lastRun = this.extras?.special.lastRun;
    if (lastRun && this.body.lastRun === undefined) load(this, lastRun);
    else this.first();
  }

  /** The first tick, or the wait for it. */
  first(): void {
    const { interval, lastRun, settings: { immediate } } = this.body;
    if (this.extras?.special.lastRun) {
      const now = Date.now();
      this.phase = ASKING;
      if (lastRun !== undefined) {
        this.calendar = new Calendar(this, interval as Schedule, lastRun, now);
      }
      const isDue = this.calendar!.isDue(now);
      if (this.phase >= HALTED) return this.end();
      if (isDue) return void this.ring();
    }
    if (immediate) {
      this.inContext(() => queue(this, () => this.tickBeside()));
    } else this.arm();
  }

  /** Does what the caller wants in its own context, unless there is to be none. */
  inContext(work: () => void): void {
    within(this.context === outside ? outside : undefined, work);
  }

  /** Ticks beside the grid, because the host says so, and then ends if asked. */
  host(limit: Limit, isOnly: boolean, scheduledAt?: number): void {
    this.clock.disarm(this);
    this.limit = limit;
    if (this.extras) limit.whenAborted = () => giveUp(this);
    const begin = () => {
      if (isOnly) this.phase = ENDING;
      this.due = this.clock.now();
      this.tickBeside(scheduledAt);
    };
    this.inContext(() => queue(this, begin, isOnly ? LAST : QUEUED));
  }

  /** The tick in flight is to count neither as a success nor as a failure. */
  skip(): void {
    if (this.tickingSince !== undefined) this.outcome ??= SKIPPED;
  }

  glance(): number {
    return this.due + this.phase + this.origin + this.startedAt + this.count;
  }

  /** Its clock may be shared by many, which rings outside of all contexts. */
  ring(): boolean {
    const { context } = this;
    if (context === undefined || context === outside) return this.#ring();
    // What may belong to another request is entered with care, which costs more.
    if (!this.clock.isTrusted) return within(context, () => this.#ring());
    return context.runInAsyncScope(this.#ring, this);
  }

  #ring(): boolean {
    this.seeWatched();
    if (!this.isAlone) return ringPlainly(this);
    this.ringAlone();
    return false;
  }

  /** Calls the user's function, with what it takes. */
  call(): unknown {
    const work = this.#work;
    // So that neither has to be made.
    this.#takesNothing ??= this.body.takesNothing;
    if (this.#takesNothing) return (work as () => unknown)();
    return work(
      this.limit?.controller.signal ?? this.signals.signal,
      this.#control ??= new Control(this),
    );
  }

  /** Goes on after a tick, by the time that has been read for several. */
  settle(): void {
    settlePlainly(this);
  }

  /** What asks for the state of a run does not wait for the group. */
  catchUp(): void {
    if (this.phase !== RUNG) return;
    this.clock.now();
    this.settle();
  }

  /** Looks whether somebody has begun to watch it. */
  seeWatched(): void {
    if (this.#watched === watching.times) return;
    this.#watched = watching.times;
    const { isObserved, hook } = this.machine;
    if (isObserved || hook) this.isAlone = true;
  }

  /** From now on the time is read for it alone. */
  readAlone(): void {
    this.catchUp();
    this.isAlone = true;
  }

  ringAlone(): void {
    // What rang before it may have blocked.
    this.clock.flush();
    const { place } = this.extras ?? {};
    if (!place) return this.rung();
    if (this.calendar) {
      // It may only be time to look at the clock.
      const now = Date.now();
      this.phase = ASKING;
      if (!this.calendar.isDue(now)) return this.rest(now);
      if (this.phase >= HALTED) return this.end();
    }
    queue(this, () => this.rung());
  }

  /** What it waited for has come: a tick is due, unless a schedule says no. */
  rung(): void {
    if (this.calendar) return ringByCalendar(this);
    const next = this.passed + 1;
    const point = Math.max(pointAt(this, this.clock.latest), next);
    this.missed = point - next;
    this.passed = point;
    this.tick();
  }

  /** Goes by something else from now on; false where it cannot. */
  reset(interval: number | Schedule): boolean {
    const { name } = this.machine.settings;
    const checked = intervalOf(`reset "${name}"`, interval);
    this.catchUp();
    if (this.phase > TICKING) return false;
    this.clock.disarm(this);
    this.goBy(checked);
    if (!this.isIdle) return true;
    this.extras?.patience.cutOff();
    this.extras?.place?.leave();
    this.arm();
    return true;
  }

  halted(): void {
    const { isIdle } = this;
    const wasTicking = this.tickingSince !== undefined;
    this.clock.disarm(this);
    this.phase = wasTicking ? ENDING : HALTED;
    if (!isIdle) {
      this.limit?.abort(this.signals.reason);
      if (this.extras?.failed) giveUp(this);
      return;
    }
    this.extras?.patience.cutOff();
    this.extras?.place?.leave(this.signals.reason);
    this.limit?.end({ error: this.signals.reason });
    this.limit = undefined;
    this.pending = 0;
    void Promise.resolve().then(() => this.end());
  }

  /** The run is over. */
  end(refused?: Thrown): void {
    this.body.total += this.count;
    this.count = 0;
    this.machine.ended(this, refused);
  }

  goBy(interval: number | Schedule): void {
    this.calendar = undefined;
    // That of another schedule, which is not what the run ends with.
    this.failure = undefined;
    if (typeof interval !== "number") {
      this.isAlone = true;
      const now = Date.now();
      this.calendar = new Calendar(this, interval, now, now);
    } else this.interval = interval;
    this.origin = this.clock.now();
    this.passed = 0;
  }

  arm(now?: number, least?: number): void {
    if (!this.calendar) this.due = pointAfter(this, this.clock.latest, least);
    else if (!comesByCalendar(this, this.calendar, now)) return this.end();
    try {
      this.clock.arm(this);
      this.phase = WAITING;
    } catch (error) {
      // Edge platforms refuse timers outside a request.
      this.end({ error });
    }
  }

  tickBeside(scheduledAt?: number): void {
    this.missed = 0;
    if (this.calendar) {
      const now = Date.now();
      tickAt(this, {
        scheduledAt: scheduledAt ?? now,
        startedAt: now,
        isRun: scheduledAt !== undefined,
      });
    } else {
      this.due = scheduledAt ?? this.due;
      this.tick();
    }
  }

  attempt(): void {
    attempt(this);
  }

  ended(thrown: Thrown | undefined, isGivenUp?: boolean): void {
    ended(this, thrown, isGivenUp);
  }

  tick(times?: Times): void {
    this.startedAt = this.clock.latest;
    this.times = times;
    if (this.phase !== ENDING) this.phase = TICKING;
    this.outcome = undefined;
    if (this.extras) this.extras.attempts = 0;
    attempt(this);
  }

  rest(now?: number, refused?: Thrown): void {
    const { failAfter } = this.body.settings;
    this.extras?.place?.leave();
    this.limit?.end(refused);
    this.limit = undefined;
    if (
      this.phase === TICKING && typeof this.outcome === "object" &&
      this.body.facts!.failedInARow >= failAfter
    ) {
      this.failure = this.outcome;
      this.end();
    } else if (this.phase >= HALTED) this.end();
    else this.arm(now);
  }
}
