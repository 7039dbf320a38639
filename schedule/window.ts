import { bag } from "../_internal/validate.ts";
import { says } from "../_internal/validate.ts";
import { dateOf } from "./_schedule.ts";

/** A stretch of time, for {@linkcode within} and {@linkcode except}. */
export interface Window {
  /**
   * Its first moment.
   *
   * @default it has no beginning
   */
  readonly from?: Date | undefined;
  /**
   * The first moment after it.
   *
   * @default it has no end
   */
  readonly until?: Date | undefined;
}

/** Both ends in epoch milliseconds. */
export function windowOf(
  what: string,
  window: Window | undefined,
): [from: number, until: number] {
  const { from, until } = bag(what, window);
  const begin = from === undefined ? -Infinity : dateOf(what, "from", from);
  const end = until === undefined ? Infinity : dateOf(what, "until", until);
  if (begin < end) return [begin, end];
  throw new RangeError(
    says(what, "until", "a date after 'from'", until?.toJSON()),
  );
}
