/** The options that all runners have in common, checked, with their defaults. */

import type { Observer, RunnerOptions } from "../runner.ts";
import { bag, timeout, typed, whole } from "./validate.ts";

interface ServiceOptions extends RunnerOptions {
  readonly awaitReady?: boolean | undefined;
  readonly startTimeout?: number | undefined;
}

/** What a machine goes by. */
export interface Settings {
  readonly name: string;
  readonly observer: Observer | undefined;
  readonly printErrors: boolean;
  /** In milliseconds. */
  readonly stopTimeout: number;
  readonly maxErrors: number;
  readonly awaitReady: boolean;
  /** In milliseconds. */
  readonly startTimeout: number;
}

// Runners without options of their own share what they go by.
const defaults = new Map<string, Settings>();

/** Reads each option once; throws before anything has changed. */
export function settingsOf(
  what: string,
  defaultName: string,
  options: ServiceOptions | undefined,
): Settings {
  if (options !== undefined) return read(what, defaultName, options);
  let settings = defaults.get(defaultName);
  if (settings === undefined) {
    defaults.set(defaultName, settings = read(what, defaultName, {}));
  }
  return settings;
}

function read(
  what: string,
  defaultName: string,
  options: ServiceOptions,
): Settings {
  const {
    name = defaultName,
    observer,
    printErrors = true,
    stopTimeout = 2_000,
    maxErrors = 100,
    awaitReady = false,
    startTimeout = 30_000,
  } = bag(what, options);
  return {
    name: typed(what, "name", name, "string"),
    observer: observer === undefined
      ? observer
      : typed(what, "observer", observer, "function"),
    printErrors: typed(what, "printErrors", printErrors, "boolean"),
    stopTimeout: timeout(what, "stopTimeout", stopTimeout),
    maxErrors: maxErrors === Infinity
      ? maxErrors
      : whole(what, "maxErrors", maxErrors, 1),
    awaitReady: typed(what, "awaitReady", awaitReady, "boolean"),
    startTimeout: timeout(what, "startTimeout", startTimeout),
  };
}
