import { reasonOf } from "../_internal/errors.ts";
import { machineOf } from "../_internal/lifecycle.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import {
  bag,
  choice,
  signalLike,
  timeout,
  typed,
  whole,
} from "../_internal/validate.ts";
import type { ChildEntry } from "../runner.ts";
import { type StartControl, StartStop } from "../start_stop/mod.ts";
import { recoveryCaller, untilAborted } from "../tools.ts";
import type { MemberOptions } from "./_member.ts";
import { Pool } from "./_pool.ts";
import {
  defaultIsolation,
  defaultKillDelay,
  isMute,
  lackOf,
} from "./_runtime.ts";
import type { WorkerCalls } from "./expose.ts";
import type {
  WorkerCallArguments,
  WorkerCallOptions,
  WorkerCallResult,
  WorkerRunnerOptions,
} from "./options.ts";

/**
 * Runs a runner in a worker of its own, so that it can be killed: a function that
 * blocks its event loop blocks neither this program nor its supervisor.
 *
 * The worker's module calls {@linkcode expose} with the runner, and, if it likes,
 * with functions to be called from here.
 *
 * - `start()` makes the worker and waits until the runner inside is ready.
 * - `stop()` asks the runner inside to stop. Where the grace passes the worker is
 *   killed, a synchronous endless loop too: `stop()` rejects with the
 *   `TimeoutError`, and the state becomes `stopped` once the platform says that
 *   the worker is over.
 * - With `stallTimeout`, a worker whose event loop stands still is killed, and its
 *   run fails: a supervisor starts it again.
 * - What nobody catches in the worker, and an exit, end the run with an error, never
 *   the program.
 *
 * Constructing starts nothing.
 *
 * @example A program and its worker
 * ```ts ignore
 * import { WorkerRunner } from "@golib/runner/worker";
 *
 * const url = new URL("./resize_worker.ts", import.meta.url);
 * const resize = new WorkerRunner(url, { name: "resize", stallTimeout: 10_000 });
 * await resize.start();
 * const size = await resize.call("size", new Uint8Array(1_000));
 * await resize.stop();
 * ```
 */
export class WorkerRunner<C extends WorkerCalls<C> = WorkerCalls>
  extends StartStop {
  readonly #options: MemberOptions;
  readonly #workers: number;
  #pool: Pool | undefined;

  /**
   * Makes a runner that is stopped; nothing is started.
   *
   * @param url Where the worker's module is: a `file:` URL with processes.
   * @param options How to treat the worker.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense.
   * @throws {Error} if the platform has no such workers.
   */
  constructor(url: URL | string, options?: WorkerRunnerOptions) {
    const what = "create a WorkerRunner";
    const {
      isolation = defaultIsolation(),
      stallTimeout = Infinity,
      killDelay,
      maxMemory,
      workers = 1,
      carry,
      execArgv,
      name = "worker",
      maxErrors,
      observer,
      printErrors,
      startTimeout,
      stopTimeout,
    } = bag<WorkerRunnerOptions>(what, options);
    checkUnknown(what, "WorkerRunner", options, KNOWN);
    super((signal, control) => this.#run(signal, control), undefined, {
      maxErrors,
      name,
      observer,
      printErrors,
      startTimeout,
      stopTimeout,
      awaitReady: true,
    });
    choice(what, "isolation", isolation, "thread", "process");
    timeout(what, "stallTimeout", stallTimeout);
    if (killDelay !== undefined) timeout(what, "killDelay", killDelay);
    if (maxMemory !== undefined) whole(what, "maxMemory", maxMemory, 1);
    whole(what, "workers", workers, 1);
    if (carry !== undefined) typed(what, "carry", carry, "function");
    if (
      execArgv !== undefined &&
      !(Array.isArray(execArgv) &&
        execArgv.every((each) => typeof each === "string"))
    ) {
      throw new TypeError(
        `Cannot ${what}: 'execArgv' must be an array of strings`,
      );
    }
    const lack = lackOf(isolation);
    if (lack) throw new Error(`Cannot ${what}: ${lack}`);
    this.#workers = workers;
    this.#options = {
      url: parsed(what, url),
      name,
      isolation,
      maxMemory,
      carry: carry && (() => carriedBy(name, carry)),
      execArgv,
      stallTimeout,
      killDelay: killDelay ?? defaultKillDelay(),
      isMute: isMute(isolation),
    };
  }

  /**
   * Calls a function of the worker.
   *
   * - running: the function is called in the worker that has the fewest calls in
   *   flight; with `workers`, a call waits while none of them is ready.
   * - else: rejects.
   *
   * @param name Which function, by its name in `expose`.
   * @param rest `value`, what it is given, cloned or moved by `transfer`; and
   * `options`, what to move, and how to give up.
   * @returns a promise for what the function gives, cloned. It rejects with what
   * the function threw, with the reason of `signal`, with an error if the worker
   * ends before it has answered, and with a `DataCloneError` if the value cannot
   * be cloned.
   */
  call<K extends keyof C & string>(
    name: K,
    ...rest: WorkerCallArguments<C[K]>
  ): Promise<WorkerCallResult<C[K]>> {
    return this.#call(name, ...rest) as Promise<WorkerCallResult<C[K]>>;
  }

  /**
   * How long the run may live on in milliseconds once the grace of a stop is over:
   * it is killed then, and the platform says when it is over, or is taken to be so
   * after `killDelay`. A supervisor waits so long before it restarts a group.
   */
  get killTimeout(): number {
    const { isMute, killDelay } = this.#options;
    return isMute ? killDelay : 0;
  }

  /**
   * The runner of the worker, or, with `workers`, those of all, as they were a
   * moment ago: to be looked at, by health, metrics and the status page. They are
   * started and stopped with their workers.
   */
  children(): ChildEntry[] {
    return this.#pool?.children ?? [];
  }

  async #call(
    name: string,
    value?: unknown,
    options?: WorkerCallOptions,
  ): Promise<unknown> {
    const what = `call "${name}" of "${this.name}"`;
    typed(what, "name", name, "string");
    const { transfer, signal } = bag<WorkerCallOptions>(what, options);
    signalLike(what, signal);
    if (signal?.aborted) throw reasonOf(signal);
    // In the context of the caller.
    const carried = this.#options.carry?.();
    const pool = this.isRunning() ? this.#pool : undefined;
    let member = pool?.free;
    // Taken in the same turn in which it is found, for the load to be true.
    while (!member && pool?.isRunning) {
      const change = pool.change();
      await (signal ? untilAborted(signal, change) : change);
      if (signal?.aborted) throw reasonOf(signal);
      member = pool.free;
    }
    if (!member) throw new Error(`Cannot ${what}: the worker is ${this.state}`);
    return await member.call(name, value, carried, transfer, signal);
  }

  async #run(signal: AbortSignal, control: StartControl): Promise<void> {
    const machine = machineOf(this);
    const pool = this.#pool = new Pool(this.#workers, this.#options, {
      // The worker's own runner has printed it.
      recorded: (error, phase) => void machine.record(error, phase, false),
      failed: (error) => void machine.record(error, "start"),
    });
    const stop: AbortListener = { aborted: () => pool.stop() };
    const kill: AbortListener = { aborted: () => pool.kill() };
    const { force } = control;
    join(signal, stop);
    join(force, kill);
    void pool.ready.then(() => control.ready());
    try {
      const failure = await pool.ended;
      if (failure) throw failure;
    } finally {
      leave(signal, stop);
      leave(force, kill);
      this.#pool = undefined;
    }
  }
}

/** What is carried; nothing where that cannot be said. */
function carriedBy(name: string, carry: () => unknown): unknown {
  try {
    return carry();
  } catch (error) {
    recoveryCaller(`carry of ${name}`, error);
    return undefined;
  }
}

const KNOWN = [
  "carry",
  "execArgv",
  "isolation",
  "killDelay",
  "maxErrors",
  "maxMemory",
  "name",
  "observer",
  "printErrors",
  "stallTimeout",
  "startTimeout",
  "stopTimeout",
  "workers",
];

function parsed(what: string, url: URL | string): URL {
  try {
    return new URL(url);
  } catch {
    throw new TypeError(
      `Cannot ${what}: 'url' must be a URL, as of new URL("./worker.ts", import.meta.url)`,
    );
  }
}
