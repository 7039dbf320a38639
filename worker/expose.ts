import { recoveryCaller } from "../_internal/recovery.ts";
import { typed } from "../_internal/validate.ts";
import type { Observer, Runner } from "../runner.ts";
import {
  type Answer,
  type Order,
  PROTOCOL,
  receivedError,
  sentError,
} from "./_messages.ts";
import { findPort } from "./_runtime.ts";
import { snapshots } from "./_snapshot.ts";

/**
 * A function that a program may call in a worker.
 *
 * @param value What the program gave: a structured clone of it, or, where it was
 * transferred, the thing itself.
 * @param signal Aborts when the program gives up the call.
 * @returns what the call resolves with, or a promise for it; it is cloned.
 */
export type WorkerCall = (value: never, signal: AbortSignal) => unknown;

/** The functions of a worker by their names: an object type, or an interface. */
export type WorkerCalls<C = Record<string, WorkerCall>> = {
  readonly [K in keyof C]: WorkerCall;
};

interface Known {
  readonly work: (value: unknown, signal?: AbortSignal) => unknown;
  /** Whether it may look at a signal: one takes some microseconds to make. */
  readonly hasSignal: boolean;
}

// An arrow function with one plain parameter cannot see what else it is given.
const TAKES_A_VALUE = /^(?:async\s*)?(?:\(\s*[\w$]*\s*\)|[\w$]+)\s*=>/;

function knownOf(work: Known["work"]): Known {
  const text = Function.prototype.toString.call(work);
  return { work, hasSignal: !TAKES_A_VALUE.test(text) };
}

// One program has one worker, and a worker one runner.
let isExposed = false;

/** Options of {@linkcode expose}. */
export interface ExposeOptions<C extends WorkerCalls<C> = WorkerCalls> {
  /**
   * What the program may call.
   *
   * @default {}
   */
  readonly calls?: C | undefined;
  /**
   * Does a call, or the start of the runner, in the async context that the program
   * had: it is given what `carry` of the `WorkerRunner` gave there, and has to
   * call `work` once and return what that returns. It is not called where nothing
   * was carried.
   *
   * @default calls `work`
   */
  readonly receive?:
    | (<T>(carried: unknown, work: () => T) => T)
    | undefined;
}

/**
 * Gives a runner to the program that has made this worker: its `WorkerRunner`
 * starts and stops it. Called once, in the worker's own module.
 *
 * - The runner is started when the program starts its `WorkerRunner`, whose start
 *   waits until `start()` here has resolved.
 * - It is stopped, without a limit, when the program stops its own; the program
 *   ends the worker where that takes too long.
 * - What nobody catches in the worker ends the worker's run, never the program.
 *
 * @example A worker's module
 * ```ts ignore
 * import { StartStop, untilAborted } from "@golib/runner";
 * import { expose } from "@golib/runner/worker";
 *
 * expose(new StartStop((signal) => untilAborted(signal), { name: "resize" }), {
 *   calls: { size: (bytes: Uint8Array) => bytes.byteLength },
 * });
 * ```
 *
 * @param runner What the worker does. Any runner; a Supervisor too.
 * @param options What the program may call.
 * @throws {TypeError} if the runner or an option is not of its type.
 * @throws {Error} if the code does not run in a worker, or has exposed a runner
 * already.
 */
export function expose<C extends WorkerCalls<C>>(
  runner: Runner & {
    finished?(): Promise<void>;
    observe?(observer: Observer): () => void;
  },
  options?: ExposeOptions<C>,
): void {
  const what = "expose a runner";
  typed(what, "runner", runner, "object", "a runner");
  typed(what, "runner.start", runner.start, "function");
  typed(what, "runner.stop", runner.stop, "function");
  const { calls = {} as C, receive } = typed(
    what,
    "options",
    options ?? {} as ExposeOptions<C>,
    "object",
    "an object",
  );
  if (receive !== undefined) typed(what, "receive", receive, "function");
  const received = <T>(carried: unknown, work: () => T): T =>
    receive && carried !== undefined ? receive(carried, work) : work();
  const known = new Map<string, Known>();
  for (const [name, call] of Object.entries(calls)) {
    typed(what, `calls.${name}`, call, "function");
    known.set(name, knownOf(call as Known["work"]));
  }
  const port = findPort();
  if (!port) {
    throw new Error(
      `Cannot ${what}: this code does not run in a worker of a WorkerRunner`,
    );
  }
  if (isExposed) {
    throw new Error(`Cannot ${what}: this worker has exposed one already`);
  }
  isExposed = true;
  const send = (answer: Answer) => port.send(answer);
  const running = new Map<number, AbortController | undefined>();
  let settled: (() => void) | undefined;

  async function answer(
    id: number,
    name: string,
    value: unknown,
    carried: unknown,
  ) {
    const call = known.get(name);
    const controller = call?.hasSignal ? new AbortController() : undefined;
    running.set(id, controller);
    try {
      if (!call) {
        throw new Error(`Cannot call "${name}": there is no such call`);
      }
      const result = await received(
        carried,
        () => call.work(value, controller?.signal),
      );
      send({ type: "value", id, value: result });
    } catch (error) {
      send({ type: "failed", id, error: sentError(error) });
    } finally {
      running.delete(id);
      if (running.size === 0) settled?.();
    }
  }

  async function start(carried: unknown) {
    try {
      await received(carried, () => runner.start());
      send({ type: "ready" });
      if (runner.finished) await runner.finished();
      else return;
      // A call that is in flight has its time, as the runner had.
      if (running.size > 0) {
        await new Promise<void>((resolve) => settled = resolve);
      }
      send({ type: "ended" });
    } catch (error) {
      send({ type: "ended", error: sentError(error) });
    }
  }

  async function stop() {
    try {
      await runner.stop({ timeout: Infinity });
      if (!runner.finished) send({ type: "ended" });
    } catch (error) {
      send({ type: "ended", error: sentError(error) });
    }
  }

  port.uncaught((error) => {
    send({ type: "crashed", error: sentError(error) });
  });
  runner.observe?.((event) => {
    if (event.type !== "error") return;
    send({ type: "error", error: sentError(event.error), phase: event.phase });
  });
  snapshots(runner, (tree) => send({ type: "tree", tree }));
  port.listen((data) => {
    const order = data as Order;
    switch (order.type) {
      case "start":
        return void start(order.carried);
      case "stop":
        return void stop();
      case "call":
        return void answer(order.id, order.name, order.value, order.carried);
      case "abort":
        return running.get(order.id)?.abort(receivedError(order.reason));
      case "ping":
        return send({ type: "pong" });
      default:
        return recoveryCaller("worker", new Error("an unknown message"), order);
    }
  });
  send({ type: "hello", protocol: PROTOCOL });
}
