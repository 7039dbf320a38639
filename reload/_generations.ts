/** The generations of a `Reloadable`: how they are made, swapped and ended. */

import { abortError } from "../_internal/errors.ts";
import type { ErrorPhase } from "../runner.ts";
import type { GenerationRunner } from "./generation_runner.ts";

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(reason: unknown): void;
}

function deferred(): Deferred {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Nobody needs to wait for it.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

export class Generations<R extends GenerationRunner> {
  /** The one that does the work. */
  current: R | undefined;
  /** Its number. */
  number = 0;
  readonly #name: string;
  readonly #factory: (generation: number) => R | PromiseLike<R>;
  readonly #record: (value: unknown, phase: ErrorPhase) => Error;
  readonly #live = new Map<R, Promise<void>>();
  #made = 0;
  /** The one that starts. */
  #next: R | undefined;
  /** The reloads that wait for the next generation, as one. */
  #asked: Deferred | undefined;
  /** Whether a reload wants a newer generation than the one that is made. */
  #stale = false;
  #turning: Promise<void> | undefined;
  #halted = true;
  #over!: Deferred;
  /** How the current generation has ended. */
  #outcome: Promise<void> | undefined;
  /** Aborts once nobody waits for the end of it all any more. */
  #force: AbortSignal | undefined;
  /** Whether all was told to stop, whose grace then counts. */
  #told = false;

  /** @param record Keeps an error that does not end the run. */
  constructor(
    name: string,
    factory: (generation: number) => R | PromiseLike<R>,
    record: (value: unknown, phase: ErrorPhase) => Error,
  ) {
    this.#name = name;
    this.#factory = factory;
    this.#record = record;
  }

  /** Lives until the current generation has ended, and all others with it. */
  async run(ready: () => void, force: AbortSignal): Promise<void> {
    this.#over = deferred();
    this.#force = force;
    this.#outcome = undefined;
    this.#halted = this.#told = false;
    this.#turning = this.#turns(ready);
    await this.#over.promise;
    this.halt();
    try {
      await this.#turning;
    } finally {
      await Promise.all(this.#live.values());
    }
    await this.#outcome;
  }

  reload(): Promise<void> {
    const { promise } = this.#asked ??= deferred();
    if (this.#halted) this.#callOff();
    else {
      this.#stale = true;
      if (this.#next !== undefined) void this.#stop(this.#next);
      // Until there is one, the first turn is under way: its factory may call this.
      if (this.current) this.#turning ??= this.#turns();
    }
    return promise;
  }

  /** Ends it all, perhaps because it was told to stop. */
  halt(told = false): void {
    this.#halted = true;
    this.#told ||= told;
    this.#callOff();
    for (const each of this.#live.keys()) void this.#stop(each);
    this.#over.resolve();
  }

  #callOff(): void {
    this.#take()?.reject(
      abortError(`Cannot reload "${this.#name}": it is not running`),
    );
  }

  #take(): Deferred | undefined {
    const asked = this.#asked;
    this.#asked = undefined;
    return asked;
  }

  /** Makes generations until there is one that nobody wants to be newer. */
  async #turns(ready?: () => void): Promise<void> {
    // Reloads that are called in one go make one generation.
    if (ready === undefined) await undefined;
    do {
      this.#stale = false;
      try {
        if (!this.#halted) await this.#turn();
        if (this.current !== undefined) ready?.();
      } catch (error) {
        if (this.#outdated()) continue;
        if (this.current === undefined) {
          this.halt();
          throw error;
        }
        this.#take()?.reject(this.#record(error, "start"));
      }
    } while (this.#asked !== undefined);
    this.#turning = undefined;
  }

  async #turn(): Promise<void> {
    const number = ++this.#made;
    const runner = await this.#factory(number);
    if (this.#outdated()) return;
    const cannot = `Cannot start generation ${number} of "${this.#name}"`;
    if (this.#live.has(runner) || typeof runner?.finished !== "function") {
      throw new TypeError(`${cannot}: the factory must make a new runner`);
    }

    this.#next = runner;
    const starting = runner.start();
    const ended = this.#watch(runner);
    try {
      await starting;
      // Without `awaitReady` a start says nothing of what became of the run.
      if (!runner.isRunning() && !this.#outdated()) {
        await ended;
        throw new Error(`${cannot}: it ended before it was ready`);
      }
    } catch (error) {
      // Nothing of it is to stay behind.
      await this.#stop(runner);
      throw error;
    } finally {
      this.#next = undefined;
    }
    await (this.#outdated()
      ? this.#stop(runner)
      : this.#handOver(runner, number));
  }

  async #handOver(next: R, number: number): Promise<void> {
    const asked = this.#take();
    const old = this.current;
    this.current = next;
    this.number = number;
    const late = old && await this.#stop(old);
    if (late === undefined) asked?.resolve();
    else asked?.reject(this.#told ? late : this.#record(late, "stop"));
  }

  #outdated(): boolean {
    return this.#halted || this.#stale;
  }

  /** Takes a generation for alive until it has come to rest. */
  #watch(runner: R): Promise<void> {
    const ended = runner.finished();
    const rest = () => {
      this.#live.delete(runner);
      if (this.current !== runner) return;
      this.current = undefined;
      this.number = 0;
      this.#outcome = ended;
      this.halt();
    };
    this.#live.set(runner, ended.then(rest, rest));
    return ended;
  }

  /** Resolves to what it rejected with. */
  async #stop(runner: R): Promise<unknown> {
    try {
      await runner.stop({
        signal: this.#force,
        timeout: this.#told ? Infinity : undefined,
      });
    } catch (reason) {
      return reason;
    }
    return undefined;
  }
}
