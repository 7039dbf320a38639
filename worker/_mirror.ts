/** In the program: a runner of a worker, as it was a moment ago. */

import type { ChildEntry, Runner, RunnerState } from "../runner.ts";
import type { Snapshot } from "./_messages.ts";

/** Nothing is held: it goes with its worker. */
export interface Mirror extends AsyncDisposable {}

/**
 * A runner of a worker, to be looked at: health, metrics and the status page find
 * it in the tree. It is started and stopped with its worker.
 */
export class Mirror implements Runner {
  #seen: Snapshot;
  #isLost = false;
  #below = new Map<string, Mirror>();

  constructor(seen: Snapshot) {
    this.#seen = seen;
    this.update(seen);
  }

  /** Takes over what the worker has told. */
  update(seen: Snapshot): void {
    this.#isLost = false;
    this.#seen = seen;
    const below = new Map<string, Mirror>();
    for (const each of seen.children ?? []) {
      const known = this.#below.get(each.name);
      known?.update(each);
      below.set(each.name, known ?? new Mirror(each));
    }
    this.#below = below;
  }

  /** The worker has gone. */
  lose(): void {
    this.#isLost = true;
    for (const each of this.#below.values()) each.lose();
  }

  get name(): string {
    return this.#seen.name;
  }

  get state(): RunnerState {
    return this.#isLost ? "stopped" : this.#seen.state;
  }

  get nextRun(): Date | undefined {
    const { nextRun } = this.#seen;
    return nextRun === undefined || this.#isLost
      ? undefined
      : new Date(nextRun);
  }

  get tickingSince(): number | undefined {
    const { tickingSince } = this.#seen;
    return tickingSince === undefined || this.#isLost
      ? undefined
      : performance.now() - (Date.now() - tickingSince);
  }

  get ticks() {
    const { ticks } = this.#seen;
    if (!ticks) return undefined;
    const date = (ms: number | undefined) =>
      ms === undefined ? undefined : new Date(ms);
    return {
      ...ticks,
      lastStart: date(ticks.lastStart),
      lastSuccess: date(ticks.lastSuccess),
    };
  }

  isRunning(): boolean {
    return this.state === "running";
  }

  uptime(): number {
    return this.isRunning() ? Math.max(0, Date.now() - this.#seen.since) : 0;
  }

  errorsTotal(): number {
    return this.#seen.errorsTotal;
  }

  children(): ChildEntry[] {
    return Array.from(this.#below, ([name, runner]) => ({ name, runner }));
  }

  start(): Promise<void> {
    return this.#refuse("start");
  }

  stop(): Promise<void> {
    return this.#refuse("stop");
  }

  restart(): Promise<void> {
    return this.#refuse("restart");
  }

  #refuse(verb: string): Promise<void> {
    const why = "it is started and stopped with its worker";
    return Promise.reject(new Error(`Cannot ${verb} "${this.name}": ${why}`));
  }
}

if (Symbol.asyncDispose) {
  Mirror.prototype[Symbol.asyncDispose] = () => Promise.resolve();
}
