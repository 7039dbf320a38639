/** When a schedule has the ticker tick: by the wall clock. */

import { nextTime } from "../_internal/schedules.ts";
import type { Schedule } from "../runner.ts";
import type { TickRun } from "./tick_run.ts";

// How many runs are gone through one by one, after a machine slept for long.
const MOST = 10_000;

/** The runs of one schedule, each of which comes up once. Times are epoch ms. */
export class Calendar {
  /** When the newest tick was due, and when it began. */
  scheduledAt = NaN;
  startedAt = NaN;
  readonly #run: TickRun;
  readonly #schedule: Schedule;
  readonly #lateness: number;
  readonly #start = Date.now();
  // Found from the run before it, never from the clock, which may be set back.
  #next: number | undefined;
  // How many runs passed since the last tick.
  #passed = 0;

  constructor(run: TickRun, schedule: Schedule, lateness: number) {
    this.#run = run;
    this.#schedule = schedule;
    this.#lateness = lateness;
  }

  /** A tick begins that is not of the schedule. */
  stamp(): void {
    this.scheduledAt = this.startedAt = Date.now();
  }

  /** Milliseconds until the next run; `Infinity` where there is none. */
  wait(): number {
    const now = Date.now();
    this.#pass(now - 1);
    return this.#next! - now;
  }

  /** Whether a run is due that is neither too late nor superseded. */
  isDue(): boolean {
    const now = Date.now();
    const due = this.#pass(now);
    // Also where nothing has passed, and it is not a number.
    if (!(now - due <= this.#lateness)) return false;
    this.scheduledAt = due;
    this.startedAt = now;
    this.#run.missed = this.#passed - 1;
    this.#passed = 0;
    return true;
  }

  /** Goes past the runs up to a moment, and gives the last of them. */
  #pass(end: number): number {
    let last = NaN;
    this.#next ??= this.#after(this.#start);
    for (let count = 1; this.#next <= end; count++) {
      last = this.#next;
      this.#passed++;
      this.#next = this.#after(count < MOST ? last : end);
    }
    return last;
  }

  #after(moment: number): number {
    const run = this.#run;
    const { machine } = run;
    try {
      const { name } = machine.settings;
      return nextTime(`tick "${name}"`, this.#schedule, moment);
    } catch (error) {
      run.failure = machine.record(error, "tick");
      return Infinity;
    }
  }
}
