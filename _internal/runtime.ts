/** The one place that touches what only some runtimes have. */

/** The class of the engine that keeps an async context. */
type AsyncResource = new (type: string) => {
  runInAsyncScope<Result>(
    work: (this: unknown, ...values: never[]) => Result,
    self?: unknown,
  ): Result;
  emitDestroy?(): unknown;
};

interface Host {
  readonly Deno?: { unrefTimer?(id: number): void };
  readonly EdgeRuntime?: unknown;
  readonly WebSocketPair?: unknown;
  readonly document?: unknown;
  readonly process?: {
    readonly versions?: { readonly node?: string };
    getBuiltinModule?(name: string): unknown;
  };
}

const host = globalThis as Host;

/** Lets the process end while the timer waits, where the engine can. */
export function unref(timer: unknown): void {
  if (typeof timer === "object") {
    (timer as { unref?(): void } | null)?.unref?.();
  } else {
    // Deno's timers are numbers up to 2.8 and in its browser-like mode.
    host.Deno?.unrefTimer?.(timer as number);
  }
}

/**
 * Whether timers belong to the program, rather than to the request that armed
 * them. Where it is not known they are taken to belong to the request.
 */
export function isLongLived(): boolean {
  // Cloudflare's workers can pretend to be Node, and may have no navigator.
  if (host.EdgeRuntime || host.WebSocketPair) return false;
  return !!(host.Deno || host.process?.versions?.node || host.document);
}

/**
 * A module of the engine's own, without an import, as other engines have none of that
 * name; `undefined` there.
 */
export function builtin<Module>(name: string): Module | undefined {
  try {
    return host.process?.getBuiltinModule?.(name) as Module | undefined;
  } catch {
    // Some platforms have the function, and refuse the module.
    return undefined;
  }
}

function findAsyncResource(): AsyncResource | undefined {
  const hooks = builtin<{ AsyncResource?: AsyncResource }>("node:async_hooks");
  return hooks?.AsyncResource;
}

const found = /* @__PURE__ */ findAsyncResource();

/** What keeps an async context; `undefined` where the engine has none to keep. */
export function asyncResource(): AsyncResource | undefined {
  return found;
}

/**
 * Whether the engine has the garbage collector watch each of these, for hooks to be
 * told of its end. Deno does, also where there are no hooks.
 */
export const isResourceWatched = !!host.Deno;

/** Whether the engine has contexts that this library cannot get at. */
export function isContextOutOfReach(): boolean {
  return !found && !!host.process?.versions?.node &&
    !host.process.getBuiltinModule;
}
