/**
 * Many alarms behind one timer of the engine.
 *
 * A timer of the engine's for each alarm costs more than all the rest of a tick,
 * and a heap costs a walk through memory for each. Here an alarm of the next
 * seconds is in the list of its millisecond, and one of later in the list of its
 * span of milliseconds, until that begins: to arm and to disarm is to push and to
 * pop, however many there are.
 */

import { type Alarm, type Clock, EPSILON, waitFor } from "./alarm.ts";
import { type Engine, engineInForce, Timers } from "./clock.ts";
import { isLongLived, unref } from "./runtime.ts";

/** The milliseconds that have lists of their own, and the length of a span. */
const SPAN = 4_096;

// How many of a list are looked at for the first; those missed wait for less than
// a millisecond longer.
const LOOK = 16;

type List = Alarm[];

/** A clock for alarms that all keep the process alive, or all do not. */
class Wheel implements Clock {
  readonly #engine: Engine;
  readonly #persistent: boolean;
  #near: List[] = [];
  #far = new Map<number, List>();
  /** The first span in `#far`. */
  #span = Infinity;
  /** The first millisecond whose list has not been rung. */
  #cursor = 0;
  #armed = 0;
  #timer: unknown;
  #wakesAt = Infinity;
  #isFaked = false;

  constructor(engine: Engine, persistent: boolean) {
    this.#engine = engine;
    this.#persistent = persistent;
  }

  now(): number {
    return this.#engine.now();
  }

  arm(alarm: Alarm, now: number): void {
    if (this.#armed++ === 0 && this.#wakesAt === Infinity) {
      this.#cursor = Math.floor(now);
    }
    this.#put(alarm);
    // One that a fake clock has swallowed is armed anew when the clock is gone.
    if (
      alarm.due < this.#wakesAt || this.#isFaked && !this.#engine.isFaked()
    ) this.#wakeAt(Math.min(alarm.due, this.#wakesAt), now);
  }

  disarm(alarm: Alarm): void {
    const list = alarm.place as List | undefined;
    if (list === undefined) return;
    alarm.place = undefined;
    const last = list.pop()!;
    if (last !== alarm) {
      list[alarm.index] = last;
      last.index = alarm.index;
    }
    if (--this.#armed === 0 && this.#timer !== undefined) {
      this.#engine.clear(this.#timer);
      this.#timer = undefined;
      this.#wakesAt = Infinity;
    }
  }

  #put(alarm: Alarm): void {
    const slot = Math.max(Math.floor(alarm.due), this.#cursor);
    let list: List | undefined;
    if (slot - this.#cursor < SPAN) list = this.#near[slot % SPAN] ??= [];
    else {
      const span = Math.floor(slot / SPAN);
      list = this.#far.get(span);
      if (list === undefined) this.#far.set(span, list = []);
      this.#span = Math.min(this.#span, span);
    }
    alarm.place = list;
    alarm.index = list.push(alarm) - 1;
  }

  #wakeAt(due: number, now: number): void {
    const { set, clear, isFaked } = this.#engine;
    if (this.#timer !== undefined) clear(this.#timer);
    this.#wakesAt = due;
    this.#isFaked = isFaked();
    this.#timer = set(() => this.#ring(), waitFor(due, now));
    if (!this.#persistent) unref(this.#timer);
  }

  #ring(): void {
    this.#timer = undefined;
    // While alarms ring, those that they arm wait for the next time.
    this.#wakesAt = -Infinity;
    let now = this.now();
    const lists = this.#reached(now);
    try {
      for (const list of lists) now = this.#ringAll(list, now);
    } finally {
      // Where one has thrown, which none should, the others are not lost.
      for (const list of lists) list.splice(0).forEach(this.#put, this);
      this.#wakesAt = Infinity;
      if (this.#armed > 0) this.#wakeAt(this.#first(), now);
    }
  }

  #ringAll(list: List, now: number): number {
    let alarm;
    while ((alarm = list.pop()) !== undefined) {
      if (alarm.due > now + EPSILON) this.#put(alarm);
      else {
        alarm.place = undefined;
        this.#armed--;
        now = alarm.ring(now);
      }
    }
    return now;
  }

  /** Takes out the lists up to this millisecond, and the spans that begin. */
  #reached(now: number): List[] {
    const lists = [];
    const end = Math.max(Math.floor(now) + 1, this.#cursor);
    const last = Math.min(end, this.#cursor + SPAN);
    for (let slot = this.#cursor; slot < last; slot++) {
      const list = this.#near[slot % SPAN];
      if (list?.length) {
        lists.push(list);
        this.#near[slot % SPAN] = [];
      }
    }
    this.#cursor = end;
    if (this.#span * SPAN < end) {
      this.#span = Infinity;
      for (const [span, list] of this.#far) {
        if (span * SPAN < end) {
          this.#far.delete(span);
          lists.push(list);
        } else this.#span = Math.min(this.#span, span);
      }
    }
    return lists;
  }

  /** When the next alarm is due, or the next span begins. */
  #first(): number {
    let first = this.#span * SPAN;
    for (let slot = this.#cursor; slot < this.#cursor + SPAN; slot++) {
      const list = this.#near[slot % SPAN];
      if (!list?.length) continue;
      for (const { due } of list.slice(0, LOOK)) first = Math.min(first, due);
      break;
    }
    return first;
  }
}

const wheels: Wheel[] = [];

/**
 * The clock in force for those that wait over and over. It is shared where it is
 * the engine's own and the program is one; else each has its own timers, as a fake
 * clock may go away, and the timers of a request go with it.
 */
export function tickClock(persistent: boolean): Clock {
  const engine = engineInForce();
  return engine && isLongLived()
    ? wheels[+persistent] ??= new Wheel(engine, persistent)
    : new Timers();
}
