import { isCleanAbort, isError, peek } from "../_internal/errors.ts";
import { onKept } from "../_internal/kept.ts";
import { machineOf } from "../_internal/lifecycle.ts";
import { defaultsOf, nothing, settingsOf } from "../_internal/settings.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { bag, signalLike, typed } from "../_internal/validate.ts";
import { StartStop, type StartStopOptions } from "../start_stop/mod.ts";
import { untilAborted } from "../tools.ts";
import { Uses, type Work } from "./_uses.ts";

/**
 * What `open` may give: anything but `undefined`, which is what a function gives
 * that has forgotten its `return`. Where there is nothing to hold, `null` will do.
 */
export type ResourceValue = NonNullable<unknown> | null;

/** Options of {@linkcode Resource}; the default name is "resource". */
export interface ResourceOptions<T extends ResourceValue>
  extends Omit<StartStopOptions, "awaitReady" | "staleAfter"> {
  /**
   * Opens what is to be used. What it gives after its signal has aborted is
   * closed.
   *
   * @param signal Aborts when the resource is asked to stop.
   */
  readonly open: (signal: AbortSignal) => T | PromiseLike<T>;
  /**
   * Closes what `open` gave; called exactly once for each. What it throws is
   * recorded, and does not fail the stop.
   *
   * @param value What `open` gave.
   * @param signal Aborts when the grace of the stop has passed.
   */
  readonly close: (value: T, signal: AbortSignal) => unknown;
  /**
   * Called with what `open` gave, before it is used: the place to listen for its
   * loss. If it returns a function, or a promise of one that has resolved by then,
   * that is called after `close`, and waited for. What it throws counts as a loss.
   *
   * @param value What `open` gave.
   * @param lost Says that the value has broken by itself, and why: it is closed,
   * and the run fails with that. It counts once for each value.
   * @default nothing is watched
   */
  readonly watch?:
    | ((value: T, lost: (error?: unknown) => void) => unknown)
    | undefined;
}

const DEFAULTS = /* @__PURE__ */ defaultsOf("resource", {
  startTimeout: 30_000,
});
const KNOWN = /* @__PURE__ */ ["open", "close", "watch"].concat(
  Object.keys(DEFAULTS),
);

/** Why a value was lost, as an error; an event may hold one. */
function lossOf(name: string, reason: unknown): Error {
  for (const each of [reason, peek(reason, "error")]) {
    if (isError(each)) return each;
  }
  const cause = reason === undefined ? undefined : { cause: reason };
  return new Error(`The value of "${name}" was lost`, cause);
}

/**
 * Something that is opened, used and closed: a pool of connections, a client, a
 * subscription, a server.
 *
 * It is a `StartStop` whose `start()` resolves when `open` has resolved, and whose
 * `stop()` resolves when `close` has settled. `close` is called exactly once for
 * each value that `open` gave: after a stop, after a loss, and after a stop that
 * came while `open` was at work. Only then the run has ended, and a restart opens
 * anew.
 *
 * A value that breaks by itself is told by `watch`: the value is closed, the run
 * fails, and a supervisor restarts it.
 *
 * @example Usage
 * ```ts
 * import { Resource } from "@golib/runner/resource";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const calls: string[] = [];
 * const connection = new Resource({
 *   name: "connection",
 *   open: () => {
 *     calls.push("open");
 *     return { send: (text: string) => calls.push(text) };
 *   },
 *   close: () => calls.push("close"),
 * });
 *
 * await connection.start();
 * connection.value.send("hello");
 * await connection.stop();
 *
 * assertEquals(calls, ["open", "hello", "close"]);
 * assertThrows(() => connection.value, Error, "it is stopped");
 * ```
 */
export class Resource<T extends ResourceValue> extends StartStop {
  readonly #uses: Uses<T>;

  /**
   * Makes a resource that is stopped; nothing is opened.
   *
   * @param options How to open, close and watch it, and how it behaves as a
   * runner.
   * @throws {TypeError} if an option is not of its type.
   * @throws {RangeError} if a number makes no sense.
   */
  constructor(options: ResourceOptions<T>) {
    const what = "create a Resource";
    const { open, close, watch = nothing } = bag(what, options);
    const settings = settingsOf(what, DEFAULTS, options);
    const { name } = settings;
    typed(what, "open", open, "function");
    typed(what, "close", close, "function");
    typed(what, "watch", watch, "function");
    checkUnknown(what, "Resource", options, KNOWN);
    /** What the run of the moment opens. */
    let opening: Promise<T>;
    let leave: unknown;
    super(
      async (signal, { ready }) => {
        const run = machine.state.run!;
        const lost = (reason?: unknown) => {
          const { state } = machine;
          if (state.run !== run || state.name === "stopping") return;
          machine.enter();
          const error = machine.record(lossOf(name, reason), "start");
          run.failure = error;
          machine.end(run, error, error);
          machine.exit();
        };
        leave = undefined;
        opening = (async () => await open!(signal))();
        const value = await opening;
        if (value === undefined) {
          const why = "'open' gave undefined; return what is to be closed";
          throw new TypeError(machine.cannot("start", why));
        }
        // Told to stop, which closes it.
        if (signal.aborted) return;
        try {
          const found = leave = watch(value, lost);
          Promise.resolve(found).then((late) => {
            if (leave === found) leave = late;
          }).catch(lost);
        } catch (error) {
          lost(error);
        }
        uses.value = value;
        ready();
        await untilAborted(signal);
      },
      async (force) => {
        let value: T;
        try {
          value = await opening;
        } catch {
          // The start function says why.
          return;
        }
        if (value === undefined) return;
        // What one of the two throws does not keep the other from being called.
        const attempt = async (work: () => unknown) => {
          try {
            await work();
          } catch (error) {
            if (!isCleanAbort(error, force)) machine.record(error, "stop");
          }
        };
        await uses.ended(force);
        await attempt(() => close!(value, force));
        const left = leave;
        leave = undefined;
        if (typeof left === "function") await attempt(() => left());
      },
      { ...settings, awaitReady: true },
    );
    const machine = machineOf(this);
    const uses = this.#uses = new Uses<T>(machine);
    onKept(this, (isKept) => uses.keep(isKept));
  }

  /**
   * What is open.
   *
   * @throws {Error} while it is not open: the message has the name and the state.
   */
  get value(): T {
    return this.#uses.value;
  }

  /**
   * Waits until it is open.
   *
   * - running: resolves with the value.
   * - starting, or stopping with a start in the queue: waits for the value.
   * - stopped: rejects, unless a supervisor is going to start it: then it waits.
   *
   * The value may be closed at any later moment; work that is to be waited for is
   * given as a function.
   *
   * @example Usage
   * ```ts
   * import { Resource } from "@golib/runner/resource";
   * import { assertEquals } from "@std/assert";
   *
   * const settings = new Resource({
   *   open: () => Promise.resolve({ port: 8080 }),
   *   close: () => {},
   * });
   * const using = (async () => (await settings.use()).port)();
   * using.catch(() => {}); // It was not started yet.
   *
   * void settings.start();
   * assertEquals((await settings.use()).port, 8080);
   * await settings.stop();
   * ```
   *
   * @param signal Ends the wait.
   * @returns a promise of the value. It rejects with the reason of `signal`, and
   * with an `Error` that has the state where nobody is going to start it.
   */
  use(signal?: AbortSignal): Promise<T>;
  /**
   * Waits until it is open, and works with it. A close waits for the work, within
   * the grace of the stop.
   *
   * @example Usage
   * ```ts
   * import { Resource } from "@golib/runner/resource";
   * import { assertEquals } from "@std/assert";
   *
   * await using numbers = new Resource({
   *   open: () => [1, 2, 3],
   *   close: (list) => list.splice(0),
   * });
   * await numbers.start();
   * const sum = await numbers.use((list) => list.reduce((a, b) => a + b));
   * assertEquals(sum, 6);
   * ```
   *
   * @param work What to do. Its signal aborts when the value is lost or told to
   * close, and when `signal` does.
   * @param signal Ends the wait, and aborts the signal of the work.
   * @returns a promise of what the work gives. It rejects as the work does, and
   * where there is nothing to wait for.
   */
  use<R>(
    work: (value: T, signal: AbortSignal) => R | PromiseLike<R>,
    signal?: AbortSignal,
  ): Promise<R>;
  use<R>(
    first?: AbortSignal | Work<T, R>,
    second?: AbortSignal,
  ): Promise<T | R> {
    const what = `use "${this.name}"`;
    const isWork = typeof first === "function";
    try {
      return this.#uses.use<T | R>(
        signalLike(what, isWork ? second : first),
        isWork ? first : (value) => value,
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
