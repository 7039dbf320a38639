/** The one place of this module that touches what only some runtimes have. */

import { builtin } from "../_internal/runtime.ts";

/** What a store of async contexts can do. */
export interface ContextStore<T> {
  getStore(): T | undefined;
  run<R, A>(value: T, work: (argument: A) => R, argument: A): R;
}

interface Host {
  readonly AsyncLocalStorage?: new <T>() => ContextStore<T>;
  readonly performance?: {
    readonly memory?: {
      readonly usedJSHeapSize: number;
      readonly jsHeapSizeLimit: number;
    };
  };
}

const host = globalThis as Host;

/** A store of async contexts, where the engine has such. */
export function contextStore<T>(): ContextStore<T> | undefined {
  const { AsyncLocalStorage: Store } = builtin<Host>("node:async_hooks") ??
    host;
  return Store && new Store<T>();
}

interface Events {
  setMaxListeners?(most: number, ...targets: EventTarget[]): void;
}

/** Says that a signal is shared by many: Node 20 warns of more than ten listeners. */
export function shareByMany(signal: AbortSignal): void {
  try {
    builtin<Events>("node:events")?.setMaxListeners?.(0, signal);
  } catch {
    // An engine that takes no such target does not warn either.
  }
}

/** How full the heap is, from 0 to 1; `undefined` where nothing tells. */
export function heapShare(): number | undefined {
  const { memory } = host.performance ?? {};
  if (memory) return memory.usedJSHeapSize / memory.jsHeapSizeLimit;
  const v8 = builtin<{
    getHeapStatistics(): { used_heap_size: number; heap_size_limit: number };
  }>("node:v8");
  try {
    const { used_heap_size: used, heap_size_limit: limit } = v8!
      .getHeapStatistics();
    return limit > 0 ? used / limit : undefined;
  } catch {
    return undefined;
  }
}
