/**
 * The one owner of timers and of the question what time it is.
 *
 * Tests replace the clock of the engine in many ways: some fake `performance`
 * with the timers, some only `Date`, some neither. The clock of a timer is the
 * one that is in force when the timer is first armed, and stays that: its time is
 * read from whatever moves with it, and what it armed is cleared by its own
 * `clearTimeout`, never by another clock's.
 */

import { unref } from "./runtime.ts";

// One more and a bare `setTimeout` fires at once.
const LONGEST = 2 ** 31 - 1;

/** Times closer than this are one moment, in ms: sums of floats differ by less. */
export const EPSILON = 0.001;

type SetTimeout = (
  callback: (alarm: Alarm) => void,
  ms: number,
  alarm: Alarm,
) => unknown;

/** Something that wants to be rung at a moment. */
export interface Alarm {
  /** The moment, in milliseconds on the scale of the alarm's clock. */
  due: number;
  /** The clock it goes by. */
  readonly clock: Clock;
  /** Whether its wait keeps the process alive. */
  readonly persistent: boolean;
  /** What the clock armed for it; the clock's own. */
  timer: unknown;
  /** Called once at the moment or after it, never before. */
  ring(): void;
}

interface Engine {
  readonly set: typeof setTimeout;
  readonly Date: DateConstructor;
  readonly dateNow: () => number;
  readonly performanceNow: () => number;
}

function engineNow(): Engine | undefined {
  const set = globalThis.setTimeout;
  // Fake clocks that can be told by their look, for an import under one of them.
  if (set.name !== "setTimeout" || "clock" in set) return undefined;
  return {
    set,
    Date: globalThis.Date,
    dateNow: Date.now,
    performanceNow: performance.now,
  };
}

let engine = engineNow();

/** A source of time and the timers that go with it. */
export class Clock {
  readonly #set = globalThis.setTimeout as unknown as SetTimeout;
  readonly #clear = globalThis.clearTimeout as (timer: unknown) => void;
  readonly #real: boolean;
  readonly #byDate: boolean;
  // FakeTime of @std/testing has one function for all its instances and numbers
  // the timers of each from 1: to clear one that an earlier instance left over
  // would clear somebody else's in the next. So there a timer that is no longer
  // wanted is left to run out, and does nothing then.
  readonly #leaky = this.#set.name === "fakeSetTimeout";
  #early: number | undefined;
  // What is added to a reading, so that the scale is that of performance.now().
  #offset = 0;

  constructor(real: boolean) {
    this.#real = real;
    this.#byDate = !real && dateIsFaked() && !performanceIsFaked();
    if (this.#byDate) this.#offset = performance.now() - Date.now();
  }

  /** Milliseconds on the scale of `performance.now()`. */
  now(): number {
    return (this.#byDate ? Date.now() : performance.now()) + this.#offset;
  }

  /** Has the alarm rung at its `due`. */
  arm(alarm: Alarm): void {
    const wait = Math.ceil(alarm.due - this.now() - EPSILON);
    const ms = Math.min(Math.max(wait, 0), LONGEST);
    const set = this.#set;
    if (this.#leaky) {
      const pass = alarm.timer = {};
      set(() => alarm.timer === pass && fired(alarm), ms, alarm);
    } else {
      alarm.timer = set(fired, ms, alarm);
      if (!alarm.persistent) unref(alarm.timer);
    }
  }

  /** Undoes {@linkcode arm}; does nothing where nothing is armed. */
  disarm(alarm: Alarm): void {
    const { timer } = alarm;
    alarm.timer = undefined;
    this.clear(timer);
  }

  /** Starts a bare timer, of at most {@linkcode LONGEST} milliseconds. */
  set(callback: () => void, ms: number): unknown {
    const set = this.#set as unknown as (f: () => void, ms: number) => unknown;
    return set(callback, ms);
  }

  /** Ends a bare timer, if it can; its callback must not count on that. */
  clear(timer: unknown): void {
    if (timer === undefined || this.#leaky) return;
    const clear = this.#clear;
    try {
      clear(timer);
    } catch {
      // A fake clock that is gone may refuse; its timers are gone with it.
    }
  }

  /** Whether a timer that has just fired may ring its alarm, or fired early. */
  isDue(alarm: Alarm): boolean {
    const early = alarm.due - this.now();
    if (early <= EPSILON) return true;
    // Engines round by up to a millisecond. Where it is more, or again, nothing
    // that can be read moves with a fake clock's timers: they are all there is
    // to count by.
    if (this.#real || early <= 1 && this.#early !== alarm.due) {
      this.#early = alarm.due;
      return false;
    }
    this.#offset += early;
    return true;
  }
}

function fired(alarm: Alarm): void {
  if (alarm.timer === undefined) return;
  alarm.timer = undefined;
  if (alarm.clock.isDue(alarm)) alarm.ring();
  else alarm.clock.arm(alarm);
}

function dateIsFaked(): boolean {
  if (engine === undefined) {
    return !Function.prototype.toString.call(Date.now).includes(
      "[native code]",
    );
  }
  return Date !== engine.Date || Date.now !== engine.dateNow;
}

function performanceIsFaked(): boolean {
  return engine !== undefined && performance.now !== engine.performanceNow;
}

let realClock: Clock | undefined;

/** The clock in force: the engine's, or the fake one that stands in for it. */
export function currentClock(): Clock {
  engine ??= engineNow();
  const set = globalThis.setTimeout;
  if (set !== engine?.set || "clock" in set) return new Clock(false);
  return realClock ??= new Clock(true);
}

/** A limit on a wait; it keeps the process alive until it has passed. */
export class Timeout {
  readonly #clock = currentClock();
  #left: number;
  #expired: (() => void) | undefined;
  #timer: unknown;

  /** `Infinity` milliseconds never pass. */
  constructor(ms: number, expired: () => void) {
    this.#left = ms;
    this.#expired = expired;
    if (ms < Infinity) this.#wait();
  }

  /** Ends the wait; nothing is called any more. */
  cancel(): void {
    this.#expired = undefined;
    this.#clock.clear(this.#timer);
  }

  #wait(): void {
    const ms = Math.min(Math.ceil(this.#left), LONGEST);
    this.#left -= ms;
    this.#timer = this.#clock.set(() => {
      if (this.#left > 0) return this.#expired && this.#wait();
      const expired = this.#expired;
      this.#expired = undefined;
      expired?.();
    }, ms);
  }
}
