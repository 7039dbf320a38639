import { abortError } from "../_internal/errors.ts";
import { bag, says } from "../_internal/validate.ts";
import { numberOf, processOf } from "./_process.ts";

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

// `deno task`, `bun run` and `node --watch` hand on a Ctrl-C that the terminal has
// sent to the whole group already: within 10 ms where it was measured. Nobody
// presses it twice within this time.
const SAME_MS = 100;

/**
 * A signal that aborts when the process is told to end, by Ctrl-C or by whatever
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
  const { signals = ["SIGINT", "SIGTERM"] } = bag(what, options);
  if (
    !Array.isArray(signals) || signals.length === 0 ||
    !signals.every((name) => /^SIG[A-Z]+\d?$/.test(name))
  ) {
    const expected = "a list of names of signals";
    throw new TypeError(says(what, "signals", expected, signals));
  }

  const process = processOf();
  const controller = new AbortController();
  const heeded: SignalName[] = [];
  let first: number | undefined;
  const heard = (name: string, number?: number) => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      const reason = abortError(`Received ${name}`);
      controller.abort(Object.assign(reason, { signal: name }));
    } else if (now - first > SAME_MS) {
      process?.exit(128 + (number ?? numberOf(process, name)!));
    }
  };
  const dispose = () => {
    for (const name of heeded.splice(0)) process?.off(name, heard);
  };
  for (const name of signals) {
    // An engine takes one that it does not know for an event like any other.
    if (!process || numberOf(process, name) === undefined) continue;
    try {
      process.on(name, heard);
      heeded.push(name);
    } catch {
      // Windows has few of them, and Deno refuses the others.
    }
  }
  if (heeded.length === 0) {
    console.error("shutdownSignal: this platform sends no such signals");
  }
  return Object.assign(controller.signal, {
    signals: heeded,
    dispose,
    ...(Symbol.dispose && { [Symbol.dispose]: dispose }),
  }) as ShutdownSignal;
}
