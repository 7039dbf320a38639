/** What supervisors fail with while a run below them lives on. */

const hung = new WeakSet<Error>();

/** Says that whoever failed with an error cannot be started again for now. */
export function markHung(error: Error): void {
  hung.add(error);
}

/** Whether that was said of an error. */
export function isHung(error: Error | undefined): boolean {
  return error !== undefined && hung.has(error);
}
