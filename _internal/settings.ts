/** The options that all runners have in common, checked, with their defaults. */

import type { Observer, RunnerOptions } from "../runner.ts";
import { timeout, typed, whole } from "./validate.ts";

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

/** Reads each option once; throws before anything has changed. */
export function settingsOf(
  what: string,
  defaultName: string,
  options: RunnerOptions & { awaitReady?: boolean; startTimeout?: number },
): Settings {
  const {
    name = defaultName,
    observer,
    printErrors = true,
    stopTimeout = 2_000,
    maxErrors = 100,
    awaitReady = false,
    startTimeout = 30_000,
  } = options;
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
