/** The options of metrics, checked, with their defaults. */

import { checkUnknown } from "../../_internal/unknown_options.ts";
import { bag, typed, whole } from "../../_internal/validate.ts";
import type { MetricsOptions } from "./options.ts";

const KNOWN = ["prefix", "maxRunners", "buckets", "authorize"];

/** What metrics go by. */
export interface MetricsSettings {
  readonly prefix: string;
  readonly maxRunners: number;
  readonly buckets: readonly number[];
  readonly authorize: MetricsOptions["authorize"];
}

/** Checks the options. */
export function settingsOf(
  options: MetricsOptions | undefined,
): MetricsSettings {
  const what = "create Metrics";
  const {
    prefix = "golib_runner",
    maxRunners = 1_000,
    buckets = [0.001, 0.01, 0.1, 1, 10, 100],
    authorize,
  } = bag(what, options);
  checkUnknown(what, "Metrics", options, KNOWN);
  typed(
    what,
    "prefix",
    prefix,
    "string",
    "a name of letters, digits and underscores",
    (text) => /^[a-zA-Z_:][\w:]*$/.test(text),
  );
  whole(what, "maxRunners", maxRunners, 1, Infinity);
  typed(
    what,
    "buckets",
    buckets,
    "object",
    "a list of numbers, each above the one before",
    (list) =>
      Array.isArray(list) && list.length > 0 &&
      list.every((each, index) =>
        typeof each === "number" && each < Infinity &&
        each > (list[index - 1] ?? 0)
      ),
  );
  if (authorize !== undefined) {
    typed(what, "authorize", authorize, "function");
  }
  return { prefix, maxRunners, buckets, authorize };
}
