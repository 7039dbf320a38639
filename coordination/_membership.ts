/** A member at work: its session, renewed, watched and closed. */

import { toError } from "../_internal/errors.ts";
import { nothing } from "../_internal/settings.ts";
import { ask } from "./_ask.ts";
import { Campaign, notRunning } from "./_campaign.ts";
import { now } from "./_clock.ts";
import { HELD } from "./_keys.ts";
import type { HeldLease } from "./_lease.ts";
import { Life } from "./_life.ts";
import { Drops } from "./_drops.ts";
import { identify } from "./_identity.ts";
import { Peers } from "./_peers.ts";
import type { Node, Report } from "./_node.ts";
import type { MemberSettings } from "./_settings.ts";
import { checkTtl } from "./_settings.ts";
import { Skew } from "./_skew.ts";
import { backoff, Bell, pause, Wait } from "./_wait.ts";
import { StoreError, StoreResetError } from "./errors.ts";
import type { Store, StoreSession } from "./store.ts";

// Longer than any store goes on with a request that nobody waits for.
const DOUBT = 15_000;
// Some engines end a body that is quiet for five minutes.
const WATCH = 90_000;

/** The membership of one process. */
export class Membership implements Node {
  readonly store: Store;
  readonly settings: MemberSettings;
  readonly report: Report;
  readonly campaign: Campaign;
  readonly peers: Peers;
  readonly skew: Skew;
  /** Tells that the member has joined, or that members have come or gone. */
  readonly turned = new Bell();
  /** Tells of hints: the key that may have changed. */
  readonly hinted = new Bell();
  /** The present session, joined. */
  life: Life | undefined;
  /** Whether a run is under way and was not asked to stop. */
  isRunning = false;
  /** The highest fence seen. */
  highest = 0n;
  /** What the store is known by. */
  identity: string | undefined;
  readonly #drops: Drops;
  /** Until when a request whose answer was lost may still be carried out. */
  readonly #doubts = new Map<string, number>();
  #failure: Error | undefined;
  /** Since when the store does not answer, in epoch milliseconds. */
  #awaySince: number | undefined;
  readonly #freed = new Bell();
  #isVerifying = false;

  constructor(store: Store, settings: MemberSettings, report: Report) {
    this.store = store;
    this.settings = settings;
    this.report = report;
    this.campaign = new Campaign(this);
    this.peers = new Peers(this);
    this.skew = new Skew(this);
    this.#drops = new Drops(this);
  }

  /** How long one request may take, in whole milliseconds. */
  get limit(): number {
    return Math.floor(Math.min(this.settings.ttl / 3, 5_000));
  }

  /** A request of a session. */
  ask<T>(
    life: Life,
    what: string,
    call: (session: StoreSession, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { session, over } = life;
    return this.#ask(what, over.signal, (signal) => call(session, signal));
  }

  async #ask<T>(
    what: string,
    signal: AbortSignal | undefined,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const full = `${what} in ${this.store.traits.name}`;
    try {
      const answer = await ask(full, this.limit, signal, call);
      this.#answered(undefined);
      return answer;
    } catch (error) {
      if (!signal?.aborted) this.#answered(toError(error));
      throw error;
    }
  }

  /** Joins, and stays until the signal aborts; leaves then. */
  async run(
    signal: AbortSignal,
    force: AbortSignal,
    ready: () => void,
  ): Promise<void> {
    let failures = 0;
    let isJoined = false;
    this.isRunning = true;
    this.#failure = undefined;
    try {
      while (!signal.aborted) {
        try {
          this.life = await this.#join(signal);
        } catch (thrown) {
          if (signal.aborted) break;
          const error = toError(thrown);
          const isMistake = (error as StoreError).kind === "refused";
          if (error.name !== "StoreError" || isMistake && !isJoined) {
            throw error;
          }
          const wait = backoff(failures++, this.settings.ttl / 3);
          await pause(wait, signal);
          continue;
        }
        failures = 0;
        isJoined = true;
        ready();
        this.#joined(this.life);
        await pause(Infinity, signal, this.life.over.signal);
        if (this.#failure) throw this.#failure;
      }
    } finally {
      this.isRunning = false;
      await this.#leave(force);
    }
  }

  /** Fences have gone back, or the store is another: nothing holds any more. */
  reset(why: string): void {
    this.#failure ??= new StoreResetError(
      `${this.store.traits.name} is not the store it was: ${why}`,
    );
    // The next run goes by what it finds.
    this.highest = 0n;
    this.identity = undefined;
    this.life?.end();
  }

  /**
   * A key was taken with this fence.
   *
   * @param before The highest fence seen before that was asked for.
   * @returns whether the fence is one that can be.
   */
  saw(fence: bigint, before: bigint | undefined): boolean {
    if (this.store.traits.fenceScope === "store") {
      if (before !== undefined && fence <= before) {
        this.reset(`the fence ${fence} came after ${before}`);
        return false;
      }
      if (fence > this.highest) this.highest = fence;
    }
    return true;
  }

  /** These keys may be taken later, by requests whose answers were lost. */
  doubt(keys: readonly string[]): void {
    for (const each of keys) this.#doubts.set(each, now() + DOUBT);
  }

  isDoubtful(key: string): boolean {
    return this.#doubts.has(key);
  }

  /** Gives up what a lease has; resolves once that is done or its session over. */
  async free(lease: HeldLease): Promise<void> {
    const { life } = lease;
    await this.#drops.add(lease);
    life.leases.delete(lease);
    if (life.over.signal.aborted && life.leases.size === 0) {
      void this.#close(life);
    }
    this.#freed.ring();
  }

  async #join(signal: AbortSignal): Promise<Life> {
    const { store, settings } = this;
    const sent = now();
    const session = await this.#ask(
      "open a session",
      signal,
      (own) => store.open(settings.name, settings.ttl, own),
    );
    const life = new Life(session, sent, settings);
    void this.#renew(life);
    try {
      checkTtl(`join as "${settings.name}"`, {
        ...settings,
        ttl: session.ttl,
      });
      await identify(this, life);
      await this.skew.read(life);
      await this.peers.enter(life);
      await this.peers.refresh(life);
      if (life.isGood) return life;
      throw new StoreError("unavailable", "The session was lost at once");
    } catch (error) {
      life.end();
      void this.#close(life);
      throw this.#failure ?? error;
    }
  }

  #joined(life: Life): void {
    void this.#watch(life);
    void this.#poll(life);
    this.campaign.wake();
    this.turned.ring();
  }

  async #leave(force: AbortSignal): Promise<void> {
    const { life } = this;
    this.campaign.refuse(notRunning("wait for a key", this.settings.name));
    if (life?.isGood) {
      // First, so that others need not wait for the rest to make their plans.
      const left = this.peers.leave(life).catch(nothing);
      life.ask();
      await left;
      while (life.leases.size > 0 && life.isGood && !force.aborted) {
        const wait = new Wait(Infinity, force, life.over.signal);
        const leave = this.#freed.listen(() => wait.end());
        await wait.over;
        leave();
      }
    }
    this.life = undefined;
    if (life && life.leases.size === 0) await this.#close(life);
    // What does not end keeps its key until the session expires.
    life?.end();
    this.peers.reset();
  }

  /** Ends a session that is over for us; where that fails, it expires. */
  async #close({ session }: Life): Promise<void> {
    await ask(
      "close a session",
      this.limit,
      undefined,
      (signal) => session.close(signal),
    ).catch(nothing);
  }

  async #renew(life: Life): Promise<void> {
    const { renewEvery } = this.settings;
    const { signal } = life.over;
    let failures = 0;
    let wait = renewEvery * (0.9 + Math.random() * 0.2);
    while (await pause(wait, signal), !signal.aborted) {
      const began = now();
      try {
        const isAlive = await this.ask(
          life,
          "renew the session",
          (session, own) => session.renew(own),
        );
        // From when it was sent: the store may have counted from then on.
        if (!isAlive || !life.renewed(began)) return life.end();
        failures = 0;
        wait = renewEvery * (0.9 + Math.random() * 0.2);
        void this.#settle(life);
      } catch {
        // Told already. It is tried again for as long as the session can live.
        wait = backoff(failures++, renewEvery / 2);
      }
    }
  }

  /**
   * A key of ours has changed: a store that errs may have ended the session. The
   * deadline would come late then.
   */
  async #verify(life: Life): Promise<void> {
    if (this.#isVerifying) return;
    this.#isVerifying = true;
    try {
      const isAlive = await this.ask(
        life,
        "look after the session",
        (session, signal) => session.renew(signal),
      );
      if (!isAlive) life.end();
    } catch {
      // Told already; the renewals go on.
    } finally {
      this.#isVerifying = false;
    }
  }

  /** Gives back what was taken by requests whose answers were lost. */
  async #settle(life: Life): Promise<void> {
    for (const [key, until] of [...this.#doubts]) {
      if (this.campaign.knows(key)) continue;
      try {
        const entries = await this.ask(
          life,
          "look at a key",
          (session, signal) => session.list(key, signal),
        );
        const own = entries.find((each) =>
          each.key === key && each.session === life.session.id
        );
        if (own && !this.campaign.knows(key)) {
          await this.ask(
            life,
            "release a key",
            (session, signal) => session.drop([own], signal),
          );
        }
        if (until < now()) this.#doubts.delete(key);
      } catch {
        // Told already; the next renewal comes back to it.
        return;
      }
    }
  }

  async #watch(life: Life): Promise<void> {
    const { signal } = life.over;
    let failures = 0;
    while (!signal.aborted) {
      const wait = new Wait(WATCH, signal);
      const own = new AbortController();
      void wait.over.then(() => own.abort());
      const began = now();
      try {
        for await (const key of life.session.watch(HELD, own.signal)) {
          if (signal.aborted) break;
          this.#hint(key, life);
        }
      } catch {
        // Only hints are lost: what matters is looked at now and then.
      }
      const isRenewed = own.signal.aborted;
      wait.end();
      if (now() - began > this.settings.ttl) failures = 0;
      if (isRenewed) continue;
      await pause(backoff(failures++, this.settings.ttl / 3), signal);
    }
  }

  #hint(key: string | undefined, life: Life): void {
    this.campaign.hint(key);
    if (key && this.campaign.holds(key)) void this.#verify(life);
    if (!key || key.startsWith(`${HELD}members/`)) this.peers.hint(life);
    this.hinted.ring(key);
  }

  async #poll(life: Life): Promise<void> {
    const { signal } = life.over;
    const { ttl } = this.settings;
    while (
      await pause(ttl * (0.9 + Math.random() * 0.2), signal), !signal.aborted
    ) {
      // What has failed before is made up for.
      await this.peers.enter(life).catch(nothing);
      this.peers.hint(life);
      await this.skew.read(life).catch(nothing);
    }
  }

  #answered(error: Error | undefined): void {
    const isAway = this.#awaySince !== undefined;
    if (isAway === (error !== undefined)) return;
    const since = Date.now();
    this.#awaySince = error && since;
    if (error) this.report.record(error);
    this.report.emit({
      type: "store",
      ...{ ok: !error, error, since, skew: undefined },
    });
  }
}
