/**
 * The one owner of timers and of the question what time it is.
 *
 * Tests replace the clock of the engine in many ways: some fake `performance`
 * with the timers, some only `Date`, some neither. The clock of an alarm is the
 * one that is in force when it is made, and stays that: its time is read from
 * whatever moves with it, and what it armed is cleared by its own `clearTimeout`,
 * never by another clock's.
 */

import { type Alarm, type Clock, EPSILON, waitFor } from "./alarm.ts";
import { unref } from "./runtime.ts";

/** The engine's own functions, which a fake clock may since have replaced. */
export interface Engine {
  readonly set: (callback: () => void, ms: number) => unknown;
  readonly clear: (timer: unknown) => void;
  readonly now: () => number;
  /** Whether the functions answer to a fake clock for the time being. */
  readonly isFaked: () => boolean;
  readonly timeout: unknown;
  readonly Date: unknown;
  readonly dateNow: unknown;
  readonly performanceNow: unknown;
}

/** The engine's own functions, unless a fake clock can be told by its look. */
function findEngine(): Engine | undefined {
  const { setTimeout, clearTimeout, performance, Date } = globalThis;
  const isFaked = () => "clock" in setTimeout;
  if (setTimeout.name !== "setTimeout" || isFaked()) return undefined;
  const performanceNow = performance.now;
  return {
    // Called as plain functions: browsers refuse another `this`.
    set: (callback, ms) => setTimeout(callback, ms),
    clear: (timer) => clearTimeout(timer as number),
    now: () => performanceNow.call(performance),
    isFaked,
    timeout: setTimeout,
    Date,
    dateNow: Date.now,
    performanceNow,
  };
}

let engine = findEngine();

// A `Date` that JavaScript fakes is told by its text where there is nothing to
// compare it with.
function isDateFaked(): boolean {
  return engine
    ? Date !== engine.Date || Date.now !== engine.dateNow
    : !Function.prototype.toString.call(Date.now).includes("native code");
}

/** A clock that arms a timer for each alarm: a fake one, or a request's. */
export class Timers implements Clock {
  readonly #set = globalThis.setTimeout;
  readonly #clear = globalThis.clearTimeout;
  // Read as it was when the clock was in force, for one that is gone to stand
  // still rather than to leap to the present.
  readonly #now: () => number;
  // Some fake clocks have one set of functions for all their instances, as those
  // of @std/testing and node:test: to clear a timer that an earlier instance left
  // over would clear somebody else's in the next. So there a timer that is no
  // longer wanted is left to run out, and does nothing then. Others are cleared:
  // what wraps the engine's own, as tools that trace a program do, must not keep
  // the process alive.
  readonly #leaky = /^(fakeSetTimeout|bound .*)$/.test(this.#set.name);
  readonly #isMarked = "clock" in this.#set;
  latest = 0;
  // What is added to a reading, for the scale to be that of performance.now().
  #offset = 0;
  // Engines round by up to a millisecond.
  #slack = 1;
  #early: number | undefined;

  constructor() {
    engineInForce();
    const { performance, Date } = globalThis;
    const { now } = performance;
    this.#now = () => now.call(performance);
    if (now !== (engine?.performanceNow ?? now)) return;
    this.#offset = this.#now();
    if (isDateFaked()) {
      const { now } = Date;
      this.#now = () => now.call(Date);
      this.#offset -= this.#now();
    } else if (
      engine && this.#set !== engine.timeout && (this.#leaky || this.#isMarked)
    ) {
      // A fake clock with nothing to read that moves with its timers: they are all
      // there is to count by.
      this.#now = () => 0;
      this.#slack = EPSILON;
    } else this.#offset = 0;
  }

  now(): number {
    return this.latest = this.#now() + this.#offset;
  }

  arm(alarm: Alarm): void {
    const set = this.#set;
    // Bun's fake clock has the engine's functions: gone, it would leave the alarm
    // to the engine.
    if (this.#isMarked && !("clock" in set)) return;
    const wait = waitFor(alarm.due, this.latest);
    const expected = this.latest + wait;
    const pass = { timer: undefined as unknown };
    alarm.place = pass;
    pass.timer = set(() => {
      if (alarm.place === pass) this.#fired(alarm, expected);
    }, wait);
    if (!alarm.persistent) unref(pass.timer);
  }

  disarm(alarm: Alarm): void {
    const pass = alarm.place as { timer: unknown } | undefined;
    alarm.place = undefined;
    if (pass === undefined || this.#leaky) return;
    const clear = this.#clear;
    try {
      clear(pass.timer as number);
    } catch {
      // A fake clock that is gone may refuse; its timers are gone with it.
    }
  }

  #fired(alarm: Alarm, expected: number): void {
    alarm.place = undefined;
    this.now();
    // Too early, or early again: this is a fake clock in disguise, to be counted by.
    const slack = this.#early === alarm.due ? EPSILON : this.#slack;
    if (expected - this.latest > slack) {
      this.#offset += expected - this.latest;
      this.latest = expected;
    }
    if (alarm.due - this.latest > EPSILON) {
      this.#early = alarm.due;
      this.arm(alarm);
    } else alarm.ring();
  }
}

/** The engine's own functions, where no fake clock stands in for them. */
export function engineInForce(): Engine | undefined {
  engine ??= findEngine();
  return globalThis.setTimeout === engine?.timeout && !engine.isFaked()
    ? engine
    : undefined;
}

/** A limit on a wait; it keeps the process alive until it has passed. */
export class Timeout implements Alarm {
  readonly due: number;
  readonly persistent = true;
  place: unknown;
  readonly #clock = new Timers();
  readonly #expired: () => void;

  /** `Infinity` milliseconds never pass. */
  constructor(ms: number, expired: () => void) {
    this.due = this.#clock.now() + ms;
    this.#expired = expired;
    if (ms < Infinity) this.#clock.arm(this);
  }

  /** Ends the wait; nothing is called any more. */
  cancel(): void {
    this.#clock.disarm(this);
  }

  ring(): void {
    this.#expired();
  }
}
