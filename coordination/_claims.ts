/** Runs of one schedule, each made by one node. */

import { isCleanAbort, reasonOf, toError } from "../_internal/errors.ts";
import { nothing } from "../_internal/settings.ts";
import { join, leave } from "../_internal/signals.ts";
import type { Schedule } from "../runner.ts";
import type { TickControl, Ticker } from "../ticker/mod.ts";
import { type Cursor, Cursors } from "./_cursor.ts";
import { encoded, HELD } from "./_keys.ts";
import type { HeldLease } from "./_lease.ts";
import type { Life } from "./_life.ts";
import type { Membership } from "./_membership.ts";
import { rankOf } from "./_rendezvous.ts";
import { lastRuns } from "./_runs.ts";
import { backoff, pause } from "./_wait.ts";
import type { ClaimedTick, ClaimOptions } from "./claim_options.ts";
import { StoreError } from "./errors.ts";

// So long each node waits for those before it in rank, so that one asks and the
// others only look.
const TURN = 20;

/** What a tick is given on its way through. */
interface Passage {
  readonly signal: AbortSignal;
  readonly control: TickControl;
  /** The run that is due. */
  readonly at: number;
}

export class Claims {
  /** Whether the tick that begins now is one that a host asked for as it is. */
  isBare = false;
  readonly #member: Membership;
  readonly #schedule: Schedule;
  readonly #tick: ClaimedTick;
  readonly #settings: Required<ClaimOptions>;
  readonly #cursors: Cursors;
  readonly #storeKey: string;
  readonly #what: string;
  /** The ways to leave those who tell that runs may be missing. */
  #leave: (() => void)[] = [];
  #isStale = false;
  #isLooking = false;

  constructor(
    member: Membership,
    schedule: Schedule,
    tick: ClaimedTick,
    settings: Required<ClaimOptions>,
  ) {
    const { key } = settings;
    this.#member = member;
    this.#schedule = schedule;
    this.#tick = tick;
    this.#settings = settings;
    this.#cursors = new Cursors(member, key);
    this.#storeKey = `${HELD}claim/${encoded(key)}`;
    this.#what = `claim a run of "${key}"`;
  }

  /** A tick of the ticker: claims what is due, and runs what it has won. */
  async tick(signal: AbortSignal, control: TickControl): Promise<void> {
    const at = control.scheduledAt;
    const isRun = !this.isBare &&
      lastRuns(this.#what, this.#schedule, at - 1, at, 1).length > 0;
    if (!isRun) return void await this.#tick(signal, control, undefined);
    const passage = { signal, control, at };
    const { ttl } = this.#member.settings;
    const began = performance.now();
    for (let failures = 0;; failures++) {
      try {
        const life = this.#life();
        if (failures === 0) await pause(this.#wait(life), signal);
        if (signal.aborted) throw reasonOf(signal);
        if (!await this.#member.skew.isGood(life)) return control.skip();
        const isOnce = this.#settings.delivery === "at-most-once";
        if (
          await (isOnce ? this.#once(life, passage) : this.#atLeast(passage))
        ) {
          return;
        }
        return control.skip();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        if (performance.now() - began >= ttl) {
          return await this.#unreachable(passage, error);
        }
        await pause(backoff(failures, ttl / 3), signal);
        if (signal.aborted) throw reasonOf(signal);
      }
    }
  }

  /** Looks for runs that are missing, now and whenever members come or go. */
  begin(ticker: Ticker): void {
    const { turned, hinted } = this.#member;
    this.end();
    const look = () => void this.#look(ticker);
    this.#leave = [turned.listen(look)];
    if (this.#settings.delivery === "at-least-once") {
      // A lock that was given up may leave its run to others.
      const own = (key?: string) => key === this.#storeKey && look();
      this.#leave.push(hinted.listen(own));
    }
    look();
  }

  end(): void {
    for (const each of this.#leave) each();
    this.#leave = [];
  }

  #life(): Life {
    const { life, settings } = this.#member;
    if (life?.isGood) return life;
    const why = `the member "${settings.name}" has not joined`;
    throw new StoreError("unavailable", `Cannot ${this.#what}: ${why}`);
  }

  /** How long those before this node in rank have. */
  #wait({ session }: Life): number {
    const nodes = this.#member.peers.of();
    return TURN * rankOf(session.id, nodes, this.#settings.key);
  }

  /** Claims, then runs; resolves to whether there was anything for this node. */
  async #once(life: Life, passage: Passage): Promise<boolean> {
    const { at } = passage;
    // Where this node was the last to claim, nobody may have moved it since.
    const { seen } = this.#cursors;
    const isOwn = seen?.by.startsWith(`${life.session.id} `);
    let cursor = isOwn ? seen! : await this.#read(life);
    for (;;) {
      if (cursor.at >= at) return this.#tell(at, false, cursor.name);
      const runs = this.#due(cursor, at);
      const moved = await this.#cursors.move(life, cursor, at);
      if (moved) {
        for (const run of runs) {
          if (passage.signal.aborted) break;
          await this.#run(passage, run, moved.version, undefined);
        }
        return true;
      }
      cursor = await this.#read(life);
    }
  }

  /** Runs under a lock, then claims. */
  async #atLeast(passage: Passage): Promise<boolean> {
    const { key } = this.#settings;
    const { at } = passage;
    const before = await this.#read(this.#life());
    if (before.at >= at) return this.#tell(at, false, before.name);
    const wish = { signal: passage.signal, isOnce: true };
    const lease = await this.#member.campaign.acquire(
      key,
      this.#storeKey,
      wish,
    );
    if (!lease) return this.#tell(at, false, undefined);
    const own = new AbortController();
    const end = {
      aborted: (signal: AbortSignal) => own.abort(reasonOf(signal)),
    };
    join(passage.signal, end);
    lease.owner = {
      ending: nothing,
      lost: (error) => own.abort(error),
    };
    try {
      let cursor = await this.#read(lease.life);
      if (cursor.at >= at) return this.#tell(at, false, cursor.name);
      for (const run of this.#due(cursor, at)) {
        if (own.signal.aborted) throw reasonOf(own.signal);
        cursor = await this.#hold(
          { ...passage, signal: own.signal },
          run,
          lease,
          cursor,
        );
      }
      return true;
    } finally {
      leave(passage.signal, end);
      await lease.release();
    }
  }

  /** One run under the lock; it is over, and claimed, unless it was cut off. */
  async #hold(
    passage: Passage,
    run: number,
    lease: HeldLease,
    cursor: Cursor,
  ): Promise<Cursor> {
    const { signal } = passage;
    let failure: Error | undefined;
    try {
      await this.#run(passage, run, lease.fence, lease);
    } catch (error) {
      if (signal.aborted) throw error;
      failure = toError(error);
    }
    if (signal.aborted && !isCleanAbort(failure, signal)) {
      throw reasonOf(signal);
    }
    let moved: Cursor | undefined;
    for (let failures = 0; !moved; failures++) {
      try {
        const { life } = lease;
        moved = await this.#cursors.move(life, cursor, run);
        if (!moved) cursor = await this.#read(life);
        if (!moved && cursor.at >= run) moved = cursor;
      } catch (error) {
        // Known to be over here, and not in the store: it is run again elsewhere.
        if (lease.remaining <= 0 || signal.aborted) throw error;
        await pause(
          backoff(failures, this.#member.settings.ttl / 3),
          lease.lost,
        );
      }
    }
    if (failure) throw failure;
    return moved;
  }

  async #run(
    { signal, control, at }: Passage,
    run: number,
    fence: bigint,
    lease: HeldLease | undefined,
  ): Promise<void> {
    const { key } = this.#settings;
    this.#tell(run, true, this.#member.settings.name);
    const own: TickControl = run === at ? control : {
      ...{ reset: control.reset, stop: control.stop, skip: control.skip },
      ...{ missed: 0, scheduledAt: run },
      get force() {
        return control.force;
      },
    };
    await this.#tick(signal, own, { key, scheduledAt: run, fence, lease });
  }

  /** The cursor; one that lies in the store's future is put back first. */
  async #read(life: Life): Promise<Cursor> {
    const { skew, settings } = this.#member;
    const cursor = await this.#cursors.read(life);
    const ahead = cursor.at - skew.storeTime;
    if (ahead <= settings.maxSkew) return cursor;
    const error = new Error(
      `The cursor of "${this.#settings.key}" was ${
        Math.round(ahead)
      } ms ahead of the store's time: it was put back`,
    );
    const at = skew.storeTime;
    const moved = await this.#cursors.move(life, cursor, at);
    if (!moved) return await this.#cursors.read(life);
    this.#member.report.record(error);
    skew.tell(ahead, error);
    return moved;
  }

  /** The runs to make, the last of which is due. */
  #due(cursor: Cursor, at: number): number[] {
    const { catchUp } = this.#settings;
    const most = typeof catchUp === "object" ? catchUp.most : 1;
    if (most === 1 || cursor.version === 0n) return [at];
    return lastRuns(this.#what, this.#schedule, cursor.at, at, most);
  }

  async #unreachable(passage: Passage, error: StoreError): Promise<void> {
    const { signal, control } = passage;
    if (this.#settings.unreachable === "run") {
      await this.#tick(signal, control, undefined);
      return;
    }
    this.#member.report.record(
      new StoreError(error.kind, `Skipped a run: ${error.message}`, {
        cause: error,
      }),
    );
    control.skip();
  }

  async #look(ticker: Ticker): Promise<void> {
    this.#isStale = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#isStale && this.#leave.length > 0) {
      this.#isStale = false;
      const life = this.#member.life;
      if (!life?.isGood) break;
      try {
        const at = await this.#missing(life);
        if (at === undefined || this.#leave.length === 0) continue;
        await ticker.tick({ scheduledAt: at });
      } catch {
        // Told already; or a tick is in flight, after which it is looked at again.
        if (ticker.state !== "running") break;
        await pause(1_000, life.over.signal);
        this.#isStale = life.isGood;
      }
    }
    this.#isLooking = false;
  }

  /** The last run that is due and was not claimed. */
  async #missing(life: Life): Promise<number | undefined> {
    const { skew } = this.#member;
    const { catchUp, delivery } = this.#settings;
    const cursor = await this.#cursors.look(life);
    if (cursor.version === 0n) {
      // Nothing from before the first node that came.
      await this.#cursors.move(life, cursor, Math.floor(skew.storeTime));
      return undefined;
    }
    if (catchUp === "none" && delivery === "at-most-once") return undefined;
    const end = Math.min(Date.now(), skew.storeTime);
    return lastRuns(this.#what, this.#schedule, cursor.at, end, 1)[0];
  }

  #tell(scheduledAt: number, won: boolean, by: string | undefined): boolean {
    const { key } = this.#settings;
    this.#member.report.emit({
      type: "claim",
      ...{ key, scheduledAt, won, by },
    });
    return won;
  }
}
