/**
 * The lifecycle, for every kind of runner: the one place that changes the state.
 *
 * A transition builds its state afresh. User code runs only where the state is
 * whole: within a launch, within an abort, and when observers are told, each of
 * which may call back into the machine.
 */

import type {
  ErrorPhase,
  FinishedOptions,
  Observer,
  Runner,
  RunnerEvent,
  StartOptions,
  StopOptions,
} from "../runner.ts";
import { Call } from "./call.ts";
import {
  abortError,
  ErrorLog,
  isCleanAbort,
  timeoutError,
  toError,
} from "./errors.ts";
import { Observers } from "./observers.ts";
import { recoveryCaller } from "./recovery.ts";
import type { Run } from "./run.ts";
import type { Settings } from "./settings.ts";
import { bag, signalLike, timeout } from "./validate.ts";

interface Stopped {
  readonly name: "stopped";
  /** What the last run failed with. */
  readonly failure: Error | undefined;
}

interface Starting {
  readonly name: "starting";
  readonly run: Run;
  /** The call that waits until the run is ready. */
  readonly call: Call;
}

interface Running {
  readonly name: "running";
  readonly run: Run;
  /** When it became so, by `performance.now()`. */
  readonly since: number;
}

interface Stopping {
  readonly name: "stopping";
  readonly run: Run;
  /** The stops that wait for the end of the run; starts wait in the queue. */
  readonly stops: Set<Call>;
}

type State = Stopped | Starting | Running | Stopping;

/** Makes the run of a launch. */
export type RunMaker = (
  machine: Machine,
  source: AbortSignal | undefined,
) => Run;

const FRESH: Stopped = { name: "stopped", failure: undefined };

/** The life of one runner. */
export class Machine {
  readonly runner: Runner;
  readonly settings: Settings;
  readonly #make: RunMaker;
  #state: State = FRESH;
  #queue: Call[] = [];
  #finishing: Set<Call> | undefined;
  #log: ErrorLog | undefined;
  #observers: Observers | undefined;
  // How many transitions are under way; events wait until there is none.
  #depth = 0;

  constructor(runner: Runner, settings: Settings, make: RunMaker) {
    this.runner = runner;
    this.settings = settings;
    this.#make = make;
    if (settings.observer !== undefined) this.observe(settings.observer);
  }

  get state(): State {
    return this.#state;
  }

  get log(): ErrorLog | undefined {
    return this.#log;
  }

  /** Whether anyone wants events made. */
  get observed(): boolean {
    return this.#observers?.wanted === true;
  }

  observe(observer: Observer): () => void {
    this.#observers ??= new Observers(this.settings.name);
    return this.#observers.join(observer);
  }

  /** Adds an event; only to be made where {@linkcode observed}. */
  emit(event: RunnerEvent): void {
    this.#observers?.add(event);
  }

  start(
    kind: "start" | "restart",
    options: StartOptions | undefined,
  ): Promise<void> {
    const { stopTimeout, startTimeout } = this.settings;
    let call: Call;
    try {
      const [signal, time] = this.#read(kind, options);
      call = kind === "restart"
        ? new Call(this, kind, time ?? stopTimeout, startTimeout)
        : new Call(this, kind, stopTimeout, time ?? startTimeout);
      call.heed(signal);
    } catch (error) {
      return Promise.reject(error);
    }
    if (call.open) {
      this.enter();
      this.#queue.push(call);
      if (this.#state.name === "stopping") call.armGrace();
      this.#advance();
      this.exit();
    }
    return call.promise;
  }

  stop(options: StopOptions | undefined): Promise<void> {
    let call: Call;
    try {
      const [signal, time] = this.#read("stop", options);
      if (this.#state.name === "stopped") return Promise.resolve();
      call = new Call(this, "stop", time ?? this.settings.stopTimeout);
      call.heed(signal);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#stop(call);
    return call.promise;
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
      const [signal] = this.#read("wait for", options);
      call.heed(signal);
    } catch (error) {
      return Promise.reject(error);
    }
    if (call.open) (this.#finishing ??= new Set()).add(call);
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
    if (state.run !== run) return;
    this.enter();
    this.#halt(state, reason, reason, this.#impliedStop());
    this.exit();
  }

  graceExpired(call: Call): void {
    const state = this.#state;
    if (state.name !== "stopping") return;
    const error = timeoutError(
      `Cannot ${call.verb} "${this.settings.name}": the run did not end ` +
        `within ${call.grace} ms; one that awaits its own stop cannot`,
    );
    this.enter();
    if (!state.run.overdue) {
      state.run.overdue = true;
      this.record(error, "stop");
    }
    call.reject(error);
    this.#remove(call);
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
      this.#halt(state, this.#stopped(), error, this.#impliedStop());
    }
    this.exit();
  }

  /** The signal of a waiting call has aborted. */
  cutShort(call: Call, reason: unknown): void {
    this.enter();
    call.reject(reason);
    this.#remove(call);
    this.exit();
  }

  /** Keeps an error that a function of the runner has caused. */
  record(value: unknown, phase: ErrorPhase): Error {
    const { runner, settings } = this;
    const error = toError(value);
    (this.#log ??= new ErrorLog(settings.maxErrors)).add(error);
    if (this.observed) this.emit({ type: "error", runner, error, phase });
    if (settings.printErrors) {
      recoveryCaller(settings.name, error, `phase: ${phase}`);
    }
    return error;
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
    const state = this.#state;
    run.detach();
    this.#become(
      run.failure ? { name: "stopped", failure: run.failure } : FRESH,
    );
    if (state.name === "stopping") {
      for (const call of state.stops) call.resolve();
    }
    for (const call of this.#queue) call.disarm();
    this.#advance();
    this.#settleFinished();
    this.exit();
  }

  /** Holds events back until the matching {@linkcode exit}. */
  enter(): void {
    this.#depth++;
  }

  exit(): void {
    if (--this.#depth === 0) this.#observers?.tell();
  }

  #read(
    verb: string,
    options: StopOptions | undefined,
  ): [AbortSignal | undefined, number | undefined] {
    if (options === undefined) return [undefined, undefined];
    const what = `${verb} "${this.settings.name}"`;
    const { signal, timeout: ms } = bag(what, options);
    return [
      signalLike(what, signal),
      ms === undefined ? ms : timeout(what, "timeout", ms),
    ];
  }

  #impliedStop(): Call {
    return new Call(this, "implied stop", this.settings.stopTimeout);
  }

  #stopped(): DOMException {
    return abortError(`"${this.settings.name}" was told to stop`);
  }

  #become(state: State): void {
    const { runner } = this;
    const from = this.#state.name;
    this.#state = state;
    if (this.observed) {
      this.emit({ type: "state", runner, from, to: state.name });
    }
  }

  /** Lets the first in line take effect, and those that follow at once. */
  #advance(): void {
    let call;
    while ((call = this.#queue[0]) !== undefined) {
      const state = this.#state;
      if (state.name === "stopped") {
        this.#queue.shift();
        call.recheck();
        if (call.open) this.#launch(call);
        continue;
      }
      call.inherit(state.run.source);
      if (!call.open) {
        this.#queue.shift();
        continue;
      }
      if (state.name !== "stopping") {
        const reason = this.#stopped();
        this.#halt(state, reason, reason);
      }
      break;
    }
    this.#forsake();
  }

  #launch(call: Call): void {
    const { awaitReady } = this.settings;
    let run: Run | undefined;
    try {
      run = this.#make(this, call.signal);
      if (awaitReady) call.armReady();
    } catch (error) {
      // Edge platforms refuse timers and controllers outside a request.
      run?.detach();
      return call.reject(error);
    }
    call.detach();
    this.#log = undefined;
    if (awaitReady) {
      this.#become({ name: "starting", run, call });
      run.begin();
    } else {
      this.#become({ name: "running", run, since: performance.now() });
      run.begin();
      call.resolve();
    }
  }

  #stop(call: Call): void {
    this.enter();
    const queue = this.#queue;
    this.#queue = [];
    for (const each of queue) {
      each.reject(
        abortError(
          `Cannot ${each.verb} "${this.settings.name}": a stop called it off`,
        ),
      );
    }
    const state = this.#state;
    if (state.name === "stopping") {
      this.#await(state, call);
    } else if (state.name !== "stopped") {
      const reason = this.#stopped();
      this.#halt(state, reason, reason, call);
    }
    this.#forsake();
    this.exit();
  }

  /** Tells the run to end. */
  #halt(
    state: Starting | Running,
    reason: unknown,
    rejection: unknown,
    call?: Call,
  ): void {
    const { run } = state;
    const stopping: Stopping = { name: "stopping", run, stops: new Set() };
    this.#become(stopping);
    run.detach();
    if (call !== undefined) this.#await(stopping, call);
    for (const each of this.#queue) each.armGrace();
    if (state.name === "starting") state.call.reject(rejection);
    run.controller.abort(reason);
    run.halted();
  }

  #await(state: Stopping, call: Call): void {
    if (!call.open) return;
    state.stops.add(call);
    call.armGrace();
  }

  #remove(call: Call): void {
    this.#finishing?.delete(call);
    if (this.#state.name === "stopping") this.#state.stops.delete(call);
    const index = this.#queue.indexOf(call);
    if (index >= 0) this.#queue.splice(index, 1);
    this.#advance();
  }

  /** Tells a run that nobody waits for any more. */
  #forsake(): void {
    const state = this.#state;
    if (
      state.name === "stopping" && state.stops.size === 0 &&
      this.#queue.length === 0
    ) state.run.forsake();
  }

  #settleFinished(): void {
    const state = this.#state;
    if (state.name !== "stopped" || this.#finishing === undefined) return;
    const calls = this.#finishing;
    this.#finishing = undefined;
    for (const call of calls) {
      if (state.failure === undefined) call.resolve();
      else call.reject(state.failure);
    }
  }
}
