/**
 * What a schedule has to run where the clocks change, found in the plainest way:
 * every minute around a change is asked what the wall clock shows, by `Intl` alone.
 * So it goes by the engine's own table of time zones.
 */

export const minute = 60_000;
export const hour = 60 * minute;
const day = 24 * hour;

/** What becomes of a time that is left out, and of one that comes twice. */
export interface Rule {
  readonly gap: "the end of the gap" | "an hour later" | "never";
  readonly twice: "first" | "second" | "both";
}

/** A change of a zone's clocks. */
export interface Change {
  readonly zone: string;
  /** The first moment by the new time. */
  readonly at: number;
  /** Milliseconds that the clocks go forward; negative for back. */
  readonly forward: number;
  /** The first time of day that is left out or comes twice, in minutes. */
  readonly first: number;
}

/** A cron line without its last three fields, and the times of day it stands for. */
export interface Line {
  readonly text: string;
  /** In minutes. */
  readonly times: readonly number[];
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  formats.set(timeZone, format);
  return format;
}

/** What the wall clock shows, as the milliseconds of that moment of UTC. */
export function shown(zone: string, time: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(time)) {
    part[type] = Number(value);
  }
  const { year, month, day, hour, minute } = part;
  return Date.UTC(year!, month! - 1, day!, hour!, minute!);
}

/** The changes of a year. */
export function changesOf(zone: string, year: number): Change[] {
  const offset = (time: number) => shown(zone, time) - time;
  const changes: Change[] = [];
  const end = Date.UTC(year + 1, 0, 1);
  for (let time = Date.UTC(year, 0, 1); time < end; time += day) {
    let [before, at] = [time, time + day];
    const old = offset(before);
    if (old === offset(at)) continue;
    while (at - before > minute) {
      const middle = before +
        Math.floor((at - before) / 2 / minute) * minute;
      if (offset(middle) === old) before = middle;
      else at = middle;
    }
    const forward = offset(at) - old;
    const first = shown(zone, at) - Math.max(forward, 0);
    changes.push({ zone, at, forward, first: first % day / minute });
  }
  return changes;
}

/** The minutes around a change, by what the wall clock shows in them. */
export class Around {
  readonly from: number;
  readonly until: number;
  readonly #change: Change;
  readonly #minutes = new Map<number, number[]>();
  readonly #days = new Set<number>();

  constructor(change: Change, hours = 25) {
    const { zone, at } = change;
    this.#change = change;
    this.from = at - hours * hour;
    this.until = at + hours * hour;
    for (let time = this.from; time < this.until; time += minute) {
      const local = shown(zone, time);
      const others = this.#minutes.get(local);
      if (others) others.push(time);
      else this.#minutes.set(local, [time]);
      this.#days.add(local - local % day);
    }
  }

  /** The moments at which these times of day come, by a rule. */
  runs(times: readonly number[], { gap, twice }: Rule): number[] {
    const runs = new Set<number>();
    for (const day of this.#days) {
      for (const time of times) {
        const local = day + time * minute;
        const found = this.#minutes.get(local);
        if (!found) {
          const later = this.#leftOut(local);
          if (later === undefined || gap === "never") continue;
          runs.add(gap === "an hour later" ? later : this.#change.at);
        } else if (twice === "both") {
          for (const each of found) runs.add(each);
        } else runs.add(twice === "first" ? found[0]! : found.at(-1)!);
      }
    }
    return [...runs].sort((one, other) => one - other);
  }

  /** The moment that a time would be which is left out; nothing for others. */
  #leftOut(local: number): number | undefined {
    const { zone, at, forward } = this.#change;
    const later = local - (shown(zone, at - minute) - (at - minute));
    return later >= at && later < at + forward ? later : undefined;
  }
}

const hours = (count: number, first = 0, step = 1): number[] => {
  const all: number[] = [];
  for (let each = first; each < count; each += step) all.push(each);
  return all;
};

/** Lines of every kind, as near to a change as they can be. */
export function linesOf({ first }: Change): Record<string, Line> {
  const here = Math.floor(first / 60);
  const next = (here + 1) % 24;
  const beside = (here + 12) % 24;
  const range = here === 0 ? 0 : Math.min(here, 22) - 1;
  const list = (...all: number[]) => all.sort((one, other) => one - other);
  const line = (
    minutes: string,
    inHour: readonly number[],
    field: string,
    inDay: readonly number[],
  ): Line => ({
    text: `${minutes} ${field}`,
    times: inDay.flatMap((each) => inHour.map((one) => each * 60 + one)),
  });
  return {
    "a single time": line("15", [15], `${here}`, [here]),
    "a list of minutes": line("0,30,45", [0, 30, 45], `${here}`, [here]),
    "a list of hours": line("15", [15], `${list(here, beside)}`, [
      here,
      beside,
    ]),
    "two lists": line("15,45", [15, 45], `${list(here, next)}`, [here, next]),
    "a range of minutes": line("10-12", [10, 11, 12], `${here}`, [here]),
    "a range of hours": line(
      "15",
      [15],
      `${range}-${range + 2}`,
      hours(range + 3, range),
    ),
    "steps of minutes": line("*/15", hours(60, 0, 15), `${here}`, [here]),
    "steps in a range": line("5-35/10", hours(36, 5, 10), `${here}`, [here]),
    "steps of hours": line("15", [15], "*/2", hours(24, 0, 2)),
    "odd hours": line("15", [15], "1-23/2", hours(24, 1, 2)),
    "each minute": line("*", hours(60), `${here}`, [here]),
    "each hour": line("15", [15], "*", hours(24)),
    "twice an hour": line("0,30", [0, 30], "*", hours(24)),
    "three times an hour": line("*/20", [0, 20, 40], "*", hours(24)),
  };
}
