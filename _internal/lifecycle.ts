/** What every runner offers to its users. */

import type {
  ErrorRecord,
  Errors,
  FinishedOptions,
  Observer,
  Runner,
  RunnerState,
  StartOptions,
  StopOptions,
} from "../runner.ts";
import type { Machine } from "./machine.ts";
import { typed } from "./validate.ts";

/** What a runner lives by; only the constructor of a subclass gives it. */
export let machineOf: (runner: Lifecycle, machine?: Machine) => Machine;

/**
 * Has a function called once a runner has come to rest, if its `finished` is the
 * library's own and it has a run; else it says `false`.
 */
export let awaitRest: (
  runner: object,
  rested: (failure: Error | undefined) => void,
) => boolean;

/**
 * Whether a runner of the library prints, or has printed, that its run took too
 * long to end: its own time is over at the same moment as that of whoever stops it.
 */
export let printsLate: (runner: object) => boolean;

// Not in the class: from there no member with a symbol for its name gets into the
// types of a package.
/** How a runner ends with a scope. */
export interface Lifecycle {
  /**
   * Stops the runner, as by {@linkcode Lifecycle.stop}, at the end of an
   * `await using` scope. Absent where the engine lacks `Symbol.asyncDispose`.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * What {@linkcode StartStop} and {@linkcode Ticker} have in common: how a runner
 * is started, stopped, restarted and watched. It is a type to refer to; runners
 * are made by the constructors of those two.
 *
 * A runner never has two runs at once, whatever is called, in whatever order.
 */
export abstract class Lifecycle implements Runner, Errors {
  #machine!: Machine;

  static {
    machineOf = (runner, machine = runner.#machine) =>
      runner.#machine = machine;
    awaitRest = (runner, rested) =>
      #machine in runner && runner.finished === Lifecycle.prototype.finished &&
      runner.#machine.awaitRest(rested);
    printsLate = (runner) =>
      #machine in runner && runner.#machine.settings.printErrors &&
      (runner.state === "stopping" ||
        !!runner.#machine.errors?.some(({ phase }) => phase === "stop"));
  }

  /** The name that the runner was given, else that of its kind. */
  get name(): string {
    return this.#machine.settings.name;
  }

  /**
   * How long a stop of the runner waits in milliseconds, where the call does not
   * say: the option of this name, or its default.
   */
  get stopTimeout(): number {
    return this.#machine.settings.stopTimeout;
  }

  /**
   * Where the runner is in its life.
   *
   * `stopped` becomes `running`, by way of `starting` with `awaitReady`; from
   * there `stopping` and `stopped`, or `stopped` directly if the run ends by
   * itself.
   */
  get state(): RunnerState {
    return this.#machine.state.name;
  }

  /**
   * Launches a run; one that is under way is stopped first.
   *
   * - stopped: launches inside the call.
   * - starting, running: stops that run as by `stop()`, then launches.
   * - stopping: waits for the end of that run, within `stopTimeout`, then
   *   launches.
   *
   * The errors of earlier runs are forgotten at the launch. When `signal` aborts
   * while the run lives, the run is stopped as by `stop()`.
   *
   * @example Usage
   * ```ts
   * import { StartStop, untilAborted } from "@golib/runner";
   * import { assertEquals } from "@std/assert";
   *
   * const service = new StartStop((signal) => untilAborted(signal));
   * const life = new AbortController();
   * await service.start({ signal: life.signal });
   * assertEquals(service.state, "running");
   *
   * life.abort();
   * await service.finished();
   * assertEquals(service.state, "stopped");
   * ```
   *
   * @param options `signal`, the life of the run, and `timeout`, in
   * milliseconds, the limit of the wait for readiness.
   * @returns a promise that resolves once the run is launched, or, with
   * `awaitReady`, once it is ready. It rejects
   *
   * - with what ended the run before it was ready, which is recorded;
   * - with a `TimeoutError`, which is recorded, if the run was not ready in time
   *   or the old one did not end in time; nothing new is launched then;
   * - with the reason of `signal`, if that aborts before the launch or while
   *   readiness is awaited;
   * - with an `AbortError`, if a `stop` or a later `start` calls it off;
   * - with a `TypeError` or `RangeError` for bad options; nothing changes then.
   *
   * But for bad options it never causes an unhandled rejection.
   */
  start(options?: StartOptions): Promise<void> {
    return this.#machine.start(options);
  }

  /**
   * Tells the run to end and waits until it has.
   *
   * - stopped: resolves at once.
   * - starting, running: aborts the run's signal inside the call, then calls the
   *   stop function, and waits for all functions of the run to settle.
   * - stopping: joins the wait, with a grace of its own.
   *
   * Starts and restarts that were made earlier and have not launched, or wait for
   * readiness, reject with an `AbortError`. What the stop function throws is
   * recorded.
   *
   * A run that awaits its own `stop()` cannot end before that; such a stop ends
   * with its grace.
   *
   * @example Usage
   * ```ts
   * import { StartStop, untilAborted } from "@golib/runner";
   * import { assertEquals } from "@std/assert";
   *
   * const ends: string[] = [];
   * const worker = new StartStop(async (signal) => {
   *   await untilAborted(signal);
   *   ends.push("last message finished");
   * });
   * await worker.start();
   * await worker.stop({ timeout: 5_000 });
   * ends.push("stopped");
   *
   * assertEquals(ends, ["last message finished", "stopped"]);
   * ```
   *
   * @param options `timeout`, the grace in milliseconds, else the runner's
   * `stopTimeout`; `signal`, which cuts the wait short; and `reason`, with which
   * the run's signal aborts.
   * @returns a promise that resolves once the run has ended. It rejects with a
   * `TimeoutError` when the grace has passed, the first of which is recorded for
   * a run, with the reason of `signal`, or with a `TypeError` or `RangeError` for
   * bad options. The run goes on `stopping` then, and is `stopped` when it ends.
   */
  stop(options?: StopOptions): Promise<void> {
    return this.#machine.stop(options);
  }

  /**
   * Stops and starts as one step: no other start gets in between.
   *
   * - stopped: only starts.
   * - starting, running: stops that run, then launches.
   * - stopping: waits for the end of that run, then launches.
   *
   * Without a `signal` of its own the new run lives on the signal of the run that
   * it replaces, so that what ends the program still ends the run.
   *
   * @example Usage
   * ```ts
   * import { StartStop, untilAborted } from "@golib/runner";
   * import { assertEquals } from "@std/assert";
   *
   * let launches = 0;
   * const service = new StartStop((signal) => {
   *   launches++;
   *   return untilAborted(signal);
   * });
   * await service.start();
   * await service.restart();
   * await service.stop();
   *
   * assertEquals(launches, 2);
   * ```
   *
   * @param options `timeout`, the grace of the stop in milliseconds, and
   * `signal`, the life of the new run.
   * @returns a promise that settles as those of `stop` and `start` do. If the
   * stop fails it rejects with that, and nothing is launched.
   */
  restart(options?: StartOptions): Promise<void> {
    return this.#machine.restart(options);
  }

  /** Whether the state is `running`: neither starting nor stopping. */
  isRunning(): boolean {
    return this.#machine.state.name === "running";
  }

  /**
   * Milliseconds, by `performance.now()`, since the run became `running`; 0 in
   * every other state.
   */
  uptime(): number {
    const { state } = this.#machine;
    // A fake clock that is taken away can put the time back.
    return state.name === "running"
      ? Math.max(0, performance.now() - state.since)
      : 0;
  }

  /**
   * Waits until the runner has come to rest: stopped, with no start in the queue. A
   * restart does not settle it.
   *
   * @example Usage
   * ```ts
   * import { StartStop } from "@golib/runner";
   * import { assertRejects } from "@std/assert";
   *
   * const job = new StartStop(() => {
   *   throw new Error("disk full");
   * }, undefined, { printErrors: false });
   * await job.start();
   *
   * await assertRejects(() => job.finished(), Error, "disk full");
   * ```
   *
   * @param options `signal`, which ends the wait.
   * @returns a promise that resolves if the last run ended cleanly or there was
   * none. It rejects with the recorded error if the start function threw, the
   * run ended before it was ready, or a `startTimeout` ended it, also when that
   * was long ago; and with the reason of `signal`.
   */
  finished(options?: FinishedOptions): Promise<void> {
    return this.#machine.finished(options);
  }

  /**
   * Tells a function what happens to the runner: changes of state, errors, ticks.
   *
   * Events come in order, each to all observers before the next, and after what
   * they tell of is complete; an observer may start and stop the runner. One that
   * throws or rejects is printed, and harms nothing.
   *
   * @example Usage
   * ```ts
   * import { Ticker } from "@golib/runner";
   * import { assertEquals } from "@std/assert";
   *
   * const states: string[] = [];
   * const ticker = new Ticker(1_000, () => {});
   * const leave = ticker.observe((event) => {
   *   if (event.type === "state") states.push(event.to);
   * });
   * await ticker.start();
   * await ticker.stop();
   * leave();
   *
   * assertEquals(states, ["running", "stopping", "stopped"]);
   * ```
   *
   * @param observer Called with each event; ignore types you do not know.
   * @returns the way to leave: a function after which it is called no more.
   * @throws {TypeError} if the observer is not a function.
   */
  observe(observer: Observer): () => void {
    return this.#machine.observe(
      typed(`observe "${this.name}"`, "observer", observer, "function"),
    );
  }

  /** The newest error since the last launch, or `undefined`. */
  errorsLast(): Error | undefined {
    return this.#machine.errors?.at(-1)?.error;
  }

  /**
   * The newest errors since the last launch, at most `maxErrors`, oldest first, as
   * a copy.
   */
  errorsList(): Error[] {
    return (this.#machine.errors ?? []).map(({ error }) => error);
  }

  /**
   * The errors of {@linkcode Lifecycle.errorsList}, each with its phase and the
   * time at which it was recorded.
   *
   * @example Usage
   * ```ts
   * import { StartStop } from "@golib/runner";
   * import { assertEquals } from "@std/assert";
   *
   * const job = new StartStop(() => {
   *   throw new Error("disk full");
   * }, { printErrors: false });
   * await job.start();
   * await job.finished().catch(() => {});
   *
   * const [entry] = job.errorsLog();
   * assertEquals(entry?.error.message, "disk full");
   * assertEquals(entry?.phase, "start");
   * assertEquals(entry?.at instanceof Date, true);
   * ```
   *
   * @returns a copy; the dates are made for the caller.
   */
  errorsLog(): ErrorRecord[] {
    return (this.#machine.errors ?? []).map(({ error, phase, at }) => ({
      error,
      phase,
      at: new Date(at),
    }));
  }

  /** How many errors there were since the last launch, also those not kept. */
  errorsTotal(): number {
    return this.#machine.total;
  }
}

/**
 * At the end of an `await using` scope the runner is stopped, as by
 * {@linkcode Lifecycle.stop}. Absent where the engine lacks `Symbol.asyncDispose`.
 */
// Said like this because a member of the class would be missing from the
// declarations that Deno writes for npm.
export interface Lifecycle extends AsyncDisposable {}

if (Symbol.asyncDispose) {
  Lifecycle.prototype[Symbol.asyncDispose] = function () {
    return this.stop();
  };
}
