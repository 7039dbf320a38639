/** The one place of this module that touches what only some runtimes have. */

/** What a store of async contexts can do. */
export interface ContextStore<T> {
  getStore(): T | undefined;
  run<R, A>(value: T, work: (argument: A) => R, argument: A): R;
}

interface Host {
  readonly AsyncLocalStorage?: new <T>() => ContextStore<T>;
  readonly process?: {
    getBuiltinModule?(id: string): Record<string, unknown> | undefined;
    memoryUsage?(): { readonly heapUsed: number };
  };
  readonly performance?: {
    readonly memory?: {
      readonly usedJSHeapSize: number;
      readonly jsHeapSizeLimit: number;
    };
  };
}

const host = globalThis as Host;

function builtin(id: string): Record<string, unknown> | undefined {
  try {
    return host.process?.getBuiltinModule?.(id);
  } catch {
    // Some platforms have the function and refuse the module.
    return undefined;
  }
}

/** A store of async contexts, where the engine has such. */
export function contextStore<T>(): ContextStore<T> | undefined {
  const Store = (builtin("node:async_hooks") ?? host).AsyncLocalStorage as
    | (new () => ContextStore<T>)
    | undefined;
  return Store && new Store();
}

/** How full the heap is, from 0 to 1; `undefined` where nothing tells. */
export function heapShare(): number | undefined {
  const { memory } = host.performance ?? {};
  if (memory) return memory.usedJSHeapSize / memory.jsHeapSizeLimit;
  const statistics = builtin("node:v8")?.getHeapStatistics as
    | (() => { used_heap_size: number; heap_size_limit: number })
    | undefined;
  try {
    const { used_heap_size: used, heap_size_limit: limit } = statistics!();
    return limit > 0 ? used / limit : undefined;
  } catch {
    return undefined;
  }
}
