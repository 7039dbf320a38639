import { machineOf } from "../_internal/lifecycle.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import { reasonOf } from "../_internal/errors.ts";
import type { Observer, StopOptions } from "../runner.ts";
import { StartStop } from "../start_stop/mod.ts";
import { untilAborted } from "../tools.ts";
import { Admissions } from "./_admissions.ts";
import { settingsOf } from "./_settings.ts";
import type {
  GateEvent,
  GateLoad,
  GateObserver,
  GateOptions,
  GateRunOptions,
  GateWork,
} from "./options.ts";

/**
 * Says who may work now: at most so much at once, what matters first, and nothing
 * that has become pointless.
 *
 * - A run that finds a place begins inside the call. Else it waits, by priority,
 *   then by age; it is refused where its `maxWait` has passed, and the last in
 *   order where more than `maxWaiting` wait. A refusal is a {@linkcode GateError} that says why.
 * - A gate is open from its construction on, also while its `state` is `stopped`.
 *   `stop()` and `close()` refuse what waits and wait for what runs; `start()`
 *   opens it again. So a supervisor can stop it after the servers and before the
 *   database.
 * - Where the engine has async contexts (`AsyncLocalStorage`), a run inside a run
 *   of the same gate, or of one that is a part of it, has its place already once
 *   the gate is full. Elsewhere a run must not wait for a run of its own gate:
 *   both could wait for ever.
 *
 * Constructing starts nothing.
 *
 * @example Eight at once, health checks first
 * ```ts
 * import { Gate } from "@golib/runner/admission";
 * import { assertEquals } from "@std/assert";
 *
 * const gate = new Gate({ concurrency: 8, reserve: { 10: 1 } });
 * const answers = await Promise.all([
 *   gate.run(() => "report", { priority: -1 }),
 *   gate.run(() => "ok", { priority: 10 }),
 * ]);
 * assertEquals(answers, ["report", "ok"]);
 * ```
 *
 * @example Resources, taken together or not at all
 * ```ts
 * import { Gate } from "@golib/runner/admission";
 * import { assertEquals } from "@std/assert";
 *
 * const gate = new Gate({ limits: { database: 10, memory: 512 } });
 * const rows = await gate.run(() => 42, { uses: { database: 1, memory: 64 } });
 * assertEquals(rows, 42);
 * assertEquals(gate.load().limits.database, { used: 0, limit: 10 });
 * ```
 */
export class Gate extends StartStop {
  readonly #admissions: Admissions;

  /**
   * Makes a gate that is open; nothing is started.
   *
   * @param options What there is, and how to share it.
   * @throws {TypeError} if an option is not of its type.
   * @throws {RangeError} if a number makes no sense.
   */
  constructor(options?: GateOptions) {
    const what = "create a Gate";
    const { own, rest, settings } = settingsOf(what, options);
    super((signal, { force }) => this.#hold(signal, force), undefined, rest);
    const { parent } = own;
    if (parent !== undefined && !(parent instanceof Gate)) {
      throw new TypeError(`Cannot ${what}: 'parent' must be a Gate`);
    }
    this.#admissions = new Admissions(
      this.name,
      settings,
      parent && parent.#admissions,
      {
        report: (error) => void machineOf(this).record(error, "start"),
        tell: (outcome, priority, waited) => {
          const machine = machineOf(this);
          if (!machine.isObserved) return false;
          const event: GateEvent = {
            type: "admission",
            runner: this,
            outcome,
            priority,
            waited,
          };
          machine.enter();
          machine.emit(event as never);
          machine.exit();
          return true;
        },
      },
    );
  }

  /**
   * Does some work once it may.
   *
   * - A place is free and nobody waits before it: the work is called inside the
   *   call.
   * - Else it waits for its turn.
   * - The gate, or one that it is a part of, is closed: rejects.
   *
   * The signal that the work is given aborts with `options.signal`, and when the
   * grace of a `stop()` has passed.
   *
   * @example Give up after half a second
   * ```ts
   * import { Gate, GateError } from "@golib/runner/admission";
   * import { assertEquals } from "@std/assert";
   *
   * const gate = new Gate({ concurrency: 1 });
   * const long = gate.run(() => new Promise((done) => setTimeout(done, 50)));
   * const late = await gate.run(() => "answer", { maxWait: 1 })
   *   .catch((error) => error instanceof GateError ? error.why : error);
   * assertEquals(late, "late");
   * await long;
   * ```
   *
   * @param work What to do; its promise holds the place until it settles.
   * @param options How much it matters, what it takes, and how long it may wait.
   * @returns a promise for what the work gives. It rejects with what the work
   * throws, with a {@linkcode GateError} if it is refused, with the reason of
   * `signal` if that aborts before the work was called, and with a `TypeError` or
   * `RangeError` for bad options; the work is not called then.
   */
  run<T>(work: GateWork<T>, options?: GateRunOptions): Promise<T> {
    return this.#admissions.run(work, options);
  }

  /**
   * Looks again at limits and pressure that are read, where something outside the
   * gate has changed them.
   */
  wake(): void {
    this.#admissions.wake();
  }

  /**
   * What goes on at the gate now, and what has been since it was made.
   *
   * @example Usage
   * ```ts
   * import { Gate } from "@golib/runner/admission";
   * import { assertEquals } from "@std/assert";
   *
   * const gate = new Gate({ concurrency: 2 });
   * await gate.run(() => {});
   * const { running, waiting, admitted } = gate.load();
   * assertEquals([running, waiting, admitted], [0, 0, 1]);
   * ```
   */
  load(): GateLoad {
    return this.#admissions.load();
  }

  /**
   * Refuses what waits and what comes, and waits, without a limit, until what runs
   * has ended. `start()` opens the gate again.
   *
   * @returns a promise that resolves once nothing runs any more.
   */
  close(): Promise<void> {
    return this.stop({ timeout: Infinity });
  }

  /**
   * Refuses what waits and what comes, and waits until what runs has ended, within
   * the grace. When that has passed, the signals of what runs abort.
   */
  override stop(options?: StopOptions): Promise<void> {
    // A gate that was never started is open, too, and has to be closed.
    if (this.state === "stopped" && this.#admissions.isOpen) {
      try {
        machineOf(this).read("stop", options);
      } catch (error) {
        return Promise.reject(error);
      }
      void super.start();
    }
    return super.stop(options);
  }

  /**
   * Tells a function what happens to the gate: as of every runner, and each wait
   * that ends and each refusal. A run that need not wait is not told.
   *
   * @param observer Called with each event; ignore types you do not know.
   * @returns the way to leave: a function after which it is called no more.
   * @throws {TypeError} if the observer is not a function.
   */
  override observe(observer: (event: GateEvent) => void): () => void;
  /** As above, for an observer of any runner; it is given all events, too. */
  override observe(observer: Observer): () => void;
  override observe(observer: GateObserver): () => void {
    return super.observe(observer as Observer);
  }

  /** One run of the runner: open until it is asked to stop, then until all is done. */
  async #hold(signal: AbortSignal, force: AbortSignal): Promise<void> {
    const admissions = this.#admissions;
    const door: AbortListener = { aborted: () => admissions.close() };
    const cut: AbortListener = {
      aborted: () => admissions.running.cut(reasonOf(force)),
    };
    admissions.open();
    join(signal, door);
    await untilAborted(signal);
    // A stop that has no time at all has aborted it already.
    if (force.aborted) cut.aborted(force);
    else join(force, cut);
    await admissions.running.drained();
    leave(force, cut);
  }
}
