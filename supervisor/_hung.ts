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

const late = new WeakSet<Error>();

/** Says that an error is of a run below that took too long to end, and has. */
export function markLate(error: Error): void {
  late.add(error);
}

/** Whether that was said of an error. */
export function isLate(error: Error | undefined): boolean {
  return error !== undefined && late.has(error);
}
