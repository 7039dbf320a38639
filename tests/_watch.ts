/** What tests look at: the ticks of a ticker, and the listeners of a signal. */

import { type RunnerTickEvent, Ticker } from "@golib/runner";
import type { StartOptions, TickerOptions, TickFunction } from "@golib/runner";

export interface Watched {
  readonly ticker: Ticker;
  readonly ticks: RunnerTickEvent[];
  start(options?: StartOptions): Promise<void>;
  /**
   * `[scheduledAt, startedAt, missed]` of each tick, in milliseconds after the
   * start, rounded to a tenth.
   */
  grid(): [number, number, number][];
}

function tenth(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** A ticker that is quiet, and has its ticks written down. */
export function watch(
  interval: number,
  tick: TickFunction = () => {},
  options: TickerOptions = {},
): Watched {
  const ticks: RunnerTickEvent[] = [];
  let start = 0;
  const ticker = new Ticker(interval, tick, {
    printErrors: false,
    ...options,
    observer(event) {
      if (event.type === "tick") ticks.push(event);
      options.observer?.(event);
    },
  });
  return {
    ticker,
    ticks,
    start(options) {
      start = performance.now();
      return ticker.start(options);
    },
    grid: () =>
      ticks.map(({ scheduledAt, startedAt, missed }) => [
        tenth(scheduledAt - start),
        tenth(startedAt - start),
        missed,
      ]),
  };
}

/** Waits on whatever clock is in force. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

const setTimeoutReal = globalThis.setTimeout;

/** Waits on the real clock until something holds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; !condition(); round++) {
    if (round > 1_000) throw new Error("what was waited for did not come");
    await new Promise((resolve) => void setTimeoutReal(resolve, 2));
  }
}

/** A promise and the ways to settle it. */
export interface Gate {
  readonly promise: Promise<void>;
  open(): void;
  fail(reason: unknown): void;
}

export function gate(): Gate {
  let open = () => {};
  let fail: (reason: unknown) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

/** A controller whose signal counts the listeners that it has. */
export interface Counted {
  readonly controller: AbortController;
  readonly signal: AbortSignal;
  listeners(): number;
  /** The most that it ever had. */
  most(): number;
}

export function counted(): Counted {
  const controller = new AbortController();
  const { signal } = controller;
  const present = new Set<unknown>();
  let most = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: AddEventListenerOptions | boolean,
  ) => {
    present.add(listener);
    most = Math.max(most, present.size);
    add(type, listener, options);
  };
  signal.removeEventListener = (
    type: string,
    listener: EventListenerOrEventListenerObject,
  ) => {
    present.delete(listener);
    remove(type, listener);
  };
  signal.addEventListener("abort", () => present.clear(), { once: true });
  present.clear();
  most = 0;
  return {
    controller,
    signal,
    listeners: () => present.size,
    most: () => most,
  };
}

/** What is printed to standard error meanwhile, an entry for each write. */
export async function capture(
  body: () => void | Promise<void>,
): Promise<string[]> {
  const printed: string[] = [];
  const { error } = console;
  console.error = (...values: unknown[]) => {
    printed.push(values.map(String).join(" "));
  };
  try {
    await body();
  } finally {
    console.error = error;
  }
  return printed;
}
