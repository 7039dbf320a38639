/** The life of one session: its deadline, and what depends on that. */

import { Timer } from "../_internal/timer.ts";
import { now } from "./_clock.ts";
import type { StoreSession } from "./store.ts";

/** A lease, as the life of its session knows it. */
export interface LifeLease {
  /** Who has a run under it. */
  readonly owner: { ending(): void } | undefined;
  /** Loses it, where it is not lost yet. */
  lose(why: "expired"): void;
}

/** What a life goes by, in milliseconds. */
export interface LifeSettings {
  readonly grace: number;
  readonly margin: number;
}

/**
 * A session is good until its deadline: the moment at which the last successful
 * renewal was SENT, plus the time to live, less a margin. An answer may come late;
 * the store has counted from when it got the request, which is never earlier.
 *
 * A timer tells of the deadline; whoever is about to act looks at the clock, as
 * timers are late after a blocked loop.
 */
export class Life {
  readonly session: StoreSession;
  /** Aborts when the session is lost or given up. */
  readonly over = new AbortController();
  /** Leases that have not been freed: each may still have a run under it. */
  readonly leases = new Set<LifeLease>();
  readonly #settings: LifeSettings;
  readonly #timer = new Timer();
  #deadline: number;
  /** The deadline for which the leases were asked to end. */
  #ending = NaN;

  constructor(session: StoreSession, sent: number, settings: LifeSettings) {
    this.session = session;
    this.#settings = settings;
    this.#deadline = sent + session.ttl - settings.margin;
    this.#arm();
  }

  /** Milliseconds left by the clocks now; to find none ends the life. */
  look(): number {
    const left = this.#deadline - now();
    if (left <= 0) this.end();
    return left;
  }

  /** Whether it has not ended, by the clocks now. */
  get isGood(): boolean {
    return this.look() > 0 && !this.over.signal.aborted;
  }

  /** A renewal that was sent at a moment has succeeded; false if it is too late. */
  renewed(sent: number): boolean {
    if (!this.isGood) return false;
    const { margin } = this.#settings;
    this.#deadline = Math.max(
      this.#deadline,
      sent + this.session.ttl - margin,
    );
    return true;
  }

  add(lease: LifeLease): void {
    this.leases.add(lease);
  }

  /** Asks whoever runs something under a lease to begin to end. */
  ask(): void {
    for (const each of [...this.leases]) each.owner?.ending();
  }

  /** Loses all leases. */
  end(): void {
    if (this.over.signal.aborted) return;
    this.#timer.disarm();
    this.over.abort();
    for (const each of [...this.leases]) each.lose("expired");
  }

  #arm(): void {
    const left = this.#deadline - now();
    if (left <= 0) return this.end();
    const { grace } = this.#settings;
    const isEnding = this.#ending === this.#deadline;
    this.#timer.arm(isEnding ? left : left - grace, () => {
      // Renewed since: it is armed for what there is now.
      if (this.#deadline - now() <= grace && !isEnding) {
        this.#ending = this.#deadline;
        this.ask();
      }
      if (!this.over.signal.aborted) this.#arm();
    });
  }
}
