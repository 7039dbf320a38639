/** The one place that touches the process, where there is one. */

/** What Deno, Node and Bun have in common; each gives it as `process`. */
export interface Process {
  exitCode: number | string | null | undefined;
  exit(code?: number): never;
  on(event: string, listener: Heard): unknown;
  off(event: string, listener: Heard): unknown;
  getActiveResourcesInfo?(): string[];
  getBuiltinModule?(id: string): {
    /** Of "node:os". */
    constants: { signals: Record<string, number> };
    /** Of "node:worker_threads". */
    isMainThread: boolean;
  };
}

/** Is told of a signal; not every engine gives the number too. */
export type Heard = (name: string, number?: number) => void;

interface Host {
  readonly process?: Partial<Process>;
  readonly WebSocketPair?: unknown;
  readonly Deno?: { unrefTimer?(id: number): void };
}

/** The process, or `undefined` where a program has none of its own. */
export function processOf(): Process | undefined {
  const { process, WebSocketPair } = globalThis as unknown as Host;
  return typeof process?.on === "function" &&
      typeof process.exit === "function" &&
      // Cloudflare's is a look-alike, to which no signal is ever sent.
      WebSocketPair === undefined &&
      // Nor to a thread.
      process.getBuiltinModule?.("node:worker_threads").isMainThread !== false
    ? process as Process
    : undefined;
}

/**
 * The number of a signal; `undefined` where the platform does not know it, 0
 * where the engine cannot tell.
 */
export function numberOf(process: Process, name: string): number | undefined {
  const os = process.getBuiltinModule?.("node:os");
  return os ? os.constants.signals[name] : 0;
}

/** A timer that does not keep the process alive. */
export function unrefTimeout(callback: () => void, ms: number): void {
  const timer: unknown = setTimeout(callback, ms);
  if (typeof timer === "object") {
    (timer as { unref?(): void }).unref?.();
  } else {
    (globalThis as Host).Deno?.unrefTimer?.(timer as number);
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
