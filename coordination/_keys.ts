/** Keys as users name them. */

import { says, typed } from "../_internal/validate.ts";

/** A key that every store can hold, once it is encoded. */
export function checkedKey(what: string, key: string): string {
  typed(what, "key", key, "string", "a text that is not empty", (text) => {
    try {
      // Throws where half of a pair of surrogates stands alone.
      return encodeURIComponent(text).length > 0;
    } catch {
      return false;
    }
  });
  // Stores have limits of some hundreds of bytes, and say so late.
  if (key.length <= 200) return key;
  throw new RangeError(says(what, "key", "at most 200 characters", key));
}

/** How keys begin: those that end with a session, and those that stay. */
export const HELD = "k/";
export const WRITTEN = "d/";

/** A user's key as the store has it: without slashes and control characters. */
export function encoded(key: string): string {
  return encodeURIComponent(key);
}
