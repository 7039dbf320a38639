/** Work under several signals. */

import { reasonOf } from "../_internal/errors.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import type { GateWork } from "./options.ts";

/** Calls the work with a signal that aborts with the first of these. */
export async function underEither<T>(
  work: GateWork<T>,
  sources: readonly AbortSignal[],
): Promise<T> {
  const controller = new AbortController();
  const either: AbortListener = {
    aborted: (source) => controller.abort(reasonOf(source)),
  };
  for (const each of sources) {
    if (each.aborted) either.aborted(each);
    else join(each, either);
  }
  try {
    return await work(controller.signal);
  } finally {
    for (const each of sources) leave(each, either);
  }
}
