import { abortError } from "../_internal/errors.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { bag, says } from "../_internal/validate.ts";
import { Listener } from "./_listen.ts";
import { processOf } from "./_process.ts";

/**
 * The signals that people and platforms end a program with. Where a platform
 * does not know one it is left out.
 */
export type SignalName =
  | "SIGINT"
  | "SIGTERM"
  | "SIGHUP"
  | "SIGQUIT"
  | "SIGBREAK"
  | "SIGUSR1"
  | "SIGUSR2";

/** Options of {@linkcode shutdownSignal}. */
export interface ShutdownSignalOptions {
  /**
   * Which signals to listen to.
   *
   * @default ["SIGINT", "SIGTERM"]
   */
  readonly signals?: readonly SignalName[] | undefined;
}

/** The reason of an abort by {@linkcode shutdownSignal}. */
export interface ShutdownReason extends DOMException {
  /** The name of the signal that came. */
  readonly signal: SignalName;
}

/** An `AbortSignal` that listens to the process until it is disposed of. */
export interface ShutdownSignal extends AbortSignal, Disposable {
  /**
   * What it listens to; empty where the platform sends a program no signals, and
   * once it has been disposed of.
   */
  readonly signals: readonly SignalName[];
  /**
   * Stops listening; whatever was sent to the process has its usual effect again.
   * It does not abort. `[Symbol.dispose]` is the same, and is absent where the
   * engine lacks the symbol.
   */
  dispose(): void;
}

/** The names of signals to listen to, checked. */
export function signalsOf(
  what: string,
  signals: readonly SignalName[] = ["SIGINT", "SIGTERM"],
): readonly SignalName[] {
  if (
    !Array.isArray(signals) || signals.length === 0 ||
    !signals.every((name) => /^SIG[A-Z]+\d?$/.test(name))
  ) {
    const expected = "a list of names of signals";
    throw new TypeError(says(what, "signals", expected, signals));
  }
  return signals;
}

/** The reason of an end that a signal has brought. */
export function reasonOf(name: string): ShutdownReason {
  const signal = name as SignalName;
  return Object.assign(abortError(`Received ${name}`), { signal });
}

/**
 * A signal that aborts when the process is asked to stop, by Ctrl-C or by whatever
 * runs it.
 *
 * The reason is an `AbortError` whose message and `signal` name the signal that
 * came. Another one ends the process at once, with 128 and the number of the
 * signal as exit code, as a shell would report it; those that come within 100 ms
 * of the first count as that one, since `deno task`, `bun run` and others hand on
 * what the terminal has sent to everyone already.
 *
 * It does not keep the process alive. Where a program gets no signals, in a
 * browser or on an edge platform, it never aborts, and says so on standard error.
 *
 * @example Usage
 * ```ts
 * import { shutdownSignal } from "@golib/runner/shutdown";
 * import { StartStop, untilAborted } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * using signal = shutdownSignal();
 * const worker = new StartStop((signal) => untilAborted(signal));
 * await worker.start({ signal });
 *
 * assertEquals(signal.signals, ["SIGINT", "SIGTERM"]);
 * await worker.stop();
 * ```
 *
 * @param options `signals`, which to listen to.
 * @returns a signal that listens until it is disposed of.
 * @throws {TypeError} if an option is not of its type.
 */
export function shutdownSignal(
  options?: ShutdownSignalOptions,
): ShutdownSignal {
  const what = "listen for shutdown";
  const { signals } = bag(what, options);
  const names = signalsOf(what, signals);
  checkUnknown(what, "shutdownSignal", options, ["signals"]);

  const controller = new AbortController();
  const listener = new Listener(processOf(), names, (name, count, exit) => {
    if (count > 1) exit();
    else controller.abort(reasonOf(name));
  });
  const dispose = () => listener.release();
  return Object.assign(controller.signal, {
    signals: listener.names,
    dispose,
    ...(Symbol.dispose && { [Symbol.dispose]: dispose }),
  }) as ShutdownSignal;
}
