/** The one place that touches the process, where there is one. */

import { builtin } from "../_internal/runtime.ts";

/** What Deno, Node and Bun have in common; each gives it as `process`. */
export interface Process {
  exitCode: number | string | null | undefined;
  readonly pid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly versions: { readonly bun?: string };
  readonly execArgv?: readonly string[];
  exit(code?: number): never;
  on(event: string, listener: (...values: never[]) => void): unknown;
  off(event: string, listener: (...values: never[]) => void): unknown;
  getuid?(): number;
  getActiveResourcesInfo?(): string[];
}

/** What a library of the system has, by the names that are asked for. */
export interface DynamicLibrary {
  readonly symbols?: unknown;
  readonly functions?: unknown;
}

/** What Deno has and the others do not. */
interface Deno {
  unrefTimer?(id: number): void;
  dlopen?(path: string, symbols: object): DynamicLibrary;
  readonly permissions?: {
    querySync(what: object): { readonly state: string };
  };
}

interface Host {
  readonly process?: Partial<Process>;
  readonly WebSocketPair?: unknown;
  readonly Deno?: Deno;
}

/** The process, or `undefined` where a program has none of its own. */
export function processOf(): Process | undefined {
  const { process, WebSocketPair } = globalThis as unknown as Host;
  return typeof process?.on === "function" &&
      typeof process.exit === "function" &&
      // Cloudflare's is a look-alike, to which no signal is ever sent.
      WebSocketPair === undefined &&
      // Nor to a thread.
      builtin<{ isMainThread: boolean }>("node:worker_threads")
          ?.isMainThread !== false
    ? process as Process
    : undefined;
}

/** Deno, where this is Deno. */
export function denoOf(): Deno | undefined {
  return (globalThis as unknown as Host).Deno;
}

/** Whether a program may do something: on Deno to try it may ask the user. */
export function isAllowed(...what: readonly object[]): boolean {
  const { permissions } = denoOf() ?? {};
  return !permissions ||
    what.every((each) => permissions.querySync(each).state === "granted");
}

/**
 * The number of a signal; `undefined` where the platform does not know it, 0
 * where the engine cannot tell.
 */
export function numberOf(name: string): number | undefined {
  const os = builtin<{ constants: { signals: Record<string, number> } }>(
    "node:os",
  );
  return os ? os.constants.signals[name] : 0;
}

/** A timer that does not keep the process alive. */
export function unrefTimeout(callback: () => void, ms: number): void {
  const timer: unknown = setTimeout(callback, ms);
  if (typeof timer === "object") {
    (timer as { unref?(): void }).unref?.();
  } else {
    denoOf()?.unrefTimer?.(timer as number);
  }
}

/** What keeps the process alive, for people to read. */
export function holders(process: Process): string {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo?.() ?? []) {
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.entries(counts).map(([name, count]) => `${count} ${name}`)
    .join(", ") || "this engine cannot tell what";
}
