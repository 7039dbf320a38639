/** The options of runners, checked, with their defaults. */

import type { Observer } from "../runner.ts";
import { bag, timeout, typed, whole } from "./validate.ts";

/** What a machine goes by. */
export interface Settings {
  readonly name: string;
  readonly observer: Observer;
  readonly printErrors: boolean;
  /** In milliseconds. */
  readonly stopTimeout: number;
  readonly maxErrors: number;
  readonly awaitReady?: boolean;
  /** In milliseconds; there with `awaitReady`. */
  readonly startTimeout?: number;
  /** In milliseconds; how old the last beat of a service may be. */
  readonly staleAfter?: number;
}

/** The default of every function: it does nothing. */
export function nothing(): void {}

/** The defaults of one kind of runner, with those that all have in common. */
export function defaultsOf<T extends object>(name: string, own: T) {
  return {
    name,
    observer: nothing as Observer,
    printErrors: true,
    stopTimeout: 2_000,
    maxErrors: 100,
    ...own,
  };
}

/**
 * Reads each option that has a default once; throws before anything has changed.
 * Runners without options of their own share what they go by.
 */
export function settingsOf<T extends object>(
  what: string,
  defaults: T,
  options: { readonly [key in keyof T]?: unknown } | undefined,
): T {
  if (options === undefined) return defaults;
  const given = bag(what, options);
  const settings = { ...defaults };
  for (const key in defaults) {
    const value = given[key];
    if (value === undefined) continue;
    if (key === "maxErrors") whole(what, key, value as number, 1, Infinity);
    else if (typeof defaults[key] !== "number") {
      typed(what, key, value, typeof defaults[key]);
    } else timeout(what, key, value as number);
    settings[key] = value as T[typeof key];
  }
  return settings;
}
