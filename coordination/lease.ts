import type { LeaseLostError } from "./errors.ts";

/**
 * A key that this node has, for as long as it can be sure of it.
 *
 * Call {@linkcode Lease.check} right before each effect, and hand
 * {@linkcode Lease.fence} on to whatever is written to: between the check and the
 * effect the process may be stopped, and only a resource that refuses a lower
 * fence is safe against that.
 */
export interface Lease extends AsyncDisposable {
  /** The key, as it was asked for. */
  readonly key: string;
  /** Larger than that of every earlier holder of the key. */
  readonly fence: bigint;
  /**
   * Aborts when the lease is lost, with a {@linkcode LeaseLostError}. After a
   * blocked loop it is late: {@linkcode Lease.check} is not.
   */
  readonly lost: AbortSignal;
  /**
   * Milliseconds until the lease is over unless it is renewed, by the clocks as
   * they are now; 0 or less where it is lost. To find it over aborts `lost`.
   */
  readonly remaining: number;
  /**
   * Throws where the lease is lost, by the clocks as they are now. `lost` has
   * aborted with the same error then, and so has the signal of the run that the
   * lease is for.
   *
   * @throws {LeaseLostError} if the lease is lost.
   */
  check(): void;
  /** Says that the resource has seen a higher fence: the lease is lost at once. */
  refused(): void;
  /**
   * Gives up the key.
   *
   * @returns a promise that resolves once another can take the key, or the
   * session is over; it never rejects.
   */
  release(): Promise<void>;
}

export type { LeaseLostError };
