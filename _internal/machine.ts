/**
 * The lifecycle, for every kind of runner: the one place that changes the state.
 *
 * A transition builds its state afresh. User code runs only where the state is
 * whole: within a launch, within an abort, and when observers are told, each of
 * which may call back into the machine.
 */

import type { Runner, StopOptions } from "../runner.ts";
import { Call, type Verb } from "./call.ts";
import { isCleanAbort } from "./errors.ts";
import { Journal } from "./journal.ts";
import type { Run, Thrown } from "./run.ts";
import { nothing, type Settings } from "./settings.ts";
import { join, leave } from "./signals.ts";
import type { State } from "./state.ts";
import { bag, signalLike, timeout } from "./validate.ts";

/** Makes the run of a launch. */
export type MakeRun = (
  machine: Machine,
  call: Call | undefined,
) => Run;

const STOPPED: State = { name: "stopped" };
const DONE = Promise.resolve();

/** The life of one runner. */
export class Machine extends Journal {
  readonly #makeRun: MakeRun;
  #state: State = STOPPED;
  #calls: Set<Call> | undefined;
  // A line of starts that fail at once is gone through in a loop, not in depth.
  #isLaunching = false;

  constructor(runner: Runner, settings: Settings, makeRun: MakeRun) {
    super(runner, settings);
    this.#makeRun = makeRun;
    if (settings.observer !== nothing) this.observe(settings.observer);
  }

  get state(): State {
    return this.#state;
  }

  /** Those that wait, but for one that waits for readiness, in their order. */
  get calls(): Set<Call> {
    return this.#calls ??= new Set();
  }

  /** Does what a caller wants, or has it wait. */
  call(verb: Verb, options?: StopOptions): Promise<void> {
    try {
      const { signal, timeout: ms, reason } = this.read(verb, options);
      const { run } = this.#state;
      const isStop = verb === "stop";
      const isFinish = verb === "wait for";
      // The usual ways make no call.
      if (
        !run && isStop ||
        signal === undefined &&
          (run ? isStop && run.isIdle : !isFinish && !this.settings.awaitReady)
      ) {
        if (isStop) this.#halt(reason);
        else this.launch();
        return DONE;
      }
      const call = new Call(this, verb, isFinish ? Infinity : ms);
      if (call.heed(signal)) {
        this.calls.add(call);
        if (this.#state.name === "stopping") call.armGrace();
      }
      this.enter();
      if (isStop) {
        for (const each of this.calls) {
          if (each.isStart) {
            const why = this.cannot(each.verb, "a stop called it off");
            each.reject(new DOMException(why, "AbortError"));
          }
        }
        this.#haltFor(reason);
      }
      // One that only waits changes nothing for the others, which may be many.
      if (!run || !isFinish) this.#advance();
      this.exit();
      return call.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** A stop that nobody has called, of a run that is not stopping. */
  end(run: Run, reason?: unknown, rejection?: unknown): void {
    if (this.#state.run !== run || this.#state.name === "stopping") return;
    if (!run.isIdle) this.calls.add(new Call(this, "stop"));
    this.#halt(reason, rejection);
  }

  /** The grace of a call has passed. */
  expired(call: Call): void {
    // Whatever else ends its wait has disarmed its timer: there is a run.
    const run = this.#state.run!;
    const why =
      `the run did not end within ${call.grace} ms; it cannot if it awaits its own stop`;
    const error = new DOMException(this.cannot(call.verb, why), "TimeoutError");
    this.enter();
    if (!run.isOverdue) this.record(error, "stop");
    run.isOverdue = true;
    this.cutShort(call, error);
    this.exit();
  }

  /** Ends the wait of a call. */
  cutShort(call: Call, reason: unknown): void {
    call.reject(reason);
    if (call.verb !== "wait for") this.#advance();
  }

  /** The run's main function has settled. */
  ended(run: Run, thrown?: Thrown): void {
    this.enter();
    if (thrown && !isCleanAbort(thrown.error, run.signal)) {
      const error = this.record(thrown.error, "start");
      run.failure ??= error;
    }
    this.#state.call?.reject(run.failure);
    this.settled(run);
    this.exit();
  }

  /** One of the run's functions has settled; the last one ends the run. */
  settled(run: Run): void {
    if (--run.pending > 0) return;
    this.enter();
    this.become({ name: "stopped", failure: run.failure });
    leave(run.source, run);
    for (const call of this.#calls ?? []) {
      if (call.verb === "stop") call.resolve();
    }
    this.#advance();
    this.exit();
  }

  /** The options of a call, checked. */
  read(verb: string, options: StopOptions | undefined): StopOptions {
    if (options === undefined) return {};
    const what = `${verb} "${this.settings.name}"`;
    const method = verb === "wait for" ? "finished" : verb;
    const { signal, timeout: ms, reason } = bag(
      what,
      options,
      `${method}({ signal })`,
    );
    signalLike(what, signal);
    if (ms !== undefined) timeout(what, "timeout", ms);
    return { signal, timeout: ms, reason };
  }

  /** Launches for a call in line, or for one that has to wait for nothing. */
  launch(call?: Call, begin = (run: Run): unknown => run.begin()): void {
    const { awaitReady } = this.settings;
    let run: Run;
    try {
      run = this.#makeRun(this, call);
      join(run.source, run);
    } catch (error) {
      // Edge platforms refuse timers and controllers outside a request.
      if (call === undefined) throw error;
      return call.reject(error);
    }
    call?.detach();
    this.errors = undefined;
    this.total = 0;
    this.enter();
    this.become(
      awaitReady
        ? { name: "starting", run, call: call! }
        : { name: "running", run, since: performance.now() },
    );
    void begin(run);
    if (!awaitReady) call?.resolve();
    this.exit();
  }

  /** Sets the state, and tells of it. */
  become(state: State): void {
    const from = this.#state.name;
    this.#state = state;
    this.hook?.state?.(state.name, from, state.run ? undefined : state.failure);
    if (this.isObserved) {
      this.emit({ type: "state", runner: this.runner, from, to: state.name });
    }
  }

  /** Halts the run for a stop; a start that waits for it was called off. */
  #haltFor(reason: unknown): void {
    const { name } = this.settings;
    const calledOff = reason === undefined ? undefined : new DOMException(
      `"${name}" was told to stop`,
      "AbortError",
    );
    this.#halt(reason, calledOff);
  }

  /** Tells the run to end, where it has not been told. */
  #halt(reason?: unknown, rejection?: unknown): void {
    const state = this.#state;
    const { run } = state;
    if (!run || state.name === "stopping") return;
    this.enter();
    this.become({ name: "stopping", run });
    leave(run.source, run);
    for (const call of this.#calls ?? []) call.armGrace();
    run.halt(reason);
    state.call?.reject(rejection ?? run.reason);
    this.exit();
  }

  /** The first start in line. */
  #first(): Call | undefined {
    for (const call of this.#calls ?? []) if (call.isStart) return call;
    return undefined;
  }

  /** Lets the first in line take effect, and all that follows from the state. */
  #advance(): void {
    for (let call; (call = this.#first());) {
      const state = this.#state;
      try {
        // A restart without a signal takes that of the run which it replaces.
        call.heed(
          call.signal ??
            (call.verb === "restart" ? state.run?.source : undefined),
        );
      } catch (error) {
        // A look-alike may refuse.
        call.reject(error);
      }
      // That asks a signal, and a look-alike may have called back.
      if (this.#state !== state || this.#first() !== call) continue;
      if (state.run) {
        this.#halt();
        break;
      }
      if (this.#isLaunching) return;
      this.#isLaunching = true;
      this.launch(call);
      this.#isLaunching = false;
    }
    const state = this.#state;
    let isForsaken = state.name === "stopping" && state.run.pending > 0;
    for (const call of this.#calls ?? []) {
      if (state.run) isForsaken &&= call.verb === "wait for";
      else if (state.failure) call.reject(state.failure);
      else call.resolve();
    }
    if (isForsaken) state.run!.forsake();
  }
}
