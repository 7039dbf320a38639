/** Errors that say what cannot be done, and why. */

/** What cannot be done, why, and what that comes from. */
export function cannot(what: string, why: string, cause?: Error): Error {
  return new Error(`Cannot ${what}: ${why}`, cause && { cause });
}
