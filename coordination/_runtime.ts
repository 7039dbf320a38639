/** The one place of this module that touches what only some runtimes have. */

interface Host {
  readonly process?: { exit?(code: number): void };
  readonly Deno?: { exit?(code: number): void };
}

/** Ends the process at once, where there is one. */
export function exit(code: number): void {
  const { process, Deno } = globalThis as Host;
  if (Deno?.exit) Deno.exit(code);
  else process?.exit?.(code);
}
