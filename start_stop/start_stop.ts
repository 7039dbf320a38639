import type { Call } from "../_internal/call.ts";
import { type Context, contextHere } from "../_internal/context.ts";
import { isCleanAbort, timeoutError } from "../_internal/errors.ts";
import { Lifecycle, machineOf } from "../_internal/lifecycle.ts";
import { Machine, type MakeRun } from "../_internal/machine.ts";
import type { Run, Thrown } from "../_internal/run.ts";
import { RunSignals } from "../_internal/run_signals.ts";
import { defaultsOf, nothing, settingsOf } from "../_internal/settings.ts";
import { takesNothing } from "../_internal/takes_nothing.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { typed } from "../_internal/validate.ts";
import type { RunnerOptions } from "../runner.ts";
import { EarlyEnd } from "./early_end.ts";

/** What a start function can tell its run and learn of it. */
export interface StartControl {
  /**
   * Says that the service is ready: the state becomes `running`, and `start()`
   * resolves. Called again, or once the run was asked to stop, it does nothing. It
   * needs no `this`.
   *
   * @throws {Error} if the runner was created without `awaitReady`.
   */
  ready(): void;
  /**
   * Says that the service is alive and does its work. Where the option `staleAfter`
   * is set, a health check takes the service for stalled once the last beat is
   * older; nothing else follows from it. Only the time of the last beat is kept.
   * Once the run has ended it does nothing. It needs no `this`.
   */
  beat(): void;
  /**
   * Says "now", where the signal says "begin to end": it aborts when the last
   * that waited for the end of the run has given up.
   */
  readonly force: AbortSignal;
}

/**
 * Holds the service: the run lives until what it returns has settled.
 *
 * @param signal Aborts when the run is asked to stop.
 * @param control What to tell the run.
 */
export type StartFunction = (
  signal: AbortSignal,
  control: StartControl,
) => unknown;

/**
 * Called once when a run was asked to stop, after its signal has aborted.
 *
 * @param signal Aborts when nobody waits for the end of the run any more.
 */
export type StopFunction = (signal: AbortSignal) => unknown;

/** Options of {@linkcode StartStop}. */
export interface StartStopOptions extends RunnerOptions {
  /**
   * Whether a start waits until the start function has called `control.ready()`;
   * until then the state is `starting`.
   *
   * @default false
   */
  readonly awaitReady?: boolean | undefined;
  /**
   * How long a start waits for that in milliseconds, where the call names no
   * limit. `Infinity` means none.
   *
   * @default 30000
   */
  readonly startTimeout?: number | undefined;
  /**
   * How old the last `control.beat()` may be, in milliseconds, before a health
   * check takes the service for stalled; until the first beat the age is that of
   * the run. `Infinity` means that none is expected.
   *
   * @default Infinity
   */
  readonly staleAfter?: number | undefined;
}

const DEFAULTS = /* @__PURE__ */ defaultsOf("start-stop", {
  awaitReady: false,
  startTimeout: 30_000,
  staleAfter: Infinity,
});
const KNOWN = /* @__PURE__ */ Object.keys(DEFAULTS);

/** What the runs of a service do. */
interface Body {
  readonly start: StartFunction;
  readonly stop: StopFunction;
  /** Whether no signals need be made for the one and the other. */
  readonly startTakesNothing: boolean;
  readonly stopTakesNothing: boolean;
  /** There where a stop function could wait in vain to be called. */
  readonly early: EarlyEnd | undefined;
}

const makeRun: MakeRun<Body> = (machine, call, body) => {
  if (machine.settings.awaitReady) limitStart(machine, call!);
  return new ServiceRun(machine, call?.signal, body);
};

/** One run of a service. */
class ServiceRun implements Run {
  readonly source: AbortSignal | undefined;
  readonly signals: RunSignals;
  context: Context | undefined = contextHere();
  failure: Error | undefined;
  pending = 1;
  isOverdue = false;
  readonly isIdle = false;
  /** When it said that it is alive, on the scale of `performance.now()`. */
  lastBeat?: number;
  readonly #machine: Machine;
  readonly #body: Body;

  constructor(machine: Machine, source: AbortSignal | undefined, body: Body) {
    this.#machine = machine;
    this.source = source;
    this.signals = new RunSignals(machine);
    // Made now, as a platform that refuses it refuses the start.
    if (!body.startTakesNothing) void this.signals.signal;
    this.#body = body;
  }

  async begin(): Promise<void> {
    const machine = this.#machine;
    const { start, startTakesNothing, early } = this.#body;
    let thrown: Thrown | undefined;
    early?.begin();
    try {
      await (startTakesNothing
        ? (start as () => unknown)()
        : start(this.signals.signal, controlOf(machine, this)));
    } catch (error) {
      thrown = { error };
    }
    if (machine.state.call) {
      const why = machine.cannot("start", "the run ended before it was ready");
      thrown ??= { error: new Error(why) };
    }
    if (!thrown && !this.signals.aborted) early?.ended();
    this.settle();
    machine.ended(this, thrown);
  }

  /** It has got further than its beginning. */
  settle(): void {
    this.#body.early?.settle();
  }

  /** Where a platform refuses it, the stop function is to be called all the same. */
  #force(): AbortSignal {
    try {
      return this.signals.force;
    } catch (error) {
      this.#machine.record(error, "stop");
      return this.signals.signal;
    }
  }

  async halted(): Promise<void> {
    const { stop, stopTakesNothing } = this.#body;
    this.settle();
    if (stop === nothing) return;
    this.pending++;
    const force = stopTakesNothing ? undefined : this.#force();
    try {
      await (force ? stop(force) : (stop as () => unknown)());
    } catch (error) {
      if (!isCleanAbort(error, force ?? this.#force())) {
        this.#machine.record(error, "stop");
      }
    }
    this.#machine.settled(this);
  }
}

/** Lets the run that a call waits for end where it is not ready in time. */
function limitStart(machine: Machine, call: Call): void {
  const { verb, readyTimeout } = call;
  const ms = readyTimeout ?? machine.settings.startTimeout!;
  call.arm(ms, () => {
    const run = machine.state.run!;
    const why = `the run was not ready within ${ms} ms`;
    const error = timeoutError(machine.cannot(verb, why));
    machine.enter();
    run.failure = machine.record(error, "start");
    machine.end(run, undefined, error);
    machine.exit();
  });
}

function controlOf(machine: Machine, run: ServiceRun): StartControl {
  return {
    ready() {
      const { state } = machine;
      if (state.run !== run || state.name === "stopping") return;
      if (!machine.settings.awaitReady) {
        const why = "it was created without 'awaitReady: true'";
        throw new Error(machine.cannot("make ready", why));
      }
      if (!state.call) return;
      run.settle();
      machine.enter();
      machine.become({ name: "running", run, since: performance.now() });
      state.call.resolve();
      machine.exit();
    },
    beat() {
      run.lastBeat = performance.now();
    },
    get force() {
      return run.signals.force;
    },
  };
}

/**
 * A service that is started and stopped: a function that holds it, and perhaps
 * one that helps it to end.
 *
 * The run lives until what the start function returns has settled; a service
 * without a natural wait holds itself with `untilAborted(signal)`. When the run is
 * asked to stop, the signal aborts, then the stop function is called; the run has
 * ended when both functions have settled. Where it ends by itself the stop
 * function is not called; a run that has one and ends at once is named on standard
 * error, once a runner, as its start function has most likely forgotten to wait.
 *
 * Constructing starts nothing. A `StartStop` does not itself keep the process
 * alive.
 *
 * @example Usage
 * ```ts
 * import { StartStop } from "@golib/runner/start-stop";
 * import { untilAborted } from "@golib/runner/tools";
 * import { assertEquals } from "@std/assert";
 *
 * const calls: string[] = [];
 * const service = new StartStop(
 *   async (signal, { ready }) => {
 *     calls.push("open");
 *     ready();
 *     await untilAborted(signal);
 *   },
 *   () => {
 *     calls.push("close");
 *   },
 *   { name: "store", awaitReady: true, stopTimeout: 10_000 },
 * );
 *
 * await service.start();
 * assertEquals(service.isRunning(), true);
 * await service.stop();
 * assertEquals(calls, ["open", "close"]);
 * ```
 */
export class StartStop extends Lifecycle {
  /**
   * Makes a runner that is stopped; nothing is started.
   *
   * @param start Holds the service; what it throws is recorded.
   * @param options How the runner behaves.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense.
   */
  constructor(start: StartFunction, options?: StartStopOptions);
  /**
   * Makes a runner that is stopped; nothing is started.
   *
   * @param start Holds the service; what it throws is recorded.
   * @param stop Called once when a run is asked to stop; what it throws is recorded.
   * @param options How the runner behaves.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense.
   */
  constructor(
    start: StartFunction,
    stop?: StopFunction,
    options?: StartStopOptions,
  );
  constructor(
    start: StartFunction,
    second: StopFunction | StartStopOptions = nothing,
    third?: StartStopOptions,
  ) {
    super();
    const what = "create a StartStop";
    const isBag = typeof second === "object" && second !== null &&
      third === undefined;
    const stop = isBag ? nothing : second as StopFunction;
    const options = isBag ? second : third;
    typed(what, "start", start, "function");
    typed(what, "stop", stop, "function");
    const settings = settingsOf(what, DEFAULTS, options);
    checkUnknown(what, "StartStop", options, KNOWN);
    const early = stop !== nothing && settings.printErrors
      ? new EarlyEnd(settings.name)
      : undefined;
    const body: Body = {
      start,
      stop,
      startTakesNothing: takesNothing(start),
      stopTakesNothing: takesNothing(stop),
      early,
    };
    machineOf(
      this,
      new Machine(this, settings, makeRun as MakeRun<unknown>, body),
    );
  }
}
