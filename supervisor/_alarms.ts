/** Says when it is time: one timer for all that is due at one moment. */

import { Timer } from "../_internal/timer.ts";
import { now } from "./_time.ts";

/** One moment at which something is due. */
export interface Alarm<T> {
  readonly at: number;
  readonly timer: Timer;
  /** All that was ever due then, also what has been called off. */
  readonly due: T[];
  /** How many of them still are. */
  left: number;
}

/** Where what waits keeps its alarm: there may be many, and a map costs more. */
export interface Slot<T> {
  alarm: Alarm<T> | undefined;
}

/** What is due when. */
export class Alarms<T> {
  readonly #alarms = new Map<number, Alarm<T>>();
  readonly #slotOf: (each: T) => Slot<T>;
  readonly #ring: (each: T, at: number) => void;

  constructor(
    slotOf: (each: T) => Slot<T>,
    ring: (each: T, at: number) => void,
  ) {
    this.#slotOf = slotOf;
    this.#ring = ring;
  }

  /** Has one rung for at a time instead of any before; never at `Infinity`. */
  set(each: T, at: number): void {
    const slot = this.#slotOf(each);
    if (slot.alarm) this.#drop(slot.alarm);
    slot.alarm = at === Infinity ? undefined : this.#join(each, at);
  }

  #drop(alarm: Alarm<T>): void {
    // One that rings has been taken off the list, and counts no more.
    if (--alarm.left > 0 || this.#alarms.get(alarm.at) !== alarm) return;
    alarm.timer.disarm();
    this.#alarms.delete(alarm.at);
  }

  #join(each: T, at: number): Alarm<T> {
    const alarm = this.#alarms.get(at) ?? this.#arm(at);
    alarm.due.push(each);
    alarm.left++;
    return alarm;
  }

  #arm(at: number): Alarm<T> {
    const alarm: Alarm<T> = { at, timer: new Timer(), due: [], left: 0 };
    this.#alarms.set(at, alarm);
    alarm.timer.arm(at - now(), () => {
      this.#alarms.delete(at);
      // Each is looked at when its turn comes: one may call another off.
      for (const each of alarm.due) {
        const slot = this.#slotOf(each);
        if (slot.alarm !== alarm) continue;
        slot.alarm = undefined;
        this.#ring(each, Math.max(at, now()));
      }
    });
    return alarm;
  }
}
