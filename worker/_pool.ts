/** Like workers, with the calls spread over those that are free. */

import { Timer } from "../_internal/timer.ts";
import { Member, type MemberOptions, type MemberOwner } from "./_member.ts";
import { Mirror } from "./_mirror.ts";
import type { Snapshot } from "./_messages.ts";
import type { ChildEntry, ErrorPhase } from "../runner.ts";

// A crashed worker is made anew after so many milliseconds, at first and at most.
const FIRST = 100;
const MOST = 15_000;

/** What a pool tells of what goes on. */
export interface PoolOwner {
  recorded(error: Error, phase: ErrorPhase): void;
  /** A worker of several has failed, and is made anew. */
  failed(error: Error): void;
}

/** One place of a pool, and who has it. */
interface Seat {
  member: Member | undefined;
  mirror: Mirror | undefined;
  /** Armed while it waits for its next worker. */
  readonly pause: Timer;
}

/** The workers of one run. */
export class Pool {
  /** Resolves once all are ready at once; never where they do not come to be. */
  readonly ready: Promise<void>;
  /** Resolves once all are over, or too many have crashed. */
  readonly ended: Promise<Error | undefined>;
  readonly #owner: PoolOwner;
  readonly #seats: Seat[] = [];
  readonly #options: MemberOptions;
  #end!: (failure: Error | undefined) => void;
  #isReady!: () => void;
  /** How many have crashed since a call was answered. */
  #crashes = 0;
  #state: "running" | "stopping" | "failed" = "running";
  #failure: Error | undefined;
  #wakers: (() => void)[] = [];

  constructor(count: number, options: MemberOptions, owner: PoolOwner) {
    this.#owner = owner;
    this.#options = options;
    this.ready = new Promise((resolve) => this.#isReady = resolve);
    this.ended = new Promise((resolve) => this.#end = resolve);
    for (let index = 0; index < count; index++) {
      this.#seats.push({
        member: undefined,
        mirror: undefined,
        pause: new Timer(),
      });
    }
    for (const seat of this.#seats) this.#fill(seat);
  }

  /** How the runners of the workers are, by the places of these. */
  get children(): ChildEntry[] {
    const isOne = this.#seats.length === 1;
    return this.#seats.flatMap(({ mirror: runner }, index) => {
      if (!runner) return [];
      const name = isOne ? runner.name : `${runner.name}-${index + 1}`;
      return [{ name, runner }];
    });
  }

  stop(): void {
    if (this.#state !== "running") return;
    this.#state = "stopping";
    for (const { member, pause } of this.#seats) {
      pause.disarm();
      member?.stop();
    }
    this.#wake();
    this.#settle();
  }

  kill(): void {
    for (const { member, pause } of this.#seats) {
      pause.disarm();
      member?.kill();
    }
    this.#settle();
  }

  /**
   * The worker that has the fewest calls in flight; `undefined` where none is
   * ready, for which `change` can be waited.
   */
  get free(): Member | undefined {
    let best: Member | undefined;
    for (const { member } of this.#seats) {
      if (member?.isReady && !(best && best.load <= member.load)) best = member;
    }
    return best;
  }

  /** Whether a worker may still become ready. */
  get isRunning(): boolean {
    return this.#state === "running";
  }

  /** Resolves once a worker is ready or over, or all are to stop. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  #fill(seat: Seat): void {
    const owner: MemberOwner = {
      recorded: (error, phase) => this.#owner.recorded(error, phase),
      // At once: one that ends in the same turn has been ready.
      becameReady: () => {
        if (this.#seats.every(({ member }) => member?.isReady)) this.#isReady();
      },
      answered: () => this.#crashes = 0,
      seen: (tree: Snapshot) => {
        if (seat.mirror) seat.mirror.update(tree);
        else seat.mirror = new Mirror(tree);
      },
    };
    let member: Member;
    try {
      member = seat.member = new Member(this.#options, owner);
    } catch (error) {
      return this.#left(seat, error as Error);
    }
    void member.ready.then(() => this.#wake());
    void member.over.then((failure) => this.#left(seat, failure));
  }

  /** A worker is over. */
  #left(seat: Seat, failure: Error | undefined): void {
    seat.member = undefined;
    seat.mirror?.lose();
    if (failure && this.#state === "running") {
      this.#crashes++;
      if (this.#crashes >= this.#seats.length) {
        this.#state = "failed";
        this.#failure = failure;
        this.kill();
      } else {
        this.#owner.failed(failure);
        const wait = Math.min(MOST, FIRST * 2 ** (this.#crashes - 1));
        seat.pause.arm(
          wait * (0.5 + Math.random() / 2),
          () => this.#fill(seat),
        );
      }
    } else if (failure) this.#failure ??= failure;
    this.#wake();
    this.#settle();
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  #settle(): void {
    if (this.#seats.some(({ member, pause }) => member || pause.armed)) return;
    this.#end(this.#failure);
  }
}
