/**
 * Many alarms behind one timer of the engine.
 *
 * A timer of the engine's for each alarm costs more than all the rest of a tick,
 * and a heap costs a walk through memory for each. Here an alarm of the next
 * seconds is in the list of its millisecond, and one of later in the list of its
 * span of milliseconds, until that begins: to arm and to disarm is to link and to
 * unlink, however many there are.
 *
 * The links are numbers in arrays, not references in objects: those who ring one
 * after the other are side by side there, and no garbage collector has to look at
 * what a tick has changed.
 */

import { type Alarm, type Clock, EPSILON, waitFor } from "./alarm.ts";
import { type Engine, engineInForce, Timers } from "./clock.ts";
import { isLongLived, unref } from "./runtime.ts";

/**
 * The milliseconds that have lists of their own, and the length of a span: a power
 * of two, so that the place of a millisecond is told by its last bits.
 */
const SPAN = 4_096;

// How many of a list are looked at for the first.
const LOOK = 16;

/**
 * Rings of places. Each list begins and ends with a bare place: those below `SPAN`
 * are the milliseconds', and `SPAN` is that of what is to be rung.
 */
class Places {
  alarms: (Alarm | undefined)[] = [];
  due = new Float64Array(2 * SPAN);
  next = new Int32Array(2 * SPAN);
  previous = new Int32Array(2 * SPAN);
  #end = SPAN + 1;
  #free = 0;

  constructor() {
    for (let place = 0; place <= SPAN; place++) this.close(place);
  }

  /** Makes a place a list by itself. */
  close(place: number): number {
    return this.next[place] = this.previous[place] = place;
  }

  take(): number {
    const place = this.#free || this.#end++;
    if (place < this.due.length) this.#free = this.next[this.#free]!;
    else {
      const { due, next, previous } = this;
      this.due = new Float64Array(2 * place);
      this.next = new Int32Array(2 * place);
      this.previous = new Int32Array(2 * place);
      this.due.set(due);
      this.next.set(next);
      this.previous.set(previous);
    }
    return this.close(place);
  }

  give(place: number): void {
    this.alarms[place] = undefined;
    this.next[place] = this.#free;
    this.#free = place;
  }

  unlink(place: number): void {
    const { next, previous } = this;
    next[previous[place]!] = next[place]!;
    previous[next[place]!] = previous[place]!;
    this.close(place);
  }

  append(list: number, place: number): void {
    const { next, previous } = this;
    const last = previous[list]!;
    next[place] = list;
    previous[place] = last;
    next[last] = place;
    previous[list] = place;
  }

  /** Puts all of a list behind another. */
  move(list: number, behind: number): void {
    const { next, previous } = this;
    const first = next[list]!;
    if (first === list) return;
    const last = previous[behind]!;
    next[last] = first;
    previous[first] = last;
    next[previous[list]!] = behind;
    previous[behind] = previous[list]!;
    this.close(list);
  }
}

/** A clock for alarms that all keep the process alive, or all do not. */
class Wheel implements Clock {
  latest = 0;
  readonly #engine: Engine;
  readonly #persistent: boolean;
  #places = new Places();
  /** The lists of later spans. */
  readonly #far = new Map<number, number>();
  /** The first span in `#far`. */
  #span = Infinity;
  /** The first millisecond whose list has not been rung. */
  #cursor = 0;
  #armed = 0;
  #used = 0;
  #timer: unknown;
  #wakesAt = Infinity;
  #isFaked = false;
  readonly #wake = () => this.#ring();

  constructor(engine: Engine, persistent: boolean) {
    this.#engine = engine;
    this.#persistent = persistent;
  }

  now(): number {
    return this.latest = this.#engine.now();
  }

  arm(alarm: Alarm): void {
    if (this.#armed++ === 0 && this.#wakesAt === Infinity) {
      this.#cursor = Math.floor(this.latest);
    }
    if (alarm.place === undefined) {
      this.#used++;
      const place = this.#places.take();
      this.#places.alarms[place] = alarm;
      alarm.place = place;
    }
    const { due } = alarm;
    const place = alarm.place as number;
    this.#places.due[place] = due;
    this.#put(place, due);
    // One that a fake clock has swallowed is armed anew when the clock is gone.
    if (due < this.#wakesAt || this.#isFaked && !this.#engine.isFaked()) {
      this.#wakeAt(Math.min(due, this.#wakesAt));
    }
  }

  disarm(alarm: Alarm): void {
    const place = alarm.place as number | undefined;
    if (place === undefined) return;
    alarm.place = undefined;
    if (this.#places.next[place] !== place) {
      this.#places.unlink(place);
      this.#armed--;
    }
    this.#places.give(place);
    if (--this.#used === 0) {
      // The lists of later spans, though empty, have their places there too.
      this.#places = new Places();
      this.#far.clear();
      this.#span = Infinity;
    }
    if (this.#armed === 0 && this.#timer !== undefined) {
      this.#engine.clear(this.#timer);
      this.#timer = undefined;
      this.#wakesAt = Infinity;
    }
  }

  #put(place: number, due: number): void {
    const slot = Math.max(Math.floor(due), this.#cursor);
    let list: number | undefined = slot & SPAN - 1;
    if (slot - this.#cursor >= SPAN) {
      const span = Math.floor(slot / SPAN);
      list = this.#far.get(span);
      if (list === undefined) this.#far.set(span, list = this.#places.take());
      this.#span = Math.min(this.#span, span);
    }
    this.#places.append(list, place);
  }

  #wakeAt(due: number): void {
    const { set, clear, isFaked } = this.#engine;
    if (this.#timer !== undefined) clear(this.#timer);
    this.#wakesAt = due;
    this.#isFaked = isFaked();
    this.#timer = set(this.#wake, waitFor(due, this.latest));
    if (!this.#persistent) unref(this.#timer);
  }

  #ring(): void {
    this.#timer = undefined;
    // While alarms ring, those that they arm wait for the next time.
    this.#wakesAt = -Infinity;
    this.now();
    this.#reach();
    try {
      this.#ringReached();
    } finally {
      this.#wakesAt = Infinity;
      if (this.#armed > 0) this.#wakeAt(this.#first());
    }
  }

  #ringReached(): void {
    for (;;) {
      // An alarm may end the last run, and with it these.
      const places = this.#places;
      const place = places.next[SPAN]!;
      if (place === SPAN) break;
      places.unlink(place);
      const due = places.due[place]!;
      if (due > this.latest + EPSILON) this.#put(place, due);
      else {
        this.#armed--;
        places.alarms[place]!.ring();
      }
    }
  }

  /** Sorts out the alarms up to this millisecond, and those of spans that begin. */
  #reach(): void {
    const places = this.#places;
    const end = Math.max(Math.floor(this.latest) + 1, this.#cursor);
    const last = Math.min(end, this.#cursor + SPAN);
    for (let slot = this.#cursor; slot < last; slot++) {
      places.move(slot & SPAN - 1, SPAN);
    }
    this.#cursor = end;
    if (this.#span * SPAN >= end) return;
    this.#span = Infinity;
    for (const [span, list] of this.#far) {
      if (span * SPAN < end) {
        this.#far.delete(span);
        places.move(list, SPAN);
        places.give(list);
      } else this.#span = Math.min(this.#span, span);
    }
  }

  /** When the next alarm is due, or the next span begins. */
  #first(): number {
    const { next, due } = this.#places;
    let first = this.#span * SPAN;
    for (let slot = this.#cursor; slot < this.#cursor + SPAN; slot++) {
      const list = slot & SPAN - 1;
      let place = next[list]!;
      if (place === list) continue;
      for (let look = 0; place !== list; look++) {
        // One of many is not waited for by itself.
        if (look === LOOK) return Math.min(first, slot + 1);
        first = Math.min(first, due[place]!);
        place = next[place]!;
      }
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
