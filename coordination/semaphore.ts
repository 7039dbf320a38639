import type { Lease } from "./lease.ts";
import type { LockOptions } from "./options.ts";

/** Permits that many nodes share; made by {@linkcode Member.semaphore}. */
export class Semaphore {
  readonly #acquire: (options?: LockOptions) => Promise<Lease>;

  /**
   * Made by {@linkcode Member.semaphore}.
   *
   * @param acquire Takes a permit.
   */
  constructor(acquire: (options?: LockOptions) => Promise<Lease>) {
    this.#acquire = acquire;
  }

  /**
   * Waits for a permit.
   *
   * @param options How long to wait.
   * @returns a promise of the lease; releasing it gives the permit back. It rejects
   * as {@linkcode Member.lock} does.
   */
  acquire(options?: LockOptions): Promise<Lease> {
    return this.#acquire(options);
  }
}
