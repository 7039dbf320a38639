/**
 * The one owner of the question what time it is, and of what rings when.
 *
 * Alarms of one millisecond share a bucket, the buckets stand in a heap, and one
 * timer waits for the first: a timer of the engine's for each alarm costs more than
 * all the rest of a tick. To arm and to disarm takes the same time however many
 * alarms there are, but for the first in a bucket.
 *
 * Tests replace the clock of the engine in many ways: some fake `performance` with
 * the timers, some only `Date`, some neither. A clock goes by what was in force
 * when it was made, and reads the time from whatever moves with its timer.
 */

import { isLongLived } from "./runtime.ts";
import { EPSILON, Timer } from "./timer.ts";

interface Bucket {
  /** Its millisecond. */
  readonly key: number;
  readonly alarms: Alarm[];
  /** When the last of its alarms is due; all are rung then. */
  due: number;
}

/** Something that wants to be rung at a moment. */
export interface Alarm {
  /** The moment, in milliseconds on the scale of its clock. */
  readonly due: number;
  /** Where its clock has it; the clock's. */
  bucket: Bucket | undefined;
  index: number;
  /** Called once at the moment or after it, never before, right after a reading. */
  ring(): void;
}

/** Whether a function, which may be the engine's own, answers to a fake clock. */
function isMarked(set: unknown): boolean {
  return "clock" in (set as object);
}

/** The engine's own functions, unless a fake clock can be told by its look. */
function findEngine() {
  const { setTimeout, performance, Date } = globalThis;
  return setTimeout.name === "setTimeout" && !isMarked(setTimeout)
    ? { set: setTimeout, now: performance.now, Date, dateNow: Date.now }
    : undefined;
}

let engine = findEngine();

/** A clock for alarms that all keep the process alive, or all do not. */
class Clock {
  /**
   * The last reading, in milliseconds on the scale of `performance.now()`. Times
   * are handed on here, as a number that is returned can cost an allocation.
   */
  latest = 0;
  readonly #timer = new Timer();
  readonly #persistent: boolean;
  // Whether it is the engine's own, all tickers'.
  readonly #isTrusted: boolean;
  readonly #isMarked: boolean;
  // Read as it was when the clock was in force, for one that is gone to stand
  // still rather than to leap to the present.
  readonly #read: () => number;
  // What is added to a reading, for the scale to be that of performance.now().
  #offset = 0;
  // How early a timer may be: engines round by up to a millisecond.
  #slack = 1;
  #wasEarly = false;
  #heap: Bucket[] = [];
  readonly #buckets = new Map<number, Bucket>();
  /** How many alarms are armed. */
  #armed = 0;
  #wakesAt = Infinity;
  #wasMarked = false;

  constructor(persistent: boolean, isTrusted = false) {
    this.#persistent = persistent;
    this.#isTrusted = isTrusted;
    const { performance, Date } = globalThis;
    const { set, isLeaky } = this.#timer;
    const { now } = performance;
    this.#isMarked = isMarked(set);
    this.#read = () => now.call(performance);
    if (isTrusted || now !== (engine?.now ?? now)) return;
    const { now: dateNow } = Date;
    if (
      engine
        ? Date !== engine.Date || dateNow !== engine.dateNow
        // One in JavaScript is told by its text where there is no other.
        : !Function.prototype.toString.call(dateNow).includes("native code")
    ) {
      if (set === engine?.set && !this.#isMarked) return;
      this.#offset = this.#read() - dateNow.call(Date);
      this.#read = () => dateNow.call(Date);
    } else if (engine && set !== engine.set && (isLeaky || this.#isMarked)) {
      // A fake clock with nothing to read that moves with its timers: they are all
      // there is to count by.
      this.#offset = this.#read();
      this.#read = () => 0;
      this.#slack = EPSILON;
    }
  }

  /** Reads the time into `latest`, and returns it. */
  now(): number {
    return this.latest = this.#read() + this.#offset;
  }

  /** Has an alarm that is not armed rung at its `due`; goes by `latest`. */
  arm(alarm: Alarm): void {
    const { set } = this.#timer;
    // Bun's fake clock has the engine's functions: gone, it would leave the alarm
    // to the engine.
    if (this.#isMarked && !isMarked(set)) return;
    const { due } = alarm;
    const key = Math.floor(due);
    const bucket = this.#buckets.get(key) ?? this.#open(key);
    alarm.bucket = bucket;
    alarm.index = bucket.alarms.push(alarm) - 1;
    if (due > bucket.due) bucket.due = due;
    this.#armed++;
    // One that a fake clock has swallowed is armed anew when the clock is gone.
    if (due < this.#wakesAt || this.#wasMarked && !isMarked(set)) this.#wait();
  }

  /** Undoes `arm`; does nothing where nothing is armed. */
  disarm(alarm: Alarm): void {
    const { bucket, index } = alarm;
    if (bucket === undefined) return;
    alarm.bucket = undefined;
    const last = bucket.alarms.pop()!;
    if (last !== alarm) {
      bucket.alarms[index] = last;
      last.index = index;
    }
    if (--this.#armed === 0 && this.#wakesAt > -Infinity) {
      this.#timer.disarm();
      this.#wakesAt = Infinity;
    }
    if (this.#heap.length > 2 * this.#armed + 64) this.#tidy();
  }

  #open(key: number): Bucket {
    const heap = this.#heap;
    const bucket: Bucket = { key, alarms: [], due: key };
    this.#buckets.set(key, bucket);
    let place = heap.length;
    while (place > 0) {
      const above = place - 1 >> 1;
      if (heap[above]!.key <= key) break;
      heap[place] = heap[above]!;
      place = above;
    }
    heap[place] = bucket;
    return bucket;
  }

  /** Takes the first bucket out. */
  #close(): void {
    const heap = this.#heap;
    this.#buckets.delete(heap[0]!.key);
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return;
    let place = 0;
    for (let below; (below = 2 * place + 1) < length; place = below) {
      if (below + 1 < length && heap[below + 1]!.key < heap[below]!.key) below++;
      if (heap[below]!.key >= last.key) break;
      heap[place] = heap[below]!;
    }
    heap[place] = last;
  }

  /** Lets go of buckets whose alarms were all disarmed. */
  #tidy(): void {
    this.#heap = this.#heap.filter(({ key, alarms }) =>
      alarms.length > 0 || !this.#buckets.delete(key)
    ).sort((one, other) => one.key - other.key);
  }

  #wait(): void {
    while (this.#heap[0]!.alarms.length === 0) this.#close();
    const { due } = this.#heap[0]!;
    const wait = Math.max(Math.ceil(due - this.latest - EPSILON), 0);
    const expected = this.latest + wait;
    this.#wakesAt = due;
    this.#wasMarked = isMarked(this.#timer.set);
    this.#timer.arm(wait, () => this.#ring(expected), this.#persistent);
  }

  #ring(expected: number): void {
    this.now();
    const early = expected - this.latest;
    // Too early, or early again: this is a fake clock in disguise, to be counted by.
    const isOff = early > (this.#wasEarly ? EPSILON : this.#slack);
    this.#wasEarly = early > EPSILON && !isOff;
    if (isOff && !this.#isTrusted) {
      this.#offset += early;
      this.latest = expected;
    }
    // What they arm waits for the next time, so that nothing else is held up.
    const end = this.latest + EPSILON;
    this.#wakesAt = -Infinity;
    try {
      for (let bucket; (bucket = this.#heap[0]) && bucket.due <= end;) {
        this.#close();
        this.#ringAll(bucket.alarms);
      }
    } finally {
      this.#wakesAt = Infinity;
      if (this.#armed > 0) this.#wait();
    }
  }

  #ringAll(alarms: Alarm[]): void {
    for (let index = 0; index < alarms.length; index++) {
      const alarm = alarms[index]!;
      alarm.bucket = undefined;
      this.#armed--;
      alarm.ring();
    }
  }
}

export type { Clock };

const clocks: Clock[] = [];

/**
 * The clock in force for those that wait over and over. It is shared where it is
 * the engine's own and the program is one; else each has its own timer, as a fake
 * clock may go away, and the timers of a request go with it.
 */
export function clockOf(persistent: boolean): Clock {
  engine ??= findEngine();
  const { setTimeout } = globalThis;
  return setTimeout === engine?.set && !isMarked(setTimeout) && isLongLived()
    ? clocks[+persistent] ??= new Clock(persistent, true)
    : new Clock(persistent);
}
