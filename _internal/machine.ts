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
import { Call, type CallOwner } from "./call.ts";
import { readCall } from "./call_options.ts";
import { type Context, forget, within } from "./context.ts";
import {
  abortError,
  isCleanAbort,
  reasonOf,
  timeoutError,
  toError,
} from "./errors.ts";
import { type Entry, ErrorLog } from "./error_log.ts";
import type { Hook } from "./hook.ts";
import { Observers } from "./observers.ts";
import { printError } from "./printed.ts";
import type { Run, Thrown } from "./run.ts";
import { nothing, type Settings } from "./settings.ts";
import type { Reasoned } from "./run_signals.ts";
import { type AbortListener, join, leave } from "./signals.ts";
import type { State } from "./state.ts";
import { watching } from "./watching.ts";

/**
 * Makes the run of a launch, which may have had to wait for its turn. Many runners
 * share the function, and each has a body: what its runs do.
 */
export type MakeRun<Body> = (
  machine: Machine,
  call: Call | undefined,
  body: Body,
) => Run;

const STOPPED: State = { name: "stopped" };
const DONE = Promise.resolve();
const NOTHING: StopOptions = {};

/** What many a runner never has, made when the first of it is needed. */
class Rare {
  hook: Hook | undefined;
  log: ErrorLog | undefined;
  observers: Observers | undefined;
  stopReason: DOMException | undefined;
  calls: Set<Call> | undefined;
  // A line of starts that fail at once is gone through in a loop, not in depth.
  isLaunching = false;
}

/** The life of one runner. */
export class Machine implements CallOwner, AbortListener, Reasoned {
  readonly runner: Runner;
  readonly settings: Settings;
  readonly #makeRun: MakeRun<unknown>;
  readonly #body: unknown;
  #rare: Rare | undefined;
  // How many transitions are under way; events wait until there is none.
  #depth = 0;
  #state: State = STOPPED;
  #rested: ((failure: Error | undefined) => void) | undefined;

  constructor(
    runner: Runner,
    settings: Settings,
    makeRun: MakeRun<unknown>,
    body: unknown,
  ) {
    this.runner = runner;
    this.settings = settings;
    this.#makeRun = makeRun;
    this.#body = body;
    if (settings.observer !== nothing) this.observe(settings.observer);
  }

  /** What counts or traces, where there is something that does. */
  get hook(): Hook | undefined {
    return this.#rare?.hook;
  }

  set hook(hook: Hook | undefined) {
    this.#some.hook = hook;
    watching.times++;
  }

  get #some(): Rare {
    return this.#rare ??= new Rare();
  }

  get state(): State {
    return this.#state;
  }

  /** Those that wait, but for one that waits for readiness, in their order. */
  get calls(): Set<Call> {
    return this.#some.calls ??= new Set();
  }

  // What its users call.

  start(options?: StartOptions): Promise<void> {
    return this.#begin("start", options);
  }

  restart(options?: StartOptions): Promise<void> {
    return this.#begin("restart", options);
  }

  stop(options?: StopOptions): Promise<void> {
    try {
      const { signal, timeout, reason } = this.read("stop", options);
      const { run } = this.#state;
      if (!run) return DONE;
      if (run.isIdle && !signal) {
        this.#halt(reason);
        return DONE;
      }
      const grace = timeout ?? this.settings.stopTimeout;
      const call = new Call(this, "stop", grace);
      this.#admit(call, signal);
      this.enter();
      this.#callOff();
      this.#halt(reason, reason === undefined ? undefined : this.stopReason);
      this.#advance();
      this.exit();
      return call.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  finished(options?: FinishedOptions): Promise<void> {
    try {
      const { signal } = this.read("finished", options);
      const call = new Call(this, "wait for");
      this.#admit(call, signal);
      // While there is a run it changes nothing for the others, which may be many.
      this.enter();
      if (!this.#state.run) this.#advance();
      this.exit();
      return call.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Has a function called once, when the machine has come to rest, as `finished`
   * would settle; it must not throw. It takes a fraction of the memory. Refused
   * where one waits already, or there is no run.
   */
  awaitRest(rested: (failure: Error | undefined) => void): boolean {
    if (!this.#state.run || this.#rested) return false;
    this.#rested = rested;
    return true;
  }

  /** The options of a call, checked. */
  read(method: string, options: StopOptions | undefined): StopOptions {
    // The usual way is short: there may be many.
    if (options === undefined) return NOTHING;
    const verb = method === "finished" ? "wait for" : method;
    return readCall(`${verb} "${this.settings.name}"`, method, options);
  }

  // What its run calls.

  /** A stop that nobody has called, of a run that is not stopping. */
  end(run: Run, reason?: unknown, rejection?: unknown): void {
    if (this.#state.run !== run || this.#state.name === "stopping") return;
    if (!run.isIdle) {
      this.calls.add(new Call(this, "stop", this.settings.stopTimeout));
    }
    this.#halt(reason, rejection);
  }

  /** The run's main function has settled. */
  ended(run: Run, thrown?: Thrown): void {
    this.enter();
    if (thrown && !isCleanAbort(thrown.error, run.signals)) {
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
    leave(run.source, this);
    // Who observes is told of the end within it.
    if (!this.isObserved) forget(run.context);
    run.context = undefined;
    for (const call of this.#rare?.calls ?? []) {
      if (call.verb === "stop") call.resolve();
    }
    this.#advance();
    this.exit();
  }

  // What its calls and the signal of its run call.

  expired(call: Call): void {
    // Whatever else ends its wait has disarmed its timer: there is a run.
    const run = this.#state.run!;
    const why =
      `the run did not end within ${call.grace} ms; it cannot if it awaits its own stop`;
    const error = timeoutError(this.cannot(call.verb, why));
    this.enter();
    if (!run.isOverdue) this.record(error, "stop");
    run.isOverdue = true;
    this.cutShort(call, error);
    this.exit();
  }

  cutShort(call: Call, reason: unknown): void {
    call.reject(reason);
    if (call.verb !== "wait for") this.#advance();
  }

  left(call: Call): void {
    this.#rare?.calls?.delete(call);
  }

  aborted(source: AbortSignal): void {
    const { run } = this.#state;
    if (run?.source === source) this.end(run, reasonOf(source));
  }

  // What it says.

  /** The message of an error that says why something failed. */
  cannot(verb: string, why: string): string {
    return `Cannot ${verb} "${this.settings.name}": ${why}`;
  }

  /** The newest errors since the last launch, oldest first. */
  get errors(): readonly Entry[] | undefined {
    return this.#rare?.log?.entries;
  }

  /** How many errors there were since then. */
  get total(): number {
    return this.#rare?.log?.total ?? 0;
  }

  /** Whether anyone wants events; where not, none is to be made. */
  get isObserved(): boolean {
    return !!this.#rare?.observers?.size;
  }

  observe(observer: Observer): () => void {
    watching.times++;
    return this.#heard.join(observer);
  }

  get #heard(): Observers {
    return this.#some.observers ??= new Observers(this.settings.name);
  }

  /** Has an event told, in a context, else in that of whoever tells it. */
  emit(event: RunnerEvent, context?: Context): void {
    this.#rare?.observers?.add(event, context);
  }

  /** Keeps, tells and prints what a function of the runner has caused. */
  record(
    value: unknown,
    phase: ErrorPhase,
    isToPrint = this.settings.printErrors,
  ): Error {
    const { runner, settings } = this;
    const error = toError(value);
    this.hook?.error?.(phase, error);
    this.enter();
    const log = this.#some.log ??= new ErrorLog();
    log.add(error, phase, settings.maxErrors);
    if (this.isObserved) {
      const { run } = this.#state;
      this.emit({ type: "error", runner, error, phase }, run?.context);
    }
    if (isToPrint) printError(runner, settings.name, error, phase);
    this.exit();
    return error;
  }

  /** Passes on what a runner below has told; `work` never throws. */
  pass(work: () => void): void {
    if (this.#depth === 0) return work();
    this.#heard.pass(work);
  }

  /** Holds events back until the matching {@linkcode exit}. */
  enter(): void {
    this.#depth++;
  }

  /** Tells what there is; an observer that causes more finds it told after. */
  exit(): void {
    if (this.#depth === 1) this.#rare?.observers?.tell();
    this.#depth--;
  }

  // How it does that.

  /** Launches now, or when it is the call's turn. */
  #begin(
    verb: "start" | "restart",
    options: StartOptions | undefined,
  ): Promise<void> {
    try {
      const { signal, timeout } = this.read(verb, options);
      const { awaitReady, stopTimeout } = this.settings;
      if (!this.#state.run && !signal && !awaitReady) return this.#launchNow();
      // The time of a start is for readiness, that of a restart for the old run.
      const call = verb === "start"
        ? new Call(this, verb, stopTimeout, timeout)
        : new Call(this, verb, timeout ?? stopTimeout);
      this.#admit(call, signal);
      this.enter();
      this.#advance();
      this.exit();
      return call.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Launches, as nothing has to be waited for. */
  #launchNow(): Promise<void> {
    try {
      this.#launch();
      return DONE;
    } catch (error) {
      // It is recorded: whoever does not wait for the call learns of it.
      const refused = Promise.reject(error);
      refused.catch(nothing);
      return refused;
    }
  }

  /** Has a call stand in the queue, unless its signal has aborted. */
  #admit(call: Call, signal: AbortSignal | undefined): void {
    if (!call.follow(signal)) return;
    this.calls.add(call);
    if (this.#state.name === "stopping") call.armGrace();
  }

  /** Rejects the starts in the queue. */
  #callOff(): void {
    for (const call of this.calls) {
      if (!call.isStart) continue;
      const why = this.cannot(call.verb, "a stop called it off");
      call.reject(abortError(why));
    }
  }

  /** Made once, as an exception costs more than all the rest of a stop. */
  get stopReason(): DOMException {
    return this.#some.stopReason ??= abortError(
      `"${this.settings.name}" was asked to stop`,
    );
  }

  /** Launches for a call in the queue, or for one that has to wait for nothing. */
  launch(call?: Call, begin?: (run: Run) => unknown): void {
    within(call?.context, () => this.#launch(call, begin));
  }

  #launch(call?: Call, begin?: (run: Run) => unknown): void {
    const { awaitReady } = this.settings;
    let run: Run;
    try {
      run = this.#makeRun(this, call, this.#body);
      join(run.source, this);
    } catch (error) {
      // Edge platforms refuse timers and controllers outside a request.
      const refused = this.record(error, "start");
      if (call === undefined) throw refused;
      return call.reject(refused);
    }
    call?.detach();
    if (this.#rare) this.#rare.log = undefined;
    this.enter();
    try {
      this.become(
        awaitReady
          ? { name: "starting", run, call: call! }
          : { name: "running", run, since: performance.now() },
      );
      void (begin ? begin(run) : run.begin());
      if (!awaitReady) call?.resolve();
    } finally {
      this.exit();
    }
  }

  /** Sets the state, and tells of it. */
  become(state: State): void {
    const { runner } = this;
    const { name: from, run = state.run } = this.#state;
    const to = state.name;
    this.#state = state;
    this.hook?.state?.(to, from, state.run ? undefined : state.failure);
    if (this.isObserved) {
      this.emit({ type: "state", runner, from, to }, run?.context);
    }
  }

  /** Asks the run to end, where it has not been asked. */
  #halt(reason?: unknown, rejection?: unknown): void {
    const state = this.#state;
    const { run } = state;
    if (!run || state.name === "stopping") return;
    this.enter();
    this.become({ name: "stopping", run });
    leave(run.source, this);
    for (const call of this.#rare?.calls ?? []) call.armGrace();
    const isQuiet = run.isQuiet && !this.hook && !this.isObserved;
    within(isQuiet ? undefined : run.context, () => {
      run.signals.abort(reason);
      void run.halted();
    });
    state.call?.reject(rejection ?? run.signals.reason);
    this.exit();
  }

  /** The first start in the queue. */
  #first(): Call | undefined {
    for (const call of this.#rare?.calls ?? []) if (call.isStart) return call;
    return undefined;
  }

  /** Lets the first in the queue take effect, and all that follows from the state. */
  #advance(): void {
    for (let call; (call = this.#first());) {
      const state = this.#state;
      try {
        // A restart without a signal takes that of the run which it replaces.
        call.follow(
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
      if (this.#some.isLaunching) return;
      this.#some.isLaunching = true;
      this.launch(call);
      this.#some.isLaunching = false;
    }
    const state = this.#state;
    let isGivenUp = state.name === "stopping" && state.run.pending > 0;
    for (const call of this.#rare?.calls ?? []) {
      if (state.run) isGivenUp &&= call.verb === "wait for";
      else if (state.failure) call.reject(state.failure);
      else call.resolve();
    }
    if (!state.run) {
      const rested = this.#rested;
      this.#rested = undefined;
      rested?.(state.failure);
    }
    if (isGivenUp) {
      within(state.run!.context, () => state.run!.signals.giveUp());
    }
  }
}
