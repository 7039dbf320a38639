/**
 * The lifecycle, for every kind of runner: the one place that changes the state.
 *
 * A transition builds its state afresh. User code runs only where the state is
 * whole: within a launch, within an abort, and when observers are told, each of
 * which may call back into the machine.
 */

import type {
  FinishedOptions,
  Observer,
  Runner,
  StartOptions,
  StopOptions,
} from "../runner.ts";
import { Call } from "./call.ts";
import { abortError, isCleanAbort, timeoutError } from "./errors.ts";
import { Journal } from "./journal.ts";
import type { Run } from "./run.ts";
import type { Settings } from "./settings.ts";
import {
  CLEAN,
  type Running,
  type Starting,
  type State,
  type Stopping,
} from "./state.ts";
import { bag, signalLike, timeout } from "./validate.ts";

/** What makes one kind of runner another than the other. */
export interface Spec {
  readonly settings: Settings;
  /** Makes the run of a launch. */
  makeRun(machine: Machine, source: AbortSignal | undefined): Run;
}

interface Options {
  readonly signal?: AbortSignal | undefined;
  readonly timeout?: number | undefined;
}

const NO_OPTIONS: Options = {};

/** The life of one runner. */
export class Machine extends Journal {
  readonly #spec: Spec;
  #state: State = CLEAN;
  /** The starts and restarts that have not launched, in the order they take. */
  #line: Call[] | undefined;
  #finishing: Set<Call> | undefined;
  // A line of starts that fail at once is gone through in a loop, not in depth.
  #isLaunching = false;

  constructor(runner: Runner, spec: Spec) {
    super(runner, spec.settings);
    this.#spec = spec;
    const { observer } = spec.settings;
    if (observer !== undefined) this.observe(observer);
  }

  get state(): State {
    return this.#state;
  }

  start(
    kind: "start" | "restart",
    options: StartOptions | undefined,
  ): Promise<void> {
    const { stopTimeout, startTimeout, awaitReady } = this.settings;
    let call: Call;
    try {
      const { signal, timeout: ms } = this.read(kind, options);
      const isStopped = this.#state.name === "stopped";
      if (isStopped && !awaitReady && signal === undefined) {
        this.launch();
        return Promise.resolve();
      }
      call = kind === "restart"
        ? new Call(this, kind, ms ?? stopTimeout, startTimeout)
        : new Call(this, kind, stopTimeout, ms ?? startTimeout);
      call.heed(signal);
    } catch (error) {
      return Promise.reject(error);
    }
    if (call.isOpen) {
      this.enter();
      (this.#line ??= []).push(call);
      if (this.#state.name === "stopping") call.armGrace();
      this.#advance();
      this.exit();
    }
    return call.promise;
  }

  stop(options: StopOptions | undefined): Promise<void> {
    let call: Call;
    try {
      const { signal, timeout: ms } = this.read("stop", options);
      const state = this.#state;
      if (state.name === "stopped") return Promise.resolve();
      if (
        state.name === "running" && signal === undefined && state.run.isIdle
      ) {
        this.#halt(state);
        return Promise.resolve();
      }
      call = new Call(this, "stop", ms ?? this.settings.stopTimeout);
      call.heed(signal);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#stop(call);
    return call.promise;
  }

  override observe(observer: Observer): () => void {
    const state = this.#state;
    if (state.name !== "stopped") state.run.isObserved = true;
    return super.observe(observer);
  }

  /** A stop from within the run, which nobody awaits. */
  stopRun(run: Run): void {
    const state = this.#state;
    if (state.name !== "stopped" && state.run === run) {
      this.#stop(this.#impliedStop());
    }
  }

  finished(options: FinishedOptions | undefined): Promise<void> {
    const call = new Call(this, "finish", Infinity);
    try {
      call.heed(this.read("wait for", options).signal);
    } catch (error) {
      return Promise.reject(error);
    }
    if (call.isOpen) (this.#finishing ??= new Set()).add(call);
    this.#settleFinished();
    return call.promise;
  }

  /** The run says that its service is ready. */
  ready(run: Run): void {
    const state = this.#state;
    if (state.name === "stopped" || state.run !== run) return;
    if (state.name === "starting") {
      this.enter();
      this.#become({ name: "running", run, since: performance.now() });
      state.call.resolve();
      this.exit();
    } else if (state.name === "running" && !this.settings.awaitReady) {
      throw new Error(
        `Cannot make "${this.settings.name}" ready: it was created without 'awaitReady: true'`,
      );
    }
  }

  /** The caller's signal has aborted. */
  sourceAborted(run: Run, reason: unknown): void {
    const state = this.#state;
    if (state.name !== "starting" && state.name !== "running") return;
    if (state.run === run) this.#halt(state, this.#impliedStop(), reason);
  }

  graceExpired(call: Call): void {
    const state = this.#state;
    if (state.name !== "stopping") return;
    const error = timeoutError(
      `Cannot ${call.verb} "${this.settings.name}": the run did not end ` +
        `within ${call.grace} ms; one that awaits its own stop cannot`,
    );
    this.enter();
    if (!state.run.isOverdue) {
      state.run.isOverdue = true;
      this.record(error, "stop");
    }
    this.cutShort(call, error);
    this.exit();
  }

  readyExpired(call: Call): void {
    const state = this.#state;
    if (state.name !== "starting" || state.call !== call) return;
    const error = timeoutError(
      `Cannot start "${this.settings.name}": the run was not ready within ${call.readyTimeout} ms`,
    );
    this.enter();
    state.run.failure ??= this.record(error, "start");
    if (this.#state === state) {
      this.#halt(state, this.#impliedStop(), this.#stopped(), error);
    }
    this.exit();
  }

  /** Ends the wait of a call. */
  cutShort(call: Call, reason: unknown): void {
    const isCall = (each: Call) => each === call;
    this.enter();
    call.reject(reason);
    this.#finishing?.delete(call);
    const lists = [this.#line];
    if (this.#state.name === "stopping") lists.push(this.#state.stops);
    for (const list of lists) {
      const index = list?.findIndex(isCall) ?? -1;
      if (index >= 0) list!.splice(index, 1);
    }
    this.#advance();
    this.exit();
  }

  /** The run's main function has returned. */
  returned(run: Run): void {
    this.enter();
    const state = this.#state;
    if (state.name === "starting") {
      const failure = run.failure ??= this.record(
        new Error(
          `Cannot start "${this.settings.name}": the run ended before it was ready`,
        ),
        "start",
      );
      state.call.reject(failure);
    }
    this.settled(run);
    this.exit();
  }

  /** The run's main function has thrown. */
  threw(run: Run, value: unknown): void {
    this.enter();
    if (!isCleanAbort(value, run.signal)) {
      const error = this.record(value, "start");
      run.failure ??= error;
    }
    this.returned(run);
    this.exit();
  }

  /** One of the run's functions has settled; the last one ends the run. */
  settled(run: Run): void {
    if (--run.pending > 0) return;
    this.enter();
    const { failure } = run;
    const state = this.#state;
    this.#become(failure ? { name: "stopped", failure } : CLEAN);
    run.detach();
    if (state.name === "stopping") {
      for (const call of state.stops) call.resolve();
    }
    this.#advance();
    this.#settleFinished();
    this.exit();
  }

  /** The options of a call, checked. */
  read(verb: string, options: Options | undefined): Options {
    if (options === undefined) return NO_OPTIONS;
    const what = `${verb} "${this.settings.name}"`;
    const { signal, timeout: ms } = bag(what, options);
    return {
      signal: signalLike(what, signal),
      timeout: ms === undefined ? ms : timeout(what, "timeout", ms),
    };
  }

  #impliedStop(): Call {
    return new Call(this, "implied stop", this.settings.stopTimeout);
  }

  #stopped(): DOMException {
    return abortError(`"${this.settings.name}" was told to stop`);
  }

  #become(state: State): void {
    const from = this.#state.name;
    this.#state = state;
    this.changed(from, state.name);
  }

  /** Lets the first in line take effect, and those that follow at once. */
  #advance(): void {
    let call;
    while ((call = this.#line?.[0]) !== undefined) {
      const state = this.#state;
      if (state.name === "stopped") call.recheck();
      else call.inherit(state.run.source);
      // Both ask a signal, and a look-alike may have called back.
      if (this.#state !== state || this.#line?.[0] !== call) continue;
      if (call.isOpen && state.name !== "stopped") {
        if (state.name !== "stopping") this.#halt(state);
        break;
      }
      if (this.#isLaunching) return;
      this.#line.shift();
      if (!call.isOpen) continue;
      this.#isLaunching = true;
      this.launch(call.signal, call);
      this.#isLaunching = false;
    }
    this.#forsake();
  }

  /** Launches for a call in line, or for one that has to wait for nothing. */
  launch(
    source?: AbortSignal,
    call?: Call,
    begin = (run: Run) => run.begin(),
  ): void {
    const { awaitReady } = this.settings;
    let run: Run | undefined;
    try {
      run = this.#spec.makeRun(this, source);
      if (awaitReady) call!.armReady();
    } catch (error) {
      // Edge platforms refuse timers and controllers outside a request.
      run?.detach();
      if (call === undefined) throw error;
      return call.reject(error);
    }
    call?.detach();
    this.clear();
    this.enter();
    this.#become(
      awaitReady
        ? { name: "starting", run, call: call! }
        : { name: "running", run, since: performance.now() },
    );
    void begin(run);
    if (!awaitReady) call?.resolve();
    this.exit();
  }

  #stop(call: Call): void {
    this.enter();
    const line = this.#line ?? [];
    this.#line = undefined;
    for (const each of line) {
      each.reject(
        abortError(
          `Cannot ${each.verb} "${this.settings.name}": a stop called it off`,
        ),
      );
    }
    const state = this.#state;
    if (state.name === "stopping") this.#await(state, call);
    else if (state.name !== "stopped") this.#halt(state, call);
    this.#forsake();
    this.exit();
  }

  /** Tells the run to end. */
  #halt(
    state: Starting | Running,
    call?: Call,
    reason: unknown = this.#stopped(),
    rejection = reason,
  ): void {
    const { run } = state;
    const stopping: Stopping = {
      name: "stopping",
      run,
      stops: [],
      endsAtOnce: run.isIdle,
    };
    this.enter();
    this.#become(stopping);
    run.detach();
    if (call !== undefined) this.#await(stopping, call);
    for (const each of this.#line ?? []) each.armGrace();
    if (state.name === "starting") state.call.reject(rejection);
    run.halt(reason);
    this.exit();
  }

  #await(state: Stopping, call: Call): void {
    if (!call.isOpen) return;
    state.stops.push(call);
    call.armGrace();
  }

  /** Tells a run that nobody waits for any more. */
  #forsake(): void {
    const state = this.#state;
    if (
      state.name === "stopping" && !state.stops.length && !this.#line?.length &&
      !state.endsAtOnce
    ) state.run.forsake();
  }

  #settleFinished(): void {
    const state = this.#state;
    if (state.name !== "stopped" || this.#line?.length) return;
    if (this.#finishing === undefined) return;
    const calls = this.#finishing;
    this.#finishing = undefined;
    for (const call of calls) {
      if (state.failure === undefined) call.resolve();
      else call.reject(state.failure);
    }
  }
}
