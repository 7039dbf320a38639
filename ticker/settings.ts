import { defaultsOf } from "../_internal/settings.ts";

/** What a ticker goes by where its options say nothing else. */
export const DEFAULTS = /* @__PURE__ */ defaultsOf("ticker", {
  context: "keep",
  immediate: false,
  lateness: Infinity,
  persistent: true,
  tickTimeout: Infinity,
});

/** The options of a ticker, checked. */
export type Settings = typeof DEFAULTS;
