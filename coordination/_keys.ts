/** Keys as users name them. */

import { says, typed } from "../_internal/validate.ts";

/** A key that every store can hold, once it is encoded. */
export function checkedKey(what: string, key: string): string {
  const need = "a text that is not empty";
  typed(what, "key", key, "string", need, (text) => text.length > 0);
  try {
    encodeURIComponent(key);
  } catch {
    const whole = "a text without a lone half of a surrogate pair";
    throw new RangeError(says(what, "key", whole, key));
  }
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
