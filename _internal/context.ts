/**
 * Async contexts: what `AsyncLocalStorage` carries, request ids and traces say.
 *
 * A function of a run works in the context of the call that asked for the run. The
 * engine keeps contexts by itself over promises and timers of the run's own; it
 * cannot where many runs share a timer, or where a call had to wait.
 */

import { warn } from "./recovery.ts";
import {
  asyncResource,
  isContextOutOfReach,
  isResourceWatched,
} from "./runtime.ts";

/** A context that is kept; whoever has it keeps alive all that is in it. */
export interface Context {
  /** Says that it is entered no more, to those who follow it by hooks. */
  emitDestroy?(): unknown;
  /** Calls a function in the context. */
  runInAsyncScope<Result>(
    work: (this: unknown, ...values: never[]) => Result,
    self?: unknown,
  ): Result;
}

function keep(): Context | undefined {
  const Resource = asyncResource();
  return Resource && new Resource("golib.runner");
}

/**
 * The context in which this module was imported, that of no request: for what is
 * shared by many, and for what is to run in no context.
 */
export const outside: Context | undefined = /* @__PURE__ */ keep();

/** Says that nobody enters a context any more, where the engine watches for it. */
export function forget(context: Context | undefined): void {
  if (isResourceWatched && context !== outside) context?.emitDestroy?.();
}

let isSaid = false;

/** The context of the caller; `undefined` where the engine has no contexts. */
export function contextHere(): Context | undefined {
  const context = keep();
  if (context || isSaid || !isContextOutOfReach()) return context;
  isSaid = true;
  warn(
    "Runs keep no async context: that takes Node 20.16, 22.3 or later",
  );
  return undefined;
}

/**
 * Calls a function in a context, or as it is where there is none. Cloudflare's
 * workers refuse that of another request: there the function is called as it is.
 */
export function within<Result>(
  context: Context | undefined,
  work: () => Result,
): Result {
  if (!context) return work();
  let isEntered = false;
  try {
    return context.runInAsyncScope(() => {
      isEntered = true;
      return work();
    });
  } catch (error) {
    if (isEntered) throw error;
    return work();
  }
}
