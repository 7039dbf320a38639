import type { RunnerOptions } from "../runner.ts";

/** How a worker is kept apart from the program. */
export type WorkerIsolation = "thread" | "process";

/** What a function of a worker takes; `unknown` where nothing says. */
export type WorkerCallValue<F> = F extends
  (value: infer V, ...rest: never[]) => unknown
  ? [V] extends [never] ? unknown : V
  : never;

/** What follows the name of a function: its value, where it takes one, and options. */
export type WorkerCallArguments<F> = undefined extends WorkerCallValue<F>
  ? [value?: WorkerCallValue<F>, options?: WorkerCallOptions]
  : [value: WorkerCallValue<F>, options?: WorkerCallOptions];

/** What a function of a worker gives, once awaited. */
export type WorkerCallResult<F> = F extends (...values: never[]) => infer R
  ? Awaited<R>
  : never;

/** Options of {@linkcode WorkerRunner}. */
export interface WorkerRunnerOptions extends RunnerOptions {
  /**
   * `thread`: a Web Worker, or a `node:worker_threads` one on Node. `process`: a
   * child process of `node:child_process`, where the platform has such.
   *
   * @default "thread"; on Deno, whose threads cannot be killed, "process"
   */
  readonly isolation?: WorkerIsolation | undefined;
  /**
   * How long to wait in milliseconds until the worker is ready. `Infinity` means no
   * limit.
   *
   * @default 30000
   */
  readonly startTimeout?: number | undefined;
  /**
   * How long the event loop of the worker may stand still in milliseconds, once
   * its module is loaded; then the worker is ended and the run fails. `Infinity`
   * means no limit.
   *
   * @default Infinity
   */
  readonly stallTimeout?: number | undefined;
  /**
   * Where the platform does not say when a killed worker is over, as browsers do
   * not: after how many milliseconds it is taken to be. A blocked one may run on
   * until then.
   *
   * @default 3000 in browsers, else 0
   */
  readonly killDelay?: number | undefined;
  /**
   * How much memory the worker's heap may have, in MB: a whole number from 1. It is
   * kept with processes and with Node's threads; elsewhere it does nothing.
   *
   * @default the engine's limit
   */
  readonly maxMemory?: number | undefined;
  /**
   * How many like workers there are: a whole number from 1. Calls go to the one
   * that has the fewest in flight.
   *
   * @default 1
   */
  readonly workers?: number | undefined;
  /**
   * Gives what is to cross over with each call, and with each start, from the
   * async context of whoever makes it: the headers of a trace, say. It has to be
   * such that it can be cloned; `receive` of `expose` is given it. What it throws
   * is printed, and nothing is carried then.
   *
   * @default none
   */
  readonly carry?: (() => unknown) | undefined;
  /**
   * What the engine is started with in the worker, for processes and Node's
   * threads: `["--import", "tsx"]`, say.
   *
   * @default what the program itself was started with
   */
  readonly execArgv?: readonly string[] | undefined;
}

/** Options of {@linkcode WorkerRunner.call}. */
export interface WorkerCallOptions {
  /**
   * What moves to the worker rather than being copied. With processes it is copied
   * all the same.
   *
   * @default []
   */
  readonly transfer?: readonly object[] | undefined;
  /** Gives the call up; the signal of the function in the worker aborts too. */
  readonly signal?: AbortSignal | undefined;
}
