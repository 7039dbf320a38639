/** The options of one call, checked. */

import type { StopOptions } from "../runner.ts";
import { bag, signalLike, timeout } from "./validate.ts";

/**
 * Reads the options of a call, each once; unknown ones are ignored.
 *
 * @param what The call as messages say it: `start "http"`.
 * @param method The name of the method.
 */
export function readCall(
  what: string,
  method: string,
  options: StopOptions,
): StopOptions {
  const { signal, timeout: ms, reason } = bag(
    what,
    options,
    `${method}({ signal })`,
  );
  signalLike(what, signal);
  if (ms !== undefined) timeout(what, "timeout", ms);
  return { signal, timeout: ms, reason };
}
