/**
 * Many alarms behind one timer of the engine.
 *
 * A timer of the engine's for each alarm costs more than all the rest of a tick,
 * and a heap costs a walk through memory for each. Here an alarm of the next
 * seconds is in the list of its millisecond; one of later is in a list that is
 * looked through when the first of it is due, which is at most once in that time.
 * To arm and to disarm is to link and to unlink, however many there are.
 *
 * The links are numbers in arrays, not references in objects: those who ring one
 * after the other are side by side there, and no garbage collector has to look at
 * what a tick has changed.
 */

import { type Alarm, type Clock, EPSILON, waitFor } from "./alarm.ts";
import { type Engine, engineInForce, Timers } from "./clock.ts";
import { isLongLived, unref } from "./runtime.ts";

/**
 * The milliseconds that have lists of their own: a power of two, so that the list
 * of a millisecond is told by its last bits.
 */
const NEAR = 2_048;

// Each list is a ring that begins and ends with a bare place: those below `NEAR`
// are the milliseconds'; then come that of what is later, and of what is to ring.
const FAR = NEAR;
const REACHED = NEAR + 1;

// How many places there are to begin with.
const SMALL = NEAR + 512;

// How many of a list are looked at for the first.
const LOOK = 16;

/** A clock for alarms that all keep the process alive, or all do not. */
class Wheel implements Clock {
  latest = 0;
  readonly #engine: Engine;
  readonly #persistent: boolean;
  // By place: who has it, when that is due, and the places beside it.
  #alarms!: (Alarm | undefined)[];
  #due = new Float64Array();
  #next = new Int32Array();
  #previous = new Int32Array();
  /** The first place that was given back, 0 where there is none. */
  #free = 0;
  /** How many places are in use. */
  #used = 0;
  /** How many alarms are armed. */
  #armed = 0;
  /** The first millisecond whose list has not been rung. */
  #cursor = 0;
  /** Not after the first of what is later. */
  #far = Infinity;
  #timer: unknown;
  #wakesAt = Infinity;
  #isFaked = false;
  readonly #wake = () => this.#ring();

  constructor(engine: Engine, persistent: boolean) {
    this.#engine = engine;
    this.#persistent = persistent;
    this.#clear();
  }

  now(): number {
    return this.latest = this.#engine.now();
  }

  arm(alarm: Alarm): void {
    if (this.#armed++ === 0 && this.#wakesAt === Infinity) {
      this.#cursor = Math.floor(this.latest);
      this.#far = Infinity;
    }
    const { due } = alarm;
    const place = (alarm.place ??= this.#take(alarm)) as number;
    this.#due[place] = due;
    this.#put(place);
    // One that a fake clock has swallowed is armed anew when the clock is gone.
    if (due < this.#wakesAt || this.#isFaked && !this.#engine.isFaked()) {
      this.#wakeAt(Math.min(due, this.#wakesAt));
    }
  }

  disarm(alarm: Alarm): void {
    const place = alarm.place as number | undefined;
    if (place === undefined) return;
    alarm.place = undefined;
    if (this.#next[place] !== place) {
      this.#unlink(place);
      this.#armed--;
    }
    this.#alarms[place] = undefined;
    this.#next[place] = this.#free;
    this.#free = place;
    if (--this.#used === 0 && this.#due.length > SMALL) this.#clear();
    if (this.#armed === 0 && this.#timer !== undefined) {
      this.#engine.clear(this.#timer);
      this.#timer = undefined;
      this.#wakesAt = Infinity;
    }
  }

  /** Begins with empty lists, and lets go of the memory of longer arrays. */
  #clear(): void {
    this.#alarms = [];
    this.#alarms.length = REACHED + 1;
    this.#free = 0;
    this.#resize(0, SMALL);
    for (let list = 0; list <= REACHED; list++) this.#unlink(list);
  }

  #resize(from: number, to: number): void {
    const grown = <T extends Float64Array | Int32Array>(array: T, old: T) => {
      array.set(old.subarray(0, from));
      return array;
    };
    this.#due = grown(new Float64Array(to), this.#due);
    this.#next = grown(new Int32Array(to), this.#next);
    this.#previous = grown(new Int32Array(to), this.#previous);
  }

  #take(alarm: Alarm): number {
    const place = this.#free || this.#alarms.length;
    if (this.#free) this.#free = this.#next[place]!;
    else if (place === this.#due.length) this.#resize(place, 2 * place);
    this.#used++;
    this.#alarms[place] = alarm;
    return place;
  }

  #unlink(place: number): void {
    const next = this.#next[place]!;
    const previous = this.#previous[place]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#next[place] = this.#previous[place] = place;
  }

  #append(list: number, first: number, last = first): void {
    const before = this.#previous[list]!;
    this.#next[before] = first;
    this.#previous[first] = before;
    this.#next[last] = list;
    this.#previous[list] = last;
  }

  #put(place: number): void {
    const due = this.#due[place]!;
    const slot = Math.max(Math.floor(due), this.#cursor);
    let list = slot & NEAR - 1;
    if (slot - this.#cursor >= NEAR) {
      list = FAR;
      this.#far = Math.min(this.#far, due);
    }
    this.#append(list, place);
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
      for (let place; (place = this.#next[REACHED]!) !== REACHED;) {
        this.#unlink(place);
        if (this.#due[place]! > this.latest + EPSILON) this.#put(place);
        else {
          this.#armed--;
          this.#alarms[place]!.ring();
        }
      }
    } finally {
      this.#wakesAt = Infinity;
      if (this.#armed > 0) this.#wakeAt(this.#first());
    }
  }

  /** Moves what is due up to this millisecond to where it is rung from. */
  #reach(): void {
    const end = Math.max(Math.floor(this.latest) + 1, this.#cursor);
    if (this.#far < end) this.#approach(end);
    const last = Math.min(end, this.#cursor + NEAR);
    for (let slot = this.#cursor; slot < last; slot++) {
      const list = slot & NEAR - 1;
      const first = this.#next[list]!;
      if (first === list) continue;
      this.#append(REACHED, first, this.#previous[list]);
      this.#next[list] = this.#previous[list] = list;
    }
    this.#cursor = end;
  }

  /** Sorts out what is no longer far, once it has been for this long. */
  #approach(end: number): void {
    const last = this.#previous[FAR]!;
    this.#far = Infinity;
    for (let place = FAR; place !== last;) {
      place = this.#next[FAR]!;
      this.#unlink(place);
      if (this.#due[place]! < end) this.#append(REACHED, place);
      else this.#put(place);
    }
  }

  /** When the next alarm is due, at the latest of those that are later. */
  #first(): number {
    let first = this.#far;
    for (let slot = this.#cursor; slot < this.#cursor + NEAR; slot++) {
      const list = slot & NEAR - 1;
      let place = this.#next[list]!;
      if (place === list) continue;
      for (let look = 0; place !== list; look++) {
        // One of many is not waited for by itself.
        if (look === LOOK) return Math.min(first, slot + 1);
        first = Math.min(first, this.#due[place]!);
        place = this.#next[place]!;
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
