import { machineOf } from "../_internal/lifecycle.ts";
import { nothing } from "../_internal/settings.ts";
import type { Observer, StartOptions, StopOptions } from "../runner.ts";
import { StartStop } from "../start_stop/mod.ts";
import { settingsOf } from "./_settings.ts";
import { Tree } from "./_tree.ts";
import type { SupervisorObserver, SupervisorStatus } from "./events.ts";
import type { Child, SupervisorOptions } from "./options.ts";

/** A call that causes no unhandled rejection, but for bad input. */
function quiet(make: () => Promise<void>): Promise<void> {
  try {
    const call = make();
    call.catch(nothing);
    return call;
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Runs children: starts them in the order of their dependencies, restarts those
 * that fail, and stops them in reverse order within one budget of time.
 *
 * It is a runner itself, so that supervisors nest: one whose children fail too
 * often fails, and the supervisor above it sees a child that has failed.
 *
 * - It is `starting` until each child has been ready once. If one does not start,
 *   those that are up are stopped, and `start()` rejects with an error that names
 *   it.
 * - It runs until it is stopped, also when all its children have ended, and fails
 *   when there were more restarts than `intensity` allows: the children are
 *   stopped, and `finished()` rejects with an error whose `cause` is what the last
 *   child failed with.
 * - `errorsList()` has what its children failed with, too.
 * - A stop that takes longer than its time rejects with a `TimeoutError` that
 *   names each child which has not ended.
 *
 * Constructing starts nothing.
 *
 * @example A database, and a service that needs it
 * ```ts
 * import { Supervisor } from "@golib/runner/supervisor";
 * import { StartStop } from "@golib/runner/start-stop";
 * import { untilAborted } from "@golib/runner/tools";
 * import { assertEquals } from "@std/assert";
 *
 * const order: string[] = [];
 * const part = (name: string) =>
 *   new StartStop(
 *     (signal) => {
 *       order.push(`${name} up`);
 *       return untilAborted(signal);
 *     },
 *     () => {
 *       order.push(`${name} down`);
 *     },
 *     { name },
 *   );
 *
 * const app = new Supervisor([
 *   { runner: part("service"), dependsOn: ["database"] },
 *   { runner: part("database"), restart: "permanent" },
 * ], { name: "app" });
 * await app.start();
 * await app.stop();
 *
 * assertEquals(order, [
 *   "database up",
 *   "service up",
 *   "service down",
 *   "database down",
 * ]);
 * ```
 */
export class Supervisor extends StartStop {
  readonly #tree: Tree;

  /**
   * Makes a supervisor that is stopped; nothing is started.
   *
   * @param children What to run.
   * @param options How to treat it.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense.
   * @throws {Error} if a name or a runner comes twice, a child depends on one
   * that is not there, or children depend on one another.
   */
  constructor(children: Iterable<Child>, options?: SupervisorOptions) {
    const what = "create a Supervisor";
    const settings = settingsOf(what, children, options);
    const tree = new Tree(what, children, settings);
    super((signal, control) => tree.run(signal, control), undefined, {
      name: settings.name,
      observer: settings.observer,
      printErrors: settings.printErrors,
      stopTimeout: settings.stopTimeout,
      maxErrors: settings.maxErrors,
      awaitReady: true,
      // Each child has its own.
      startTimeout: Infinity,
    });
    this.#tree = tree;
    tree.adopt(machineOf(this));
  }

  /**
   * Adds a child at the end of the list, and starts it if the supervisor runs.
   *
   * @example Usage
   * ```ts
   * import { Supervisor } from "@golib/runner/supervisor";
   * import { Ticker } from "@golib/runner/ticker";
   * import { assertEquals } from "@std/assert";
   *
   * await using pool = new Supervisor([]);
   * await pool.start();
   * await pool.addChild({ runner: new Ticker(1_000, () => {}, { name: "a" }) });
   * assertEquals(pool.status().children[0]?.state, "running");
   * ```
   *
   * @param child What to add.
   * @returns a promise that resolves once the child is up or, if the supervisor
   * does not run, is listed. It rejects with what the child failed to start with,
   * with an `AbortError` if it was stopped before it was up, and for a bad child;
   * the child is in the list no more then.
   */
  addChild(child: Child): Promise<void> {
    return quiet(() => this.#tree.addChild(child));
  }

  /**
   * Stops a child and takes it out of the list; no other may name it in
   * `dependsOn`.
   *
   * @example Usage
   * ```ts
   * import { Supervisor } from "@golib/runner/supervisor";
   * import { Ticker } from "@golib/runner/ticker";
   * import { assertEquals } from "@std/assert";
   *
   * const runner = new Ticker(1_000, () => {}, { name: "a" });
   * await using pool = new Supervisor([{ runner }]);
   * await pool.start();
   * await pool.removeChild("a");
   * assertEquals([runner.state, pool.status().children], ["stopped", []]);
   * ```
   *
   * @param name The name of the child.
   * @returns a promise that resolves once the child has ended. It rejects if it
   * did not end within its `stopTimeout` and that of the supervisor; it is out of
   * the list when it ends. It rejects where there is no such child.
   */
  removeChild(name: string): Promise<void> {
    return quiet(() => this.#tree.removeChild(name));
  }

  /**
   * Restarts a child, and those that the strategy restarts with it. It does not
   * wait for the child's own backoff, counts as no restart for the intensity, and
   * closes the circuit of the child. A child that is down is started; one that
   * another's restart has taken down comes back with that.
   *
   * @example Usage
   * ```ts
   * import { Supervisor } from "@golib/runner/supervisor";
   * import { StartStop } from "@golib/runner/start-stop";
   * import { untilAborted } from "@golib/runner/tools";
   * import { assertEquals } from "@std/assert";
   *
   * let starts = 0;
   * const runner = new StartStop((signal) => {
   *   starts++;
   *   return untilAborted(signal);
   * }, undefined, { name: "a" });
   * await using pool = new Supervisor([{ runner }]);
   * await pool.start();
   * await pool.restartChild("a");
   * assertEquals(starts, 2);
   * ```
   *
   * @param name The name of the child.
   * @returns a promise that resolves once the child is up. It rejects with what
   * it failed to start with (it is treated as one that failed then), with an
   * `AbortError` if it was stopped before it was up, and where the supervisor does
   * not run or has no such child.
   */
  restartChild(name: string): Promise<void> {
    return quiet(() => this.#tree.restartChild(name));
  }

  /**
   * How the supervisor and its children are, and theirs, as it is now.
   *
   * @example Usage
   * ```ts
   * import { Supervisor } from "@golib/runner/supervisor";
   * import { Ticker } from "@golib/runner/ticker";
   * import { assertEquals } from "@std/assert";
   *
   * const app = new Supervisor([{ runner: new Ticker(1_000, () => {}) }]);
   * const { state, children } = app.status();
   * assertEquals([state, children[0]?.name], ["stopped", "ticker"]);
   * ```
   */
  status(): SupervisorStatus {
    const children = this.#tree.status();
    let restarts = 0;
    for (const each of children) restarts += each.restarts;
    const { name, state } = this;
    return { name, state, uptime: this.uptime(), restarts, children };
  }

  /**
   * Stops the children in reverse order, as {@linkcode StartStop.stop} does a run:
   * within `timeout`, else the supervisor's `stopTimeout`, for all together. A
   * child that others wait for gets nine tenths of what is left, the others the
   * rest.
   */
  override stop(options?: StopOptions): Promise<void> {
    const call = super.stop(options);
    this.#tree.grant(options?.timeout);
    return call;
  }

  /** Stops and starts as one step, as {@linkcode StartStop.restart} does. */
  override restart(options?: StartOptions): Promise<void> {
    const call = super.restart(options);
    this.#tree.grant(options?.timeout);
    return call;
  }

  /**
   * Tells a function what happens to the supervisor and its children; of what
   * their runners tell, nothing.
   *
   * @example Usage
   * ```ts
   * import { Supervisor } from "@golib/runner/supervisor";
   * import { Ticker } from "@golib/runner/ticker";
   * import { assertEquals } from "@std/assert";
   *
   * const told: string[] = [];
   * const app = new Supervisor([{ runner: new Ticker(1_000, () => {}) }]);
   * app.observe((event) => {
   *   if (event.type === "child") told.push(`${event.child} ${event.to}`);
   *   if (event.type === "state") told.push(event.to);
   * });
   * await app.start();
   *
   * assertEquals(told, [
   *   "starting",
   *   "ticker waiting",
   *   "ticker starting",
   *   "ticker running",
   *   "running",
   * ]);
   * await app.stop();
   * ```
   *
   * @param observer Called with each event; ignore types you do not know.
   * @returns the way to leave: a function after which it is called no more.
   * @throws {TypeError} if the observer is not a function.
   */
  override observe(observer: SupervisorObserver): () => void;
  /** As above, for an observer of any runner; it is told all events, too. */
  override observe(observer: Observer): () => void;
  override observe(observer: SupervisorObserver | Observer): () => void {
    return super.observe(observer as Observer);
  }
}
