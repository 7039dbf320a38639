/** Tickers on schedules, on a clock that tests set by hand. */

import {
  type RunnerTickEvent,
  type Schedule,
  Ticker,
  type TickerOptions,
  type TickFunction,
} from "@golib/runner";
import { type HandClock, timed } from "./_fake_clocks.ts";

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A moment of UTC. */
export function at(text: string): number {
  return Date.parse(`${text}Z`);
}

/** A moment as a short text, in UTC. */
export function short(time: number): string {
  return new Date(time).toJSON().replace(/(:00)?\.000Z$/, "");
}

/** Runs a test from a moment of the wall clock on. */
export function from(
  text: string,
  body: (clock: HandClock) => Promise<void>,
): () => Promise<void> {
  return timed((clock) => {
    set(clock, text);
    return body(clock);
  });
}

/** Sets the wall clock. */
export function set(clock: HandClock, text: string): void {
  clock.ahead = at(text) - clock.now;
}

export interface Dated {
  readonly ticker: Ticker;
  readonly events: RunnerTickEvent[];
  /** When each tick was due, how late it was in ms, and what was missed. */
  ticks(): [due: string, late: number, missed: number][];
}

/** A ticker that is quiet, and has its ticks written down. */
export function dated(
  schedule: Schedule | number,
  tick: TickFunction = () => {},
  options: TickerOptions = {},
): Dated {
  const events: RunnerTickEvent[] = [];
  const ticker = new Ticker(schedule, tick, {
    printErrors: false,
    ...options,
    observer(event) {
      if (event.type === "tick") events.push(event);
      options.observer?.(event);
    },
  });
  return {
    ticker,
    events,
    ticks: () =>
      events.map(({ scheduledAt, startedAt, missed }) => [
        short(scheduledAt),
        startedAt - scheduledAt,
        missed,
      ]),
  };
}

/** A schedule with these runs, whatever it is asked. */
export function listed(...moments: string[]): Schedule {
  const times = moments.map(at);
  return {
    nextRun(after) {
      const time = times.find((each) => each > after.getTime());
      return time === undefined ? null : new Date(time);
    },
  };
}
