/**
 * The one owner of the question what time it is, and of what rings when.
 *
 * Alarms of one millisecond, or of four where there are many, share a bucket, and
 * one timer waits for the first of these: a timer of the engine's for each alarm
 * costs more than all the rest of a tick. To arm and to disarm takes the same time
 * however many alarms there are.
 *
 * Tests replace the clock of the engine in many ways: some fake `performance` with
 * the timers, some only `Date`, some neither. A clock goes by what was in force
 * when it was made, and reads the time from whatever moves with its timer.
 */

import { outside, within } from "./context.ts";
import { engine, isFaked, isMarked, isShared } from "./engine_timers.ts";
import { unref } from "./runtime.ts";
import { EPSILON, LONGEST, Timer } from "./timer.ts";

interface Bucket {
  /** Its millisecond. */
  key: number;
  /** Empty places are those of alarms that have been rung, or of none yet. */
  readonly alarms: (Alarm | undefined)[];
  /** How many places are taken. */
  count: number;
  /** When the last of its alarms is due; all are rung then. */
  due: number;
}

/** Something that wants to be rung at a moment. */
export interface Alarm {
  /** The moment, in milliseconds on the scale of its clock; fixed while armed. */
  readonly due: number;
  /** Its place in a bucket; the clock's. */
  index: number;
  /** How far apart its moments are, where it comes again and again. */
  readonly interval?: number;
  /** Reads what a ring is going to read, and returns a number made of it. */
  glance?(): number;
  /**
   * Called once at the moment or after it, never before, right after a reading.
   * Returns whether it wants `settle` called, after a reading that it shares with
   * others that have rung together.
   */
  ring(): boolean | void;
  settle?(): void;
}

// How many milliseconds are gone through one by one for the next bucket, before all
// buckets are. Many tickers find theirs soon in the first way; the second is for a
// pause of a second.
const NEAR = 1_024;

// How many that ring together share a reading of the time: it is what a tick costs
// beyond a bare interval.
const GROUP = 8;

// To wake the process costs as much as hundreds of ticks. Where so many alarms are
// armed, those that come that seldom share a bucket with all of so many milliseconds,
// and ring when the last of these is due.
const CROWD = 1_000;
const SELDOM = 500;
const WIDTH = 4;

// How many buckets are kept for another millisecond, and how large they may be:
// lists that are made and thrown away each second are what makes the garbage
// collector look at all that is old.
const KEPT = 1_024;
const LARGE = 4_096;

// A fake clock in disguise is early by more than this share of its waits.
const MOSTLY = 0.75;

/** The last millisecond of those that share a bucket in a crowd. */
function wideKey(due: number): number {
  return Math.floor(due / WIDTH) * WIDTH + WIDTH - 1;
}

/** A clock for alarms that all keep the process alive, or all do not. */
class Clock {
  /**
   * The last reading, in milliseconds on the scale of `performance.now()`. Times
   * are handed on here, as a number that is returned can cost an allocation.
   */
  latest = 0;
  /** What was read ahead: an engine leaves out the reading of what nobody has. */
  glanced = 0;
  readonly #timer = new Timer();
  readonly #persistent: boolean;
  /** Whether it is the engine's own, all tickers'. */
  readonly isTrusted: boolean;
  // Read as it was when the clock was in force, for one that is gone to stand
  // still rather than to leap to the present.
  readonly #read: () => number;
  // What is added to a reading, for the scale to be that of performance.now().
  #offset = 0;
  // How early a timer may be: engines round by up to a millisecond.
  #slack = 1;
  // By how much its timers have been early, one after the other, and how long
  // these were to wait.
  #early = 0;
  #waited = 0;
  readonly #buckets = new Map<number, Bucket>();
  readonly #free: Bucket[] = [];
  /** How many alarms are armed. */
  #armed = 0;
  /** The one that was armed last, for the next to be armed. */
  #newest: Bucket | undefined;
  #ringing: Bucket | undefined;
  /** Those that have rung, and go on after the next reading. */
  readonly #rung: (Alarm | undefined)[] = [];
  #rungCount = 0;
  /** No bucket is of an earlier millisecond. */
  #cursor = Infinity;
  #wakesAt = Infinity;
  // Whether its timer was armed within the fake clock of Bun, which has the
  // engine's own functions.
  #wasMarked: boolean;

  constructor(persistent: boolean, isTrusted = false) {
    this.#persistent = persistent;
    this.isTrusted = isTrusted;
    const { performance, Date } = globalThis;
    const { now } = performance;
    const { now: dateNow } = Date;
    const { set, isLeaky } = this.#timer;
    this.#wasMarked = isMarked(set);
    this.#read = () => now.call(performance);
    if (!isFaked() || now !== (engine?.now ?? now)) return;
    const offset = this.#read();
    if (
      engine
        ? dateNow !== engine.dateNow
        // One in JavaScript is told by its text where there is no other.
        : !/native code/.test(String(dateNow))
    ) {
      this.#read = () => dateNow.call(Date);
    } else if (engine && set !== engine.set && (isLeaky || this.#wasMarked)) {
      // A fake clock with nothing to read that moves with its timers: they are all
      // there is to count by.
      this.#read = () => 0;
      this.#slack = EPSILON;
    } else return;
    this.#offset = offset - this.#read();
  }

  /** Reads the time into `latest`, and returns it. */
  now(): number {
    return this.latest = this.#read() + this.#offset;
  }

  /** Has those that have rung go on, after a reading. */
  flush(): void {
    const count = this.#rungCount;
    if (count === 0) return;
    const rung = this.#rung;
    this.#rungCount = 0;
    this.now();
    for (let index = 0; index < count; index++) {
      rung[index]!.settle!();
      rung[index] = undefined;
    }
  }

  /** Has an alarm that is not armed rung at its `due`; goes by `latest`. */
  arm(alarm: Alarm): void {
    const { due, interval = 0 } = alarm;
    const isOfCrowd = this.#armed >= CROWD && interval >= SELDOM;
    const key = isOfCrowd ? wideKey(due) : Math.floor(due);
    this.#armed++;
    let bucket = this.#newest;
    if (bucket?.key !== key) {
      bucket = this.#buckets.get(key);
      if (bucket === undefined) {
        bucket = this.#free.pop() ?? { key, due, alarms: [], count: 0 };
        bucket.key = key;
        bucket.due = due;
        this.#buckets.set(key, bucket);
        this.#cursor = Math.min(this.#cursor, key);
      }
      this.#newest = bucket;
    }
    if (due > bucket.due) bucket.due = due;
    alarm.index = bucket.count;
    bucket.alarms[bucket.count++] = alarm;
    // One that a fake clock has swallowed is armed anew when the clock is gone.
    if (due < this.#wakesAt || this.#wasMarked && !isMarked(this.#timer.set)) {
      // For the timer to keep nobody's async context alive.
      within(outside, () => this.#wait());
    }
  }

  /** Undoes `arm`; does nothing where nothing is armed. */
  disarm(alarm: Alarm): void {
    const { due, index } = alarm;
    for (
      const bucket of [
        this.#ringing,
        this.#buckets.get(Math.floor(due)),
        this.#buckets.get(wideKey(due)),
      ]
    ) {
      if (bucket?.alarms[index] !== alarm) continue;
      this.#armed--;
      // The last takes its place.
      const last = bucket.alarms[--bucket.count]!;
      bucket.alarms[index] = last;
      last.index = index;
      bucket.alarms[bucket.count] = undefined;
      if (bucket.count > 0 || bucket === this.#ringing) continue;
      this.#close(bucket);
      this.#keep(bucket);
    }
    if (!this.#buckets.size) {
      this.#timer.disarm();
      this.#wakesAt = Infinity;
    }
  }

  #close(bucket: Bucket): void {
    this.#buckets.delete(bucket.key);
    this.#newest = undefined;
  }

  /** Keeps a bucket whose alarms have gone, for another millisecond. */
  #keep(bucket: Bucket): void {
    bucket.count = 0;
    if (this.#free.length < KEPT && bucket.alarms.length <= LARGE) {
      this.#free.push(bucket);
    }
  }

  /** The bucket that is due first. */
  #first(): Bucket | undefined {
    const buckets = this.#buckets;
    let key = this.#cursor;
    // Counted, as adding one to a key beyond 2^53 may leave it as it is.
    for (let left = NEAR; left > 0 && !buckets.has(key); left--) key++;
    if (!buckets.has(key)) {
      key = Infinity;
      for (const each of buckets.keys()) key = Math.min(key, each);
    }
    this.#cursor = key;
    return buckets.get(key);
  }

  #wait(): void {
    const first = this.#first();
    const isNowMarked = isMarked(this.#timer.set);
    this.#wakesAt = first?.due ?? Infinity;
    // Gone, Bun's fake clock would leave the alarm to the engine.
    if (!first || this.#wasMarked && !isNowMarked && !this.isTrusted) return;
    this.#wasMarked = isNowMarked;
    // Not more than the longest there is, as only this one timer can be unref'd.
    const armedAt = this.latest;
    const expected = armedAt +
      this.#timer.arm(
        Math.min(first.due - this.latest, LONGEST),
        () => this.#ring(expected, expected - armedAt),
      );
    if (!this.#persistent) unref(this.#timer.armed!.id);
  }

  // Where there are more alarms than the processor's cache holds, each is waited for
  // by itself as it rings, which is most of what its tick costs. Read one right after
  // the other they come together.
  #readAhead({ alarms, count }: Bucket, from: number): void {
    const end = Math.min(from + GROUP, count);
    let sum = 0;
    for (let index = from; index < end; index++) {
      sum += alarms[index]!.glance?.() ?? 0;
    }
    this.glanced = sum;
  }

  #ring(expected: number, waited: number): void {
    const early = expected - this.now();
    // Too early, if only together, as an engine that rounds is early by what it has
    // cut off: this is a fake clock in disguise, to be counted by.
    const isEarly = early > EPSILON;
    this.#early = isEarly ? this.#early + early : 0;
    this.#waited = isEarly ? this.#waited + waited : 0;
    // One in disguise lets hardly any real time pass; an engine all but a little.
    const isDisguised = this.#early > this.#slack &&
      this.#early > this.#waited * MOSTLY;
    if (isDisguised && !this.isTrusted) {
      this.#offset += early;
      this.latest = expected;
      this.#early = 0;
      this.#waited = 0;
    }
    // What they arm waits for the next time, so that nothing else is held up.
    const end = this.latest + EPSILON;
    this.#wakesAt = -Infinity;
    try {
      let first;
      while ((first = this.#first()) && first.due <= end) {
        this.#close(this.#ringing = first);
        const { alarms } = first;
        for (let index = 0; index < first.count; index++) {
          if (index % GROUP === 0) this.#readAhead(first, index);
          const alarm = alarms[index]!;
          alarms[index] = undefined;
          this.#armed--;
          if (!alarm.ring()) continue;
          this.#rung[this.#rungCount++] = alarm;
          if (this.#rungCount === GROUP) this.flush();
        }
        this.flush();
        this.#ringing = undefined;
        this.#keep(first);
      }
    } finally {
      this.#wait();
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
  return isShared()
    ? clocks[+persistent] ??= new Clock(persistent, true)
    : new Clock(persistent);
}
