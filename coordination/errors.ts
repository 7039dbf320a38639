/** What can go wrong beyond one machine. */

/**
 * Why a request to a store failed: `unavailable`, it did not answer or could not
 * be reached; `refused`, it answered that it will not; `unknown`, neither, so
 * that the request may or may not have been carried out.
 */
export type StoreErrorKind = "unavailable" | "refused" | "unknown";

/** A request to a store has failed. */
export class StoreError extends Error {
  /** Tells the error from others, also after a build that renames classes. */
  override readonly name = "StoreError";
  /** Why the request failed. */
  readonly kind: StoreErrorKind;

  /**
   * Makes the error of a store.
   *
   * @param kind Why the request failed.
   * @param message Says what was asked and what came.
   * @param options The cause, where there is one.
   */
  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * The store is not the one it was: its data were lost or put back. Fences may go
 * back then, and all leases are lost.
 */
export class StoreResetError extends Error {
  /** Tells the error from others, also after a build that renames classes. */
  override readonly name = "StoreResetError";
}

/**
 * Why a lease was lost: `expired`, its time is over or the session is gone;
 * `taken`, another holds the key; `released`, by its holder; `fenced`, a resource
 * has seen a higher fence.
 */
export type LeaseLostReason = "expired" | "taken" | "released" | "fenced";

/** A lease is lost: what it protected must not be touched any more. */
export class LeaseLostError extends Error {
  /** Tells the error from others, also after a build that renames classes. */
  override readonly name = "LeaseLostError";
  /** Why it was lost. */
  readonly why: LeaseLostReason;

  /**
   * Makes the error of a lease.
   *
   * @param key The key of the lease.
   * @param why Why it was lost.
   */
  constructor(key: string, why: LeaseLostReason) {
    super(`The lease of "${key}" is lost: ${SAID[why]}`);
    this.why = why;
  }
}

const SAID: Record<LeaseLostReason, string> = {
  expired: "its time is over",
  taken: "another node holds the key",
  released: "its holder has released it",
  fenced: "the resource has seen a higher fence",
};
