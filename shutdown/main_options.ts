import { checkUnknown } from "../_internal/unknown_options.ts";
import {
  bag,
  says,
  signalLike,
  timeout,
  typed,
} from "../_internal/validate.ts";
import type { FinishedOptions, Runner } from "../runner.ts";
import {
  type ShutdownSignalOptions,
  type SignalName,
  signalsOf,
} from "./shutdown_signal.ts";

/** A runner whose end can be waited for: all of this library's are. */
export interface MainRunner extends Runner {
  /** For messages. */
  readonly name?: string | undefined;
  /** Settles when the runner has come to rest. */
  finished(options?: FinishedOptions): Promise<void>;
  /** How many errors it has recorded, and thereby told. */
  errorsTotal?(): number;
}

/** What a second signal does. */
export type SecondSignal = "exit" | "ignore" | "force";

/** Options of `main`. */
export interface MainOptions extends ShutdownSignalOptions {
  /**
   * Ends the program as a first signal does: for a program that ends itself, from
   * a route, a message, a test. A signal to the process that follows is still the
   * first of its kind.
   *
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called once when the runner, or all of them, are up. What it throws is
   * printed.
   *
   * @default nothing is called
   */
  readonly onReady?: (() => unknown) | undefined;
  /**
   * Called once, when the program is to end: the moment to answer "not ready" to a
   * load balancer. It is given the reason. What it throws is printed.
   *
   * @default nothing is called
   */
  readonly notReady?: ((reason: unknown) => unknown) | undefined;
  /**
   * Milliseconds from there until the runner is asked to stop, for load balancers
   * to notice. A runner that is not running yet is stopped without it.
   *
   * @default 0
   */
  readonly drainDelay?: number | undefined;
  /**
   * The grace of the stop in milliseconds, for each runner, and how long `after`
   * may take. `Infinity` means no limit.
   *
   * @default for a stop what the runner itself allows, for `after` 2000
   */
  readonly stopTimeout?: number | undefined;
  /**
   * What a second signal does, one that comes more than 100 ms after the first.
   * `exit` ends the process at once, with 128 and the number of the signal.
   * `ignore` does nothing, for the third and all others too. `force` ends all
   * graces: what is left is cut, and the program ends with 1; a third one is as
   * `exit`.
   *
   * @default "exit"
   */
  readonly secondSignal?: SecondSignal | undefined;
  /**
   * Whether an uncaught exception or rejection is printed, and ends the program
   * by a stop without drain and with 1, instead of at once.
   *
   * @default false
   */
  readonly uncaught?: boolean | undefined;
  /**
   * What has still to be done when the runner has ended: `main` awaits it, within
   * `stopTimeout`. It is given the exit code so far. What it throws, and a wait
   * that takes too long, is printed, and makes the code 1.
   *
   * @default nothing is called
   */
  readonly after?: ((code: number) => unknown) | undefined;
  /**
   * Milliseconds that the process has to exit by itself once `main` has settled.
   * Then what keeps it alive is named on standard error, and the process is ended
   * if the program was asked to stop, or did not end in its time. `Infinity` means
   * never.
   *
   * @default 1000
   */
  readonly forceExit?: number | undefined;
  /**
   * Milliseconds after which what keeps the process alive is named, where that is
   * to be another time than that of `forceExit`; nothing is ended. `Infinity` means
   * never. Under systemd `"ignore"` says to start also where no sign of life can
   * be given.
   *
   * @deprecated As a number; use `forceExit`.
   * @default what `forceExit` is
   */
  readonly watchdog?: number | "ignore" | undefined;
  /**
   * Whether the program is well: asked before each sign of life that systemd gets
   * where the unit has a `WatchdogSec`.
   *
   * @default it is, as long as it runs its timers
   */
  readonly healthy?: (() => unknown) | undefined;
}

/** What a program goes by. */
export interface MainSettings {
  readonly runners: readonly MainRunner[];
  readonly signals: readonly SignalName[];
  readonly signal: AbortSignal | undefined;
  readonly onReady: MainOptions["onReady"];
  readonly notReady: MainOptions["notReady"];
  readonly drainDelay: number;
  readonly stopTimeout: number | undefined;
  readonly secondSignal: SecondSignal;
  readonly uncaught: boolean;
  readonly after: MainOptions["after"];
  readonly forceExit: number;
  /** When what holds the process is named. */
  readonly naming: number;
  readonly isPingNeeded: boolean;
  readonly healthy: () => unknown;
}

const KNOWN: readonly (keyof MainOptions)[] = [
  "after",
  "drainDelay",
  "forceExit",
  "healthy",
  "notReady",
  "onReady",
  "secondSignal",
  "signal",
  "signals",
  "stopTimeout",
  "uncaught",
  "watchdog",
];

function runnersOf(
  what: string,
  runner: MainRunner | readonly MainRunner[],
): readonly MainRunner[] {
  const runners = Array.isArray(runner)
    ? [...runner as readonly MainRunner[]]
    : [runner as MainRunner];
  const expected = "a runner with 'finished', or a list of such runners";
  for (const each of runners) {
    if (typeof each?.finished !== "function") {
      throw new TypeError(says(what, "runner", expected, each));
    }
  }
  if (runners.length === 0 || new Set(runners).size < runners.length) {
    const all = "a list of at least one runner, none of them twice";
    throw new TypeError(says(what, "runner", all, runner));
  }
  return runners;
}

/** Reads what `main` was given; throws before anything has changed. */
export function settingsOf(
  runner: MainRunner | readonly MainRunner[],
  options: MainOptions | undefined,
): MainSettings {
  const what = "run the program";
  const {
    signals,
    signal,
    onReady,
    notReady,
    drainDelay = 0,
    stopTimeout,
    secondSignal = "exit",
    uncaught = false,
    after,
    forceExit = 1_000,
    watchdog,
    healthy = () => true,
  } = bag(what, options, "main(runner, { signal })");
  const runners = runnersOf(what, runner);
  const names = signalsOf(what, signals);
  signalLike(what, signal);
  for (const [name, value] of Object.entries({ onReady, notReady, after })) {
    if (value !== undefined) typed(what, name, value, "function");
  }
  typed(what, "healthy", healthy, "function");
  typed(what, "uncaught", uncaught, "boolean");
  const isPolicy = ["exit", "ignore", "force"].includes(secondSignal);
  if (!isPolicy) {
    const expected = '"exit", "ignore" or "force"';
    throw new TypeError(says(what, "secondSignal", expected, secondSignal));
  }
  timeout(what, "drainDelay", drainDelay);
  if (stopTimeout !== undefined) timeout(what, "stopTimeout", stopTimeout);
  timeout(what, "forceExit", forceExit);
  const isPingNeeded = watchdog !== "ignore";
  const naming = typeof watchdog === "string" && !isPingNeeded
    ? forceExit
    : watchdog ?? forceExit;
  timeout(what, "watchdog", naming as number);
  checkUnknown(what, "main", options, KNOWN);
  return {
    runners,
    signals: names,
    signal,
    onReady,
    notReady,
    drainDelay,
    stopTimeout,
    secondSignal,
    uncaught,
    after,
    forceExit,
    naming: naming as number,
    isPingNeeded,
    healthy,
  };
}
