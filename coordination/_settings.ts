/** What a member goes by, checked, with its defaults. */

import { defaultsOf, settingsOf } from "../_internal/settings.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { says } from "../_internal/validate.ts";
import type { MemberOptions } from "./options.ts";
import type { Store } from "./store.ts";

/** What a member goes by; times in milliseconds. */
export type MemberSettings = ReturnType<typeof memberSettings>;

interface Times {
  readonly ttl: number;
  readonly renewEvery: number;
  readonly grace: number;
  readonly margin: number;
}

/** Whether a session can be renewed twice before its run has to end. */
export function checkTtl(what: string, times: Times): void {
  const { ttl, renewEvery, grace, margin } = times;
  const least = 2 * renewEvery + grace + margin;
  // Sums of thirds and fifths differ by less.
  if (ttl + 0.001 >= least) return;
  const need = `at least 2 × renewEvery + grace + margin = ${least} ms`;
  throw new RangeError(says(what, "ttl", need, ttl));
}

export function memberSettings(
  what: string,
  store: Store,
  options: MemberOptions | undefined,
) {
  const isStore = typeof store?.open === "function" &&
    typeof store.traits?.minTtl === "number";
  if (!isStore) throw new TypeError(says(what, "store", "a store", store));
  const ttl = typeof options?.ttl === "number" ? options.ttl : 15_000;
  const defaults = defaultsOf("member", {
    ttl,
    renewEvery: ttl / 3,
    grace: ttl / 5,
    margin: Math.max(ttl / 15, 100),
    jitter: 100,
    maxSkew: 10_000,
    startTimeout: 30_000,
    stopTimeout: NaN,
  });
  const settings = settingsOf(what, defaults, options);
  checkUnknown(what, "Member", options, Object.keys(defaults));
  const { minTtl, name } = store.traits;
  for (const key of ["ttl", "renewEvery", "margin", "jitter"] as const) {
    if (settings[key] < Infinity) continue;
    throw new RangeError(says(what, key, "finite", settings[key]));
  }
  if (settings.ttl < minTtl) {
    const need = `at least ${minTtl} ms for ${name}`;
    throw new RangeError(says(what, "ttl", need, settings.ttl));
  }
  checkTtl(what, settings);
  const { stopTimeout, grace } = settings;
  return {
    ...settings,
    stopTimeout: stopTimeout >= 0 ? stopTimeout : grace + 2_000,
  };
}
