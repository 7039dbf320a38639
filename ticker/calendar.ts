/** When a schedule has the ticker tick: by the wall clock. */

import { nextTime, ranOf } from "../_internal/schedules.ts";
import type { Machine } from "../_internal/machine.ts";
import type { Schedule } from "../runner.ts";
import { notice } from "./notice.ts";

// How many runs are gone through one by one, after a machine slept for long. The
// latest of more is found by halves.
const NEAR = 8;

// A clock that is put back by more is a clock that was corrected.
const MOST_BACK = 10_800_000;

/** When a tick was due, and when it began, in epoch ms. */
export interface Times {
  readonly scheduledAt: number;
  readonly startedAt: number;
  /** Whether it is a run of the schedule, rather than a tick beside it. */
  readonly isRun: boolean;
}

/** What a calendar needs of the run that goes by it. */
export interface CalendarOwner {
  readonly machine: Machine;
  failure: Error | undefined;
  /** How many runs have passed since the last tick began. */
  passed: number;
}

/** The runs of a schedule, in epoch milliseconds, each of which comes up once. */
export class Calendar {
  readonly #run: CalendarOwner;
  readonly #schedule: Schedule;
  readonly #what: string;
  /** The next run is the first after it. */
  #mark: number;
  /** The next run; undefined where it has to be asked for. */
  #next: number | undefined;
  /** The last run that has passed, NaN where there is none. */
  #last = NaN;
  /** How far the last two that have passed lie from one another. */
  #distance = Infinity;
  /** The latest moment that the clock has shown. */
  #latest: number;
  /** Whether any run has come up. */
  #isEmpty = true;

  constructor(
    run: CalendarOwner,
    schedule: Schedule,
    mark: number,
    now: number,
  ) {
    this.#run = run;
    this.#schedule = schedule;
    this.#what = `tick "${run.machine.settings.name}"`;
    this.#mark = mark;
    this.#latest = now;
  }

  /** The next run; `Infinity` where there is none, NaN where nobody has asked. */
  get next(): number {
    return this.#next ?? NaN;
  }

  /** Whether a run has come up that has not been passed; asks where nobody has. */
  isDue(now: number): boolean {
    this.#look(now);
    return (this.#next ??= this.#after(this.#mark)) <= now;
  }

  /**
   * Goes past the runs up to `end`, of which it returns the last, or NaN where
   * there is none; `now` is what the clock shows.
   */
  pass(end: number, now: number): number {
    this.#look(now);
    this.#next ??= this.#after(this.#mark);
    let last = NaN;
    for (let count = 1; this.#next <= end; count++) {
      const first = this.#next;
      if (first > this.#last) this.#distance = first - this.#last;
      last = count > NEAR ? this.#latestUpTo(end, first) : first;
      // How many there are between them nobody knows: as many as there were before.
      const skipped = Math.round((last - first) / this.#distance);
      this.#run.passed += 1 + skipped;
      this.#mark = this.#last = last;
      this.#isEmpty = false;
      this.#next = this.#after(last);
    }
    return last;
  }

  /** The ticker runs this one: a schedule that counts may have no further one. */
  ran(run: number): void {
    const tell = ranOf(this.#schedule);
    // What has failed already is not asked again.
    if (!tell || this.#run.failure) return;
    try {
      tell(run, this.#run.machine.runner);
    } catch {
      // It throws when it is asked as well, and then the run ends.
    }
    this.#next = this.#after(run);
  }

  /** Says that there is no run at all, where that is so. */
  sayIfEmpty(): void {
    const { machine, failure } = this.#run;
    if (!this.#isEmpty || failure || this.#next !== Infinity) return;
    const since = new Date(this.#mark).toJSON();
    notice(
      machine,
      `the schedule has no run after ${since}, so that the ticker ends`,
    );
  }

  /** Whether the clock was put back; by much, the next run is found from it. */
  #look(now: number): void {
    const step = this.#latest - now;
    if (step > 0 && step <= Math.min(MOST_BACK, this.#distance)) return;
    this.#latest = now;
    if (step <= 0) return;
    this.#mark = now;
    this.#last = NaN;
    this.#next = this.#after(now);
    const next = this.#next < Infinity ? new Date(this.#next).toJSON() : "none";
    notice(
      this.#run.machine,
      `the clock was put back by ${step} ms: the next run is found from it: ${next}`,
    );
  }

  /** The first run after a moment. */
  #after(moment: number): number {
    const { machine } = this.#run;
    try {
      return nextTime(this.#what, this.#schedule, moment, machine.runner);
    } catch (error) {
      this.#run.failure = machine.record(error, "tick");
      return Infinity;
    }
  }

  /** The last run up to a moment, where `run` is one: asks a few dozen times. */
  #latestUpTo(end: number, run: number): number {
    let last = run;
    // None lies after it.
    let empty = end;
    while (last < empty) {
      const middle = Math.floor((last + empty) / 2);
      const found = this.#probe(middle);
      if (found <= end) last = found;
      else empty = middle;
    }
    return last;
  }

  /** What may fail here may answer from a run: then there is an error. */
  #probe(moment: number): number {
    const { runner } = this.#run.machine;
    try {
      return nextTime(this.#what, this.#schedule, moment, runner);
    } catch {
      return Infinity;
    }
  }
}
