/** What schedules say, checked: none is trusted to be sane. */

import type { Schedule } from "../runner.ts";
import { peek, text } from "./errors.ts";

/** The last moment that a date can hold. */
export const LATEST = 8.64e15;

/**
 * What the schedules of this library answer to one another and to tickers, in
 * epoch milliseconds. `asker` stands for a ticker: what must be remembered for the
 * answers to be stable is kept for each, and once for all others.
 */
export interface Inside {
  /** The first run after a moment; `Infinity` where there is none. */
  next(after: number, asker: object | undefined): number;
  /** The asker runs this one. There only where a schedule counts what is run. */
  ran?: ((run: number, asker: object) => void) | undefined;
}

const insides = /* @__PURE__ */ new WeakMap<Schedule, [Inside, unknown]>();

/** Has a schedule answer in this way too. */
export function setInside(schedule: Schedule, inside: Inside): Schedule {
  insides.set(schedule, [inside, schedule.nextRun]);
  return schedule;
}

function insideOf(schedule: Schedule): Inside | undefined {
  const [inside, nextRun] = insides.get(schedule) ?? [];
  // Somebody may have put another method in the place of ours.
  return schedule.nextRun === nextRun ? inside : undefined;
}

/** What to call when a run is run; undefined where nobody counts. */
export function ranOf(
  schedule: Schedule,
): ((run: number, asker: object) => void) | undefined {
  const inside = insideOf(schedule);
  return inside?.ran && ((run, asker) => inside.ran!(run, asker));
}

/**
 * Epoch milliseconds of a date, known by its shape; NaN for anything else. They
 * are whole and at most `LATEST`, also those of a look-alike.
 */
export function timeOf(value: unknown): number {
  const date = value as Date | null | undefined;
  return +new Date(typeof date?.getTime === "function" ? +date.getTime() : NaN);
}

export function isSchedule(value: unknown): value is Schedule {
  return typeof peek(value, "nextRun") === "function";
}

/** What to return instead of a moment of a library that is no `Date`. */
function hint(answer: unknown): string {
  if (typeof answer !== "object" || peek(answer, "getTime")) return "";
  let instead = "return a Date";
  if (typeof peek(answer, "epochMilliseconds") === "number") {
    instead = "return new Date(answer.epochMilliseconds)";
  }
  for (const method of ["toJSDate", "toDate"]) {
    if (typeof peek(answer, method) === "function") {
      instead = `return answer.${method}()`;
    }
  }
  return `, which is no Date: ${instead}`;
}

/**
 * The first run after a moment, both in epoch milliseconds; `Infinity` where there
 * is none. Whoever asks on from the answer always gets ahead.
 */
export function nextTime(
  what: string,
  schedule: Schedule,
  after: number,
  asker?: object,
): number {
  const inside = insideOf(schedule);
  let next: unknown;
  if (inside) {
    const time = inside.next(after, asker);
    if (time > after) return time > LATEST ? Infinity : time;
    next = new Date(time);
  } else {
    // A date of its own, which nobody else sees changed.
    next = schedule.nextRun(new Date(after));
    if (next === null) return Infinity;
  }
  const time = timeOf(next);
  if (time > after) return time;
  throw new RangeError(
    `Cannot ${what}: 'nextRun()' must be null or a date after ${
      new Date(after).toJSON()
    }: current value is ${new Date(time).toJSON() ?? text(next)}${hint(next)}`,
  );
}
