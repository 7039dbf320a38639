/** The options of a ticker, checked, with their defaults. */

import { isSchedule } from "../_internal/schedules.ts";
import { defaultsOf, nothing, settingsOf } from "../_internal/settings.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { choice, says, timeout, typed, whole } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";
import type { LastRun, RetryOptions, TickerOptions, TickGate } from "./spec.ts";

const DEFAULTS = /* @__PURE__ */ defaultsOf("ticker", {
  context: "keep",
  failAfter: Infinity,
  immediate: false,
  lateness: Infinity,
  persistent: true,
  tickTimeout: Infinity,
});

/** What only some tickers have. */
export interface Special {
  readonly gate: TickGate | undefined;
  readonly priority: number;
  readonly lastRun: LastRun | undefined;
  readonly retry: Retry | undefined;
}

type Retry = {
  readonly [key in keyof RetryOptions]-?: Exclude<RetryOptions[key], undefined>;
};

/** What a ticker goes by. */
export type Settings = typeof DEFAULTS & { readonly special?: Special };

// What they share costs those nothing that have none of it.
const SPECIAL = ["gate", "priority", "lastRun", "retry"] as const;

let known: string[] | undefined;

/** The last that were made, for many tickers with the same options to share. */
let last: Settings = DEFAULTS;

function shared(settings: Settings): Settings {
  // One that holds what is somebody's is not kept alive.
  if (settings.observer !== nothing) return settings;
  for (const key in settings) {
    const name = key as keyof typeof DEFAULTS;
    if (settings[name] !== last[name]) return last = settings;
  }
  return last;
}

/** Throws before anything has changed. */
export function readSettings(
  what: string,
  interval: number | Schedule,
  options: TickerOptions | undefined,
): Settings {
  // The usual way is short: there may be many.
  if (options === undefined) return DEFAULTS;
  const settings: Settings = settingsOf(what, DEFAULTS, options);
  known ??= [...Object.keys(DEFAULTS), ...SPECIAL];
  checkUnknown(what, "Ticker", options, known);
  choice(what, "context", settings.context, "keep", "none");
  whole(what, "failAfter", settings.failAfter, 1, Infinity);
  const { gate, priority = 0, lastRun, retry } = options;
  if (gate === undefined && lastRun === undefined && retry === undefined) {
    number(what, "priority", priority);
    return shared(settings);
  }
  const special: Special = {
    gate: gateOf(what, gate),
    priority: number(what, "priority", priority),
    lastRun: lastRunOf(what, interval, lastRun),
    retry: retryOf(what, retry),
  };
  return { ...settings, special };
}

function number(what: string, name: string, value: number): number {
  return typed(
    what,
    name,
    value,
    "number",
    "a number",
    (each) => Math.abs(each) < Infinity,
  );
}

function gateOf(
  what: string,
  gate: TickGate | undefined,
): TickGate | undefined {
  if (gate === undefined || typeof gate?.run === "function") return gate;
  throw new TypeError(says(what, "gate", "an object with 'run'", gate));
}

function lastRunOf(
  what: string,
  interval: number | Schedule,
  lastRun: LastRun | undefined,
): LastRun | undefined {
  if (lastRun === undefined) return undefined;
  typed(what, "lastRun", lastRun, "object", "an object");
  typed(what, "lastRun.load", lastRun.load, "function");
  typed(what, "lastRun.save", lastRun.save, "function");
  const when: unknown = lastRun.when;
  if (when !== undefined && when !== "before" && when !== "after") {
    const expected = '"before" or "after"';
    throw new TypeError(says(what, "lastRun.when", expected, when));
  }
  checkUnknown(what, "Ticker's lastRun", lastRun, ["load", "save", "when"]);
  if (isSchedule(interval)) return lastRun;
  const expected = "absent where the interval is a number: it is for schedules";
  throw new TypeError(says(what, "lastRun", expected, lastRun));
}

function retryOf(
  what: string,
  retry: RetryOptions | undefined,
): Retry | undefined {
  if (retry === undefined) return undefined;
  typed(what, "retry", retry, "object", "an object");
  const {
    times,
    initial = 100,
    factor = 2,
    max = 15_000,
    random = Math.random,
  } = retry;
  whole(what, "retry.times", times, 0, Infinity);
  timeout(what, "retry.initial", initial);
  timeout(what, "retry.max", max);
  const expected = "a number of at least 1";
  typed(what, "retry.factor", factor, "number", expected, (each) => each >= 1);
  typed(what, "retry.random", random, "function");
  const read = { times, initial, factor, max, random };
  checkUnknown(what, "Ticker's retry", retry, Object.keys(read));
  return read;
}
