/** Prints recorded errors, and knows which runner has printed which. */

import type { ErrorPhase, Runner } from "../runner.ts";
import { recoveryCaller, warn } from "./recovery.ts";

const printed = new WeakMap<Error, Runner>();
const lines = new WeakMap<Error, string>();

/** Prints an error that a runner has recorded. */
export function printError(
  runner: Runner,
  name: string,
  error: Error,
  phase: ErrorPhase,
): void {
  printed.set(error, runner);
  const line = lines.get(error);
  if (line === undefined) recoveryCaller(name, error, `phase: ${phase}`);
  else warn(line);
}

/** Whether a runner of this library has printed an error that it recorded. */
export function isPrinted(error: Error, runner: unknown): boolean {
  return printed.get(error) === runner;
}

/** Has an error printed as one line: what it comes from was printed before. */
export function printAs(error: Error, line: string): void {
  lines.set(error, line);
}
