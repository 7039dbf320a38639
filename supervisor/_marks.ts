/** What a supervisor above has to know of the error that one below failed with. */

/**
 * - `hung`: a run lives on, so that whoever failed cannot be started again;
 * - `late`: a run took too long to end, and has ended since.
 */
export type Mark = "hung" | "late";

const marks = new WeakMap<Error, Mark>();

/** Says one of them of an error. */
export function mark(error: Error, mark: Mark): void {
  marks.set(error, mark);
}

/** What was said of an error, if anything. */
export function markOf(error: Error | undefined): Mark | undefined {
  return error && marks.get(error);
}
