import { machineOf } from "../_internal/lifecycle.ts";
import { nothing } from "../_internal/settings.ts";
import { bag, typed } from "../_internal/validate.ts";
import type {
  ChildEntry,
  Observer,
  StartOptions,
  StopOptions,
} from "../runner.ts";
import { StartStop } from "../start_stop/mod.ts";
import { Children } from "./_children.ts";
import { Deep } from "./_deep.ts";
import { readable } from "./_json.ts";
import { settingsOf } from "./_settings.ts";
import { Shell } from "./_shell.ts";
import { statusesOf } from "./_status.ts";
import { treeOf } from "./_tree.ts";
import type {
  DeepObserver,
  ObserveOptions,
  SupervisorObserver,
  SupervisorStatus,
} from "./events.ts";
import type { Child, SupervisedRunner, SupervisorOptions } from "./options.ts";

/** The way to the root. */
const TOP: readonly string[] = Object.freeze([]);

/** A call that causes no unhandled rejection, but for bad input. */
function quiet<T>(make: () => Promise<T>): Promise<T> {
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
  readonly #shell: Shell;
  readonly #children: Children;
  readonly #deep: Deep;

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
    const { own, rules, random } = settingsOf(what, children, options);
    const made = new Children(rules.name);
    const tree = treeOf(what, rules, made.original(what, children));
    const shell = new Shell(tree, random, made.runners);
    super((signal, control) => shell.run(signal, control), undefined, {
      ...own,
      awaitReady: true,
    });
    this.#shell = shell;
    this.#children = made;
    this.#deep = new Deep(shell);
    shell.adopt(machineOf(this));
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
   * @returns a promise that resolves with the name of the child once it is up or,
   * if the supervisor does not run, is listed. One with `create` and no name is
   * named after the supervisor: `app-1`, `app-2`. It rejects with what the child failed to start with,
   * with an `AbortError` if it was stopped before it was up, and for a bad child;
   * the child is in the list no more then.
   */
  addChild(child: Child): Promise<string> {
    return quiet(() => this.#children.add(this.#shell, child));
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
    return quiet(() => this.#shell.ask("remove", name));
  }

  /**
   * Restarts a child: it alone, none that depends on it, unless `group` is true.
   * It does not wait for the child's backoff, which begins anew, counts as no
   * restart for the intensity, and closes the circuit of the child. A child that is
   * down is started; one that another's restart has taken down comes back with
   * that.
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
   * @param options `group: true` restarts with it those that the strategy does.
   * @returns a promise that resolves once the child is up. It rejects with what it
   * failed to start with, or did not end with, with an `AbortError` if it was
   * stopped before it was up, and where the supervisor does not run or has no such
   * child. A child that ran, or waited for its restart, is treated as one that
   * failed then, and counted; one that was down stays down.
   */
  restartChild(
    name: string,
    options?: { readonly group?: boolean | undefined },
  ): Promise<void> {
    return quiet(() => {
      const what = `restart "${name}" of "${this.name}"`;
      const { group = false } = bag(what, options);
      typed(what, "group", group, "boolean");
      return this.#shell.ask("restart", name, group);
    });
  }

  /**
   * Stops a child and keeps it in the list, down until `startChild`. Those that
   * name it in `dependsOn` are stopped before it, and come back with it. The
   * restart of a group, and of the supervisor, leaves it down.
   *
   * @example Usage
   * ```ts
   * import { Supervisor } from "@golib/runner/supervisor";
   * import { Ticker } from "@golib/runner/ticker";
   * import { assertEquals } from "@std/assert";
   *
   * const runner = new Ticker(1_000, () => {}, { name: "import" });
   * await using app = new Supervisor([{ runner, restart: "permanent" }]);
   * await app.start();
   * await app.stopChild("import");
   * assertEquals(app.status().children[0]?.state, "stopped");
   * await app.startChild("import");
   * assertEquals(app.status().children[0]?.state, "running");
   * ```
   *
   * @param name The name of the child.
   * @returns a promise that resolves once the child is down. It rejects if the
   * child did not end within its `stopTimeout` and that of the supervisor, and
   * where there is no such child.
   */
  stopChild(name: string): Promise<void> {
    return quiet(() => this.#shell.ask("stop", name));
  }

  /**
   * Starts a child that was stopped by `stopChild`, or has ended for good. Where
   * the supervisor does not run, the child is only let start with the others.
   *
   * @param name The name of the child.
   * @returns a promise that resolves once the child is up, at once where it is. It
   * rejects with what the child failed to start with, which leaves it down, with
   * an `AbortError` if it was stopped before it was up, and where there is no such
   * child.
   */
  startChild(name: string): Promise<void> {
    return quiet(() => this.#shell.ask("start", name));
  }

  /**
   * The present runner of a child, which may change at each start of one with
   * `create`.
   *
   * @param name The name of the child.
   * @returns the runner, or `undefined` where there is none, or no such child.
   */
  runnerOf(name: string): SupervisedRunner | undefined {
    return this.#shell.runnerOf(name);
  }

  /**
   * The children with their runners, in the order of the list: the way to walk a
   * tree.
   *
   * @example All names below a supervisor
   * ```ts
   * import { Supervisor } from "@golib/runner/supervisor";
   * import { type Runner, Ticker } from "@golib/runner";
   * import { assertEquals } from "@std/assert";
   *
   * function names(runner: Runner | undefined): string[] {
   *   return (runner?.children?.() ?? []).flatMap((child) => [
   *     child.name,
   *     ...names(child.runner),
   *   ]);
   * }
   *
   * const beat = new Ticker(1_000, () => {}, { name: "beat" });
   * const pool = new Supervisor([{ runner: beat }], { name: "pool" });
   * assertEquals(names(new Supervisor([{ runner: pool }])), ["pool", "beat"]);
   * ```
   */
  children(): ChildEntry[] {
    return this.#shell.entries();
  }

  /**
   * How the supervisor and its children are, and theirs, as it is now. As JSON its
   * errors have their name, message and causes, and no stack.
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
    const children = statusesOf(this.#shell.tree);
    let restarts = 0;
    for (const each of children) restarts += each.restarts;
    const { name, state } = this;
    const uptime = this.uptime();
    return readable({ name, state, uptime, restarts, children });
  }

  /**
   * Stops the children in reverse order, as {@linkcode StartStop.stop} does a run:
   * within `timeout`, else the supervisor's `stopTimeout`, for all together. A
   * child that others wait for gets nine tenths of what is left, the others the
   * rest.
   */
  override stop(options?: StopOptions): Promise<void> {
    return this.#shell.within(options?.timeout, () => super.stop(options));
  }

  /** Stops and starts as one step, as {@linkcode StartStop.restart} does. */
  override restart(options?: StartOptions): Promise<void> {
    return this.#shell.within(options?.timeout, () => super.restart(options));
  }

  /**
   * Tells a function what happens to the supervisor and its children. Of what
   * their runners tell it is told with `deep: true`, and of what those of
   * supervisors below do: then its second argument says where it happened. Ticks
   * are left out unless `ticks` is true, too.
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
   * @param options `deep` and `ticks`.
   * @returns the way to leave: a function after which it is called no more.
   * @throws {TypeError} if the observer is not a function.
   */
  override observe(
    observer: DeepObserver,
    options: ObserveOptions & { readonly deep: true },
  ): () => void;
  /** As above, of the supervisor and its children alone. */
  override observe(
    observer: SupervisorObserver,
    options?: ObserveOptions,
  ): () => void;
  /** As above, for an observer of any runner; it is told all events, too. */
  override observe(observer: Observer): () => void;
  override observe(
    observer: DeepObserver | SupervisorObserver | Observer,
    options?: ObserveOptions,
  ): () => void {
    if (options?.deep !== true) return super.observe(observer as Observer);
    const watched = observer as DeepObserver;
    const leave = super.observe((event) => watched(event, TOP));
    return this.#deep.join(watched, options.ticks === true, leave);
  }
}
