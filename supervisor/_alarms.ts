/** Says when it is time: one timer for all that is due at one moment. */

import { Timer } from "../_internal/timer.ts";
import { now } from "./_time.ts";

interface Alarm<T> {
  readonly timer: Timer;
  readonly due: Set<T>;
}

/** What is due when. */
export class Alarms<T> {
  readonly #alarms = new Map<number, Alarm<T>>();
  readonly #times = new Map<T, number>();
  readonly #ring: (each: T, at: number) => void;

  constructor(ring: (each: T, at: number) => void) {
    this.#ring = ring;
  }

  /** Has one rung for at a time instead of any before; never at `Infinity`. */
  set(each: T, at: number): void {
    const before = this.#times.get(each);
    if (before !== undefined) this.#drop(each, before);
    if (at === Infinity) return;
    this.#times.set(each, at);
    const alarm = this.#alarms.get(at) ?? this.#arm(at);
    alarm.due.add(each);
  }

  #drop(each: T, at: number): void {
    this.#times.delete(each);
    const alarm = this.#alarms.get(at);
    alarm?.due.delete(each);
    if (alarm?.due.size !== 0) return;
    alarm.timer.disarm();
    this.#alarms.delete(at);
  }

  #arm(at: number): Alarm<T> {
    const alarm = { timer: new Timer(), due: new Set<T>() };
    this.#alarms.set(at, alarm);
    alarm.timer.arm(at - now(), () => {
      this.#alarms.delete(at);
      // Each is looked at when its turn comes: one may call another off.
      for (const each of alarm.due) {
        if (this.#times.get(each) !== at) continue;
        this.#times.delete(each);
        this.#ring(each, Math.max(at, now()));
      }
    });
    return alarm;
  }
}
