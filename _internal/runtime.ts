/** The one place that touches what only some runtimes have. */

interface Host {
  readonly Deno?: { unrefTimer?(id: number): void };
}

/** Lets the process end while the timer waits, where the engine can. */
export function unref(timer: unknown): void {
  if (typeof timer === "object") {
    (timer as { unref?(): void } | null)?.unref?.();
  } else {
    // Deno's timers are numbers up to 2.8 and in its browser-like mode.
    (globalThis as Host).Deno?.unrefTimer?.(timer as number);
  }
}
