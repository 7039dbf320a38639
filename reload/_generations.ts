/** The generations of a `Reloadable`: how they are made, swapped and ended. */

import { abortError, peek } from "../_internal/errors.ts";
import { nothing } from "../_internal/settings.ts";
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
  promise.catch(nothing);
  return { promise, resolve, reject };
}

/** A generation that does the work. */
interface Generation<R> {
  readonly runner: R;
  readonly number: number;
}

/**
 * What is done for the next generation.
 *
 * - `off`: there is no run.
 * - `idle`: nothing, the current one works.
 * - `asked`: one is to be made, as soon as all have asked who ask in one go.
 * - `making`: the factory is at work.
 * - `starting`: it starts.
 * - `outdated`: as these two, but a newer one is wanted already.
 * - `swapping`: it is the current one, and the one before has still to end.
 * - `ending`: nothing any more; all that live end. With `isTold` the grace of the
 *   whole counts.
 */
type Phase<R> =
  | {
    readonly name:
      | "off"
      | "idle"
      | "asked"
      | "making"
      | "outdated"
      | "swapping";
  }
  | { readonly name: "starting"; readonly next: R }
  | { readonly name: "ending"; readonly isTold: boolean };

/** What generations ask of the run that they are in. */
export interface Life {
  /** Says that the first of them is ready. */
  ready(): void;
  /** Aborts once nobody waits for the end of it all any more. */
  readonly force: AbortSignal;
  /** Keeps an error that does not end the run. */
  record(value: unknown, phase: ErrorPhase): Error;
  /** Has the run end, as it is not over yet; it fails with what is given. */
  end(failure: { readonly error: unknown } | undefined): void;
}

export class Generations<R extends GenerationRunner> {
  readonly #name: string;
  readonly #factory: (generation: number) => R | PromiseLike<R>;
  readonly #live = new Map<R, Promise<void>>();
  #life!: Life;
  #phase: Phase<R> = { name: "off" };
  #current: Generation<R> | undefined;
  #made = 0;
  /** The reloads that wait for the next generation, as one. */
  #asked: Deferred | undefined;
  /** There while generations are made. */
  #turning: Promise<void> | undefined;
  /** Settles when the run is to end, with what the current one failed with. */
  #over = deferred();

  constructor(
    name: string,
    factory: (generation: number) => R | PromiseLike<R>,
  ) {
    this.#name = name;
    this.#factory = factory;
  }

  /** The one that does the work. */
  get current(): R | undefined {
    return this.#current?.runner;
  }

  /** Its number. */
  get number(): number {
    return this.#current?.number ?? 0;
  }

  /** Lives until the current generation has ended, and all others with it. */
  async run(life: Life): Promise<void> {
    const over = this.#over = deferred();
    this.#life = life;
    this.#phase = { name: "asked" };
    this.#turning = this.#turns();
    try {
      await over.promise;
    } finally {
      await this.#turning;
      await Promise.all(this.#live.values());
      this.#phase = { name: "off" };
    }
  }

  reload(): Promise<void> {
    const { promise } = this.#asked ??= deferred();
    const phase = this.#phase;
    switch (phase.name) {
      case "off":
      case "ending":
        this.#callOff();
        break;
      case "idle":
        this.#phase = { name: "asked" };
        this.#turning = Promise.resolve().then(() => this.#turns());
        break;
      case "starting":
        this.#phase = { name: "outdated" };
        void this.#stop(phase.next);
        break;
      case "making":
        this.#phase = { name: "outdated" };
        break;
      case "asked":
      case "outdated":
      case "swapping":
        // It is made in any case.
        break;
      default:
        phase satisfies never;
    }
    return promise;
  }

  /** Ends it all, as it was asked to stop. */
  halt(): void {
    this.#end(true);
    this.#over.resolve();
  }

  #end(isTold: boolean): void {
    this.#phase = { name: "ending", isTold };
    this.#callOff();
    for (const each of this.#live.keys()) void this.#stop(each);
  }

  #callOff(): void {
    const why = `Cannot reload "${this.#name}": it is not running`;
    this.#take()?.reject(abortError(why));
  }

  #take(): Deferred | undefined {
    const asked = this.#asked;
    this.#asked = undefined;
    return asked;
  }

  /** Makes generations until there is one that nobody wants to be newer. */
  async #turns(): Promise<void> {
    while (this.#phase.name === "asked") {
      this.#phase = { name: "making" };
      try {
        await this.#turn();
      } catch (error) {
        this.#failed(error);
      }
      this.#rest();
    }
    this.#turning = undefined;
  }

  /** Decides what comes after a turn. */
  #rest(): void {
    const { name } = this.#phase;
    if (name === "ending" || name === "off") return;
    this.#phase = {
      name: this.#asked || name === "outdated" ? "asked" : "idle",
    };
  }

  #failed(error: unknown): void {
    const { name } = this.#phase;
    if (name !== "ending" && name !== "outdated" && !this.#current) {
      this.#end(false);
      this.#over.reject(error);
    } else {
      const recorded = this.#life.record(error, "start");
      // A newer one decides how their reloads come out.
      if (name !== "outdated") this.#take()?.reject(recorded);
    }
  }

  async #turn(): Promise<void> {
    const number = ++this.#made;
    const runner = await this.#factory(number);
    if (this.#phase.name !== "making") return;
    const cannot = `Cannot start generation ${number} of "${this.#name}"`;
    if (this.#live.has(runner) || typeof runner?.finished !== "function") {
      throw new TypeError(`${cannot}: the factory must make a new runner`);
    }

    const phase = this.#phase = { name: "starting", next: runner } as const;
    const isOutdated = () => this.#phase !== phase;
    const starting = runner.start();
    const ended = this.#watch(runner);
    try {
      await starting;
      // Without `awaitReady` a start says nothing of what became of the run.
      if (!runner.isRunning() && !isOutdated()) {
        await ended;
        throw new Error(`${cannot}: it ended before it was ready`);
      }
    } catch (error) {
      // Nothing of it is to stay behind.
      await this.#stop(runner);
      // It was called off, by a newer reload or by a stop.
      if (isOutdated() && peek(error, "name") === "AbortError") return;
      throw error;
    }
    if (isOutdated()) await this.#stop(runner);
    else await this.#handOver({ runner, number });
  }

  async #handOver(next: Generation<R>): Promise<void> {
    const asked = this.#take();
    const old = this.#current?.runner;
    this.#current = next;
    this.#phase = { name: "swapping" };
    this.#life.ready();
    const late = old && await this.#stop(old);
    if (late === undefined) return asked?.resolve();
    // Its own grace has passed, unless that of the whole has cut it short.
    const { force, record } = this.#life;
    asked?.reject(force.aborted ? late : record(late, "stop"));
  }

  /** Takes a generation for alive until it has come to rest. */
  #watch(runner: R): Promise<void> {
    const ended = runner.finished();
    const rest = (failure?: { readonly error: unknown }) => {
      this.#live.delete(runner);
      if (this.#current?.runner !== runner) return;
      this.#current = undefined;
      if (this.#phase.name === "ending") return;
      this.#end(false);
      // What is left may take its time, or never end: the run has to say so.
      if (this.#turning || this.#live.size > 0) this.#life.end(failure);
      else if (failure) this.#over.reject(failure.error);
      this.#over.resolve();
    };
    const life = ended.then(() => rest(), (error) => rest({ error }));
    this.#live.set(runner, life);
    return ended;
  }

  /** Whether the grace of the whole counts. */
  #isTold(): boolean {
    const phase = this.#phase;
    return phase.name === "ending" && phase.isTold;
  }

  /** Resolves to what it rejected with. */
  async #stop(runner: R): Promise<unknown> {
    try {
      await runner.stop({
        signal: this.#life.force,
        timeout: this.#isTold() ? Infinity : undefined,
      });
    } catch (reason) {
      return reason;
    }
    return undefined;
  }
}
